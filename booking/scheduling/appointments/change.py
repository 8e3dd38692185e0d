"""Commands on an appointment: reschedule, ask to move, cancel."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.db import transaction

from booking import messages
from booking.models import Appointment, AppointmentEvent, CancelReason, Location, Practitioner, Status
from booking.scheduling.actors import Actor
from booking.scheduling.appointments.allowance import leaves_enough
from booking.scheduling.appointments.book_by_staff import check_practitioner, reserve_for_staff
from booking.scheduling.appointments.hold_expiry import expire_lapsed
from booking.scheduling.appointments.patient_overlaps import NO_KNOWN_VISITS, KnownVisits, check_known_overlaps
from booking.scheduling.events import add_event, appointment_state
from booking.scheduling.exceptions import LostRace, NotBookable, TooLate, WrongStatus
from booking.scheduling.locks import locked, overlap_as_lost_race
from booking.scheduling.slots.one_start import (
    data_for_start,
    free_at,
    least_busy,
    pick_room,
    with_occupied_by,
    working_at,
)
from booking.scheduling.slots.search import slot_taken
from booking.scheduling.slots.staff_rules import Exemption
from booking.scheduling.types import UNKNOWN_VISITOR, SlotQuery, Visitor

_Kind = AppointmentEvent.Kind
_NEEDS_LINK = "To move your appointment to this day, please open the link in our email, and choose the time there."
_SLOT_TAKEN = "This time is no longer free. Your appointment stays as it was."


def reschedule(
    *,
    appointment: Appointment,
    starts_at: datetime,
    by: Actor,
    now: datetime,
    practitioner: Practitioner | None = None,
    location: Location | None = None,
    exemption: Exemption | None = None,
    visitor: Visitor = UNKNOWN_VISITOR,
    known: KnownVisits = NO_KNOWN_VISITS,
    accepts_overlap: bool = False,
    tell_patient: bool = True,
) -> Appointment:
    """Reschedule an appointment: free the old time and book the new one in one transaction.

    A patient needs an available slot, and may reschedule until the cancellation window begins; staff may
    choose any time. ``practitioner`` None: for a patient, anyone who is free, preferably the current one;
    for staff, the current one. Raises SlotTaken, TooLate, WrongStatus or NotBookable; VisitOverlaps if a visit in
    ``known`` is at the same time (R16), unless ``accepts_overlap``.

    An appointment whose e-mail address is not verified counts towards what such visitors may take of a day, so it may
    not move to a day that has no more of it (NotBookable), unless the visitor came by its link.

    Staff need an ``exemption`` to move outside a rule, as in ``book_by_staff``; otherwise raises NeedsReason. They may
    move a patient who is here; on another day that visit is booked again. ``tell_patient``: whether an e-mail goes out.

    A move to the present time changes nothing and queues nothing; only a room that is missing or out of use is
    replaced. ``sequence`` tells: it rises with each move.
    """
    new_location = location or appointment.location
    query = _query_for(appointment, practitioner, new_location, now)
    if by.is_staff:
        candidate_ids = [(practitioner or appointment.practitioner).pk]
    else:
        _check_cancellation_window(appointment, by, now)
        candidate_ids = working_at(data_for_start(query, starts_at), starts_at)
        is_bookable = bool(candidate_ids) and starts_at > now
        if not is_bookable and not _is_present_time(appointment, starts_at, practitioner, new_location):
            raise slot_taken(query, starts_at, _SLOT_TAKEN)
    try:
        with overlap_as_lost_race(), locked([*candidate_ids, appointment.practitioner_id], new_location):
            current = lock_appointment(appointment)
            if current.status not in ({Status.BOOKED, Status.ARRIVED} if by.is_staff else {Status.BOOKED}):
                raise WrongStatus("Only an upcoming appointment can be moved.")
            if current.sequence != appointment.sequence:
                raise WrongStatus("Someone else just changed this appointment. Look at it again first.")
            _check_cancellation_window(current, by, now)
            before = appointment_state(current)
            if _is_present_time(current, starts_at, practitioner, new_location):
                return _with_room_in_use(current, before, by, now)
            if by.is_staff:
                _move_for_staff(current, candidate_ids[0], starts_at, new_location, by, now, exemption)
            else:
                query = _query_for(current, practitioner, new_location, now)
                take_slot(current, query, candidate_ids, starts_at)
                _check_allowance(current, visitor, now)
            if not accepts_overlap:
                check_known_overlaps(current, known)
            current.sequence += 1
            current.asked_to_move_at = current.attendance_confirmed_at = current.late_by = None
            if current.local_on != appointment.local_on:
                current.status = Status.BOOKED
            current.save()
            note = current.overbooked_reason or current.exception_reason
            add_event(current, _Kind.RESCHEDULED, by=by, now=now, before=before, note=note)
            messages.enqueue_reschedule(current, now=now, tell_patient=tell_patient)
            return current
    except LostRace:
        raise slot_taken(query, starts_at, _SLOT_TAKEN) from None


def _check_allowance(moved: Appointment, visitor: Visitor, now: datetime) -> None:
    """Mark an appointment as verified if its patient moves it. Raises NotBookable if others may not take its time."""
    if moved.patient is not None and visitor.has_proved(moved.patient.email):
        moved.is_unverified = False
    if moved.is_unverified and not leaves_enough(moved, now=now):
        raise NotBookable(_NEEDS_LINK)


def _is_present_time(
    appointment: Appointment, starts_at: datetime, practitioner: Practitioner | None, location: Location
) -> bool:
    is_same_person = practitioner is None or practitioner.pk == appointment.practitioner_id
    return is_same_person and (starts_at, location.pk) == (appointment.starts_at, appointment.location_id)


def _with_room_in_use(current: Appointment, before: dict[str, Any], by: Actor, now: datetime) -> Appointment:
    """Give the appointment another room if its own is missing or out of use, and one is free. Patients are not told."""
    if current.service.needs_room and not (current.room and current.room.is_active):
        room = pick_room(current, now)
        if room is not None:
            current.room = room
            current.save(update_fields=["room", "updated_at"])
            add_event(current, _Kind.RESCHEDULED, by=by, now=now, before=before)
    return current


def _move_for_staff(
    current: Appointment,
    practitioner_id: int,
    starts_at: datetime,
    location: Location,
    by: Actor,
    now: datetime,
    exemption: Exemption | None,
) -> None:
    current.practitioner = Practitioner.objects.get(pk=practitioner_id)
    check_practitioner(current.service, current.practitioner)
    is_new_time = starts_at != current.starts_at
    current.set_time(starts_at, current.duration, location)
    reserve_for_staff(current, by=by, now=now, exemption=exemption, asks_about_patient=is_new_time)


def take_slot(current: Appointment, query: SlotQuery, candidate_ids: list[int], starts_at: datetime) -> None:
    """Move an appointment to a free slot, under the lock. Does not save. Raises LostRace if it is not free.

    ``candidate_ids``: the practitioners that are locked.
    """
    now, location = query.now, query.location or current.location
    data = data_for_start(query, starts_at)
    working_ids = [person for person in working_at(data, starts_at) if person in candidate_ids]
    if data is None or not working_ids:
        raise LostRace
    data = with_occupied_by(data, starts_at)
    free_ids = free_at(data, starts_at, working_ids)
    if not free_ids:
        raise LostRace
    expire_lapsed(now=now, practitioners=free_ids, location=location)
    # Prefer the current practitioner.
    is_still_free = current.practitioner_id in free_ids
    practitioner_id = current.practitioner_id if is_still_free else least_busy(free_ids, data, starts_at)
    current.practitioner = Practitioner.objects.get(pk=practitioner_id)
    current.set_time(starts_at, current.duration, location)
    current.overbooked_reason = current.exception_reason = ""
    current.room = pick_room(current, now) if current.service.needs_room else None
    if current.service.needs_room and current.room is None:
        raise LostRace


def ask_to_move(*, appointment: Appointment, by: Actor, now: datetime, note: str = "") -> Appointment:
    """Ask the patient by e-mail to choose another time. The appointment stays booked until they do.

    The cancellation window does not apply to the patient from then on, because the clinic wants the change.
    Asking again before the appointment is rescheduled does nothing. ``note`` is for staff.
    Raises WrongStatus unless the appointment is upcoming.
    """
    if not by.is_staff:
        raise WrongStatus("Only staff can do this.")
    with _locked_appointment(appointment) as current:
        if current.status != Status.BOOKED or current.starts_at <= now:
            raise WrongStatus("Only an upcoming appointment can be moved.")
        if current.asked_to_move_at is not None:
            return current
        before = appointment_state(current)
        current.asked_to_move_at = now
        current.save()
        add_event(current, _Kind.MOVE_REQUESTED, by=by, now=now, before=before, note=note)
        messages.enqueue_move_request(current, now=now)
        return current


def cancel(
    *,
    appointment: Appointment,
    by: Actor,
    now: datetime,
    reason: str = "",
    category: CancelReason | None = None,
    tell_patient: bool = True,
) -> Appointment:
    """Cancel an appointment and queue the messages. Does nothing if it is cancelled already.

    ``category`` is a reason from the clinic's list, ``reason`` is in words. ``tell_patient``: whether an e-mail goes
    out. Raises TooLate inside the cancellation window unless ``by`` is staff, or WrongStatus.
    """
    with _locked_appointment(appointment) as current:
        if current.status == Status.CANCELLED:
            return current
        allowed = {Status.BOOKED, Status.ARRIVED} if by.is_staff else {Status.BOOKED}
        if current.status not in allowed or (not by.is_staff and current.starts_at <= now):
            raise WrongStatus("This appointment has started or is over, so it can't be cancelled any more.")
        _check_cancellation_window(current, by, now)
        before = appointment_state(current)
        current.status = Status.CANCELLED
        current.cancel_reason, current.cancel_category = reason, category
        current.sequence += 1
        current.save()
        note = ": ".join(filter(None, [category.name if category else "", reason]))[:200]
        add_event(current, _Kind.CANCELLED, by=by, now=now, before=before, note=note)
        messages.enqueue_cancellation(current, now=now, tell_patient=tell_patient)
        return current


@contextmanager
def _locked_appointment(appointment: Appointment) -> Iterator[Appointment]:
    """Open a transaction and lock the appointment."""
    with transaction.atomic():
        yield lock_appointment(appointment)


def lock_appointment(appointment: Appointment) -> Appointment:
    """Lock the appointment's row and reload it with everything that commands and messages need."""
    rows = Appointment.objects.select_related("service", "practitioner", "location", "room", "patient")
    return rows.select_for_update(of=("self",)).get(pk=appointment.pk)


def _check_cancellation_window(appointment: Appointment, by: Actor, now: datetime) -> None:
    if by.is_staff or appointment.status != Status.BOOKED or appointment.can_cancel_online(now):
        return
    raise TooLate("It's too late to change this appointment online. Please call us.")


def _query_for(
    appointment: Appointment, practitioner: Practitioner | None, location: Location, now: datetime
) -> SlotQuery:
    return SlotQuery(appointment.service, now, practitioner, location, appointment.is_first_visit, moving=appointment)
