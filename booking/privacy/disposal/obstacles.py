"""Why a patient cannot be disposed of now."""

from collections.abc import Iterable
from datetime import datetime

from django.utils.translation import gettext

from booking.models import Appointment, Patient, Status

_OVER = (Status.CANCELLED, Status.EXPIRED)


class DisposalRefused(Exception):
    """Nothing was disposed of. ``message`` is for the user and names nobody."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


def has_visits(patient: Patient) -> bool:
    return Appointment.objects.filter(patient__in=[patient, *patient.merged_from.all()]).exists()


def check_can_go(rows: Iterable[Patient], *, now: datetime) -> None:
    """Raise DisposalRefused for patients who are gone or merged, or have an appointment that is not over.

    ``rows`` are the patients with their merged rows, and are locked.
    """
    rows = list(rows)
    if any(row.disposed_at is not None and row.merged_into_id is None for row in rows):
        raise DisposalRefused(gettext("These details have been removed already."))
    keys = {row.pk for row in rows}
    if any(row.merged_into_id is not None and row.merged_into_id not in keys for row in rows):
        raise DisposalRefused(gettext("This patient was merged with another. Open that one."))
    ahead = Appointment.objects.filter(patient__in=keys, ends_at__gt=now).exclude(status__in=_OVER)
    if ahead.exists():
        raise DisposalRefused(
            gettext("There is an appointment that isn't over. Ask the front desk to cancel it first, or wait for it.")
        )
