"""One patient should not be in two places at once (R16).

A stranger must not learn who is a patient, so a visitor is told only about visits that they are known to have: those
of their browser session and, once they came by a manage link, all of that patient.
"""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Q

from booking.formatting import all_of, clock, day_without_year, full_stop
from booking.models import Appointment
from booking.scheduling.exceptions import VisitOverlaps


@dataclass(frozen=True)
class KnownVisits:
    """The visits that a visitor may be asked about: by uid, and all of one patient (by id)."""

    uids: Collection[UUID] = ()
    patient: int | None = None


NO_KNOWN_VISITS = KnownVisits()


def check_known_overlaps(appointment: Appointment, known: KnownVisits) -> None:
    """Raise VisitOverlaps if a visit that the visitor is known to have is at the same time.

    Names the time only to who came by a manage link.
    """
    if not known.uids and known.patient is None:
        return
    overlapping = Appointment.objects.attended_between(appointment.starts_at, appointment.ends_at)
    visits = overlapping.exclude(pk=appointment.pk).filter(
        Q(uid__in=known.uids) | Q(patient__isnull=False, patient=known.patient)
    )
    ordered = list(visits.select_related("location").order_by("starts_at", "pk"))
    if not ordered:
        return
    named = [visit for visit in ordered if known.patient is not None and visit.patient_id == known.patient]
    if not named:
        raise VisitOverlaps("You may have another appointment then.")
    times = all_of(f"{day_without_year(visit.local_start)}, {clock(visit.local_start)}" for visit in named)
    raise VisitOverlaps(full_stop(f"You have another appointment then: {times}"))
