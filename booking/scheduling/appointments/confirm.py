"""Command: confirm a booking by the link in its e-mail."""

from datetime import datetime

from booking import messages
from booking.models import Appointment, AppointmentEvent, Practitioner, Status
from booking.scheduling.actors import Actor
from booking.scheduling.appointments.change import lock_appointment, take_slot
from booking.scheduling.appointments.hold_rows import check_bookable, check_hold, query_for_hold
from booking.scheduling.appointments.patient_matching import check_books_online
from booking.scheduling.appointments.patient_overlaps import NO_KNOWN_VISITS, KnownVisits, check_known_overlaps
from booking.scheduling.events import add_event, appointment_state
from booking.scheduling.exceptions import LostRace, NotConfirmed
from booking.scheduling.locks import locked, overlap_as_lost_race
from booking.scheduling.slots.search import slot_taken
from booking.scheduling.types import SlotQuery

_Kind = AppointmentEvent.Kind
LAPSED = "This appointment wasn't confirmed in time. Please choose a time again."


def confirm(
    *,
    appointment: Appointment,
    by: Actor,
    now: datetime,
    starts_at: datetime | None = None,
    practitioner: Practitioner | None = None,
    known: KnownVisits = NO_KNOWN_VISITS,
    accepts_overlap: bool = False,
) -> Appointment:
    """Book an unconfirmed appointment, and queue the messages to the patient and the clinic.

    Its time was free for everyone until now, so everything is checked again as in ``book``. Who finds it taken may
    confirm with another ``starts_at`` and ``practitioner`` instead. Call it for visitors who came by the link in the
    e-mail only: the appointment counts as verified from then on. One that is booked already stays so (``is_repeat``).
    Raises SlotTaken (with the nearest slots), NotBookable, VisitOverlaps or CallToBook as ``book`` does; NotConfirmed
    if it was not confirmed in time. The limit of visits ahead has counted it already.
    """
    query = query_for_hold(appointment, now)
    wanted_at = starts_at or appointment.starts_at
    person = practitioner or appointment.practitioner
    try:
        with overlap_as_lost_race(), locked([person.pk, appointment.practitioner_id], appointment.location):
            current = lock_appointment(appointment)
            if current.status == Status.BOOKED:
                Appointment.objects.filter(pk=current.pk).update(is_unverified=False)
                current.is_repeat = True
                return current
            if not current.awaits_confirmation(now):
                raise NotConfirmed(LAPSED)
            patient = current.patient
            if patient is not None and not by.is_staff:
                check_books_online(patient.name, patient.email, str(patient.phone))
            before = appointment_state(current)
            query = query_for_hold(current, now)
            if (wanted_at, person.pk) == (current.starts_at, current.practitioner_id):
                check_hold(current, query)
            else:
                check_bookable(current.service, current.is_first_visit)
                query = SlotQuery(
                    current.service, now, person, current.location, current.is_first_visit, moving=current
                )
                take_slot(current, query, [person.pk], wanted_at)
            if not accepts_overlap:
                check_known_overlaps(current, known)
            current.status = Status.BOOKED
            current.is_unverified = False
            current.hold_expires_at = None
            current.save()
            add_event(current, _Kind.BOOKED, by=by, now=now, before=before)
            messages.enqueue_booking(current, now=now)
            return current
    except LostRace:
        raise slot_taken(query, wanted_at) from None
