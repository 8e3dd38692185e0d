"""Staff commands on a series: several appointments that share an id."""

from collections.abc import Collection
from datetime import datetime
from uuid import uuid4

from django.db import transaction
from django.utils.translation import gettext

from booking.formatting import at, clock, full_stop, short_day
from booking.models import Appointment, CancelReason, Practitioner, Status
from booking.privacy.change_log import log_values
from booking.scheduling.actors import Actor
from booking.scheduling.appointments.book_by_staff import book_by_staff
from booking.scheduling.appointments.change import cancel, lock_appointment
from booking.scheduling.exceptions import SlotTaken, WrongStatus
from booking.scheduling.locks import locked


def book_series(
    *,
    original: Appointment,
    starts: Collection[tuple[datetime, Practitioner]],
    by: Actor,
    now: datetime,
    tell_patient: bool = True,
) -> list[Appointment]:
    """Book more visits like the original, all or none, in one transaction; they share its series.

    Raises SlotTaken, which names the first time that is not free or outside a rule; WrongStatus or NotBookable.
    """
    if original.patient is None or original.status == Status.CANCELLED:
        raise WrongStatus(gettext("This visit was cancelled, so it can't be repeated."))
    with locked([person.pk for _start, person in starts], original.location):
        current = lock_appointment(original)
        if current.series is None:
            current.series = uuid4()
            current.save(update_fields=["series", "updated_at"])
            log_values(by, current, {"series": None}, {"series": str(current.series)})  # No event of an appointment.
        return [
            _book_one(current, starts_at, person, by, now, tell_patient=tell_patient)
            for starts_at, person in sorted(starts, key=lambda start: start[0])
        ]


def _book_one(
    original: Appointment, starts_at: datetime, person: Practitioner, by: Actor, now: datetime, *, tell_patient: bool
) -> Appointment:
    assert original.patient is not None
    try:
        return book_by_staff(
            service=original.service,
            starts_at=starts_at,
            practitioner=person,
            location=original.location,
            patient=original.patient,
            by=by,
            now=now,
            is_first_visit=False if original.is_first_visit is not None else None,
            reminders=original.reminders,
            reminders_by=original.reminders_by,  # type: ignore[arg-type]
            tell_patient=tell_patient,
            series=original.series,
        )
    except SlotTaken as error:
        local = at(starts_at, original.location)
        raise SlotTaken(full_stop(f"{short_day(local)}, {clock(local)}: {error.message}")) from None


def cancel_later(
    *,
    appointment: Appointment,
    by: Actor,
    now: datetime,
    reason: str = "",
    category: CancelReason | None = None,
    tell_patient: bool = True,
) -> list[Appointment]:
    """Cancel an appointment and all later ones of its series, in one transaction.

    Those of the same patient alone: the series of a basket can hold visits of several patients.
    """
    with transaction.atomic():
        current = lock_appointment(appointment)
        later = Appointment.objects.filter(series=current.series, patient=current.patient_id, status=Status.BOOKED)
        later = later.filter(starts_at__gt=current.starts_at).order_by("pk")
        rows = list(later) if current.series and current.patient_id else []
        return [
            cancel(appointment=row, by=by, now=now, reason=reason, category=category, tell_patient=tell_patient)
            for row in [current, *rows]
        ]
