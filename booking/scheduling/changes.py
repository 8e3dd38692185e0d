"""What happens to an appointment after it is made: move, ask to move, cancel, arrive, attend, not come."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db import transaction

from booking import messages
from booking.models import Appointment, AppointmentEvent, Location, Practitioner, PractitionerService, Status
from booking.scheduling.actors import Actor
from booking.scheduling.desk import take_for_staff
from booking.scheduling.facts import Facts, Search
from booking.scheduling.locks import locked, overlaps_lost
from booking.scheduling.openings import facts_at, fairest, start_taken, who_is_free_at, who_works_at, with_visits_of
from booking.scheduling.record import add_event, expire_lapsed, place_at, snapshot
from booking.scheduling.refusals import Lost, NotOffered, TooLate, WrongState
from booking.scheduling.rooms import pick_room

_Kind = AppointmentEvent.Kind
_STAYS = "This time is no longer free. Your appointment stays as it was."

# From which states staff may set each state. A slip at the desk can be mended.
_MAY_BECOME = {
    Status.ARRIVED: {Status.BOOKED, Status.NOSHOW},
    Status.FULFILLED: {Status.BOOKED, Status.ARRIVED, Status.NOSHOW},
    Status.NOSHOW: {Status.BOOKED, Status.ARRIVED, Status.FULFILLED},
}


def reschedule(
    *,
    appointment: Appointment,
    starts_at: datetime,
    by: Actor,
    now: datetime,
    practitioner: Practitioner | None = None,
    location: Location | None = None,
    overbooked_reason: str = "",
) -> Appointment:
    """Move an appointment; the old time is freed only together with the new one taken.

    A patient needs an open start, and may change until the cancellation window begins; staff may
    choose any time. ``practitioner`` None: a patient takes anyone who is free, staff keep whom they
    had. Raises StartTaken, TooLate, WrongState or NotOffered, and then nothing has changed.
    """
    place = location or appointment.location
    search, facts = _search_for(appointment, practitioner, place, now), None
    if by.is_staff:
        takers = [(practitioner or appointment.practitioner).pk]
    else:
        _refuse_late(appointment, by, now)
        facts = facts_at(search, starts_at)
        takers = who_works_at(facts, starts_at)
        if facts is None or not takers:
            raise start_taken(search, starts_at, _STAYS)
    try:
        with overlaps_lost(), locked([*takers, appointment.practitioner_id], place):
            moving = _again(appointment)
            if moving.status != Status.BOOKED:
                raise WrongState("Only an appointment that is still ahead can be moved.")
            if moving.sequence != appointment.sequence:
                raise WrongState("Somebody else has just changed this appointment. Look at it again first.")
            _refuse_late(moving, by, now)
            before = snapshot(moving)
            if by.is_staff:
                _move_for_staff(moving, takers[0], starts_at, place, by, now, overbooked_reason)
            else:
                assert facts is not None
                _move_for_patient(moving, facts, takers, starts_at, now)
            if snapshot(moving) == before:
                return moving
            moving.sequence += 1
            moving.asked_to_move_at = None
            moving.save()
            add_event(moving, _Kind.RESCHEDULED, by=by, now=now, before=before, note=moving.overbooked_reason)
            messages.rescheduled(moving, now=now)
            return moving
    except Lost:
        raise start_taken(search, starts_at, _STAYS) from None


def _move_for_staff(
    moving: Appointment, person: int, starts_at: datetime, place: Location, by: Actor, now: datetime, reason: str
) -> None:
    if not PractitionerService.objects.filter(practitioner=person, service=moving.service_id).exists():
        raise NotOffered("This practitioner does not offer this visit. Choose another person.")
    moving.practitioner = Practitioner.objects.get(pk=person)
    if moving.service.needs_needling_authorisation and not moving.practitioner.authorised_for_needling:
        raise NotOffered(f"{moving.practitioner} is not authorised for needling, so the visit cannot move there.")
    place_at(moving, starts_at, moving.duration, place)
    take_for_staff(moving, by=by, now=now, overbooked_reason=reason)


def _move_for_patient(
    moving: Appointment, facts: Facts, workers: list[int], starts_at: datetime, now: datetime
) -> None:
    place = facts.search.location or moving.location
    facts = with_visits_of(facts, starts_at)
    takers = who_is_free_at(facts, starts_at, workers)
    if not takers:
        raise Lost
    expire_lapsed(now=now, practitioners=takers, location=place)
    # Whoever the patient has seen so far goes on seeing them, if they are free.
    keeps = moving.practitioner_id in takers
    person = moving.practitioner_id if keeps else fairest(takers, facts, starts_at)
    moving.practitioner = Practitioner.objects.get(pk=person)
    place_at(moving, starts_at, moving.duration, place)
    moving.overbooked_reason = ""
    moving.room = pick_room(moving, now) if moving.service.needs_room else None
    if moving.service.needs_room and moving.room is None:
        raise Lost


def ask_to_move(*, appointment: Appointment, by: Actor, now: datetime, note: str = "") -> Appointment:
    """Ask the patient to choose another time; until they do, the appointment stands. Else WrongState.

    From now on the cancellation window stops them no longer: the change is ours. Asking again, before
    the appointment has moved, changes nothing and writes to nobody. ``note`` is for staff.
    """
    if not by.is_staff:
        raise WrongState("Only staff can do this.")
    with _changing(appointment) as current:
        if current.status != Status.BOOKED or current.starts_at <= now:
            raise WrongState("Only an appointment that is still ahead can be moved.")
        if current.asked_to_move_at is not None:
            return current
        before = snapshot(current)
        current.asked_to_move_at = now
        current.save()
        add_event(current, _Kind.MOVE_REQUESTED, by=by, now=now, before=before, note=note)
        messages.move_requested(current, now=now)
        return current


def cancel(*, appointment: Appointment, by: Actor, now: datetime, reason: str = "") -> Appointment:
    """Call off an appointment and tell the patient, or raise TooLate or WrongState.

    Cancelling what is cancelled already changes nothing and tells nobody again.
    """
    with _changing(appointment) as current:
        if current.status == Status.CANCELLED:
            return current
        may_be = {Status.BOOKED, Status.ARRIVED} if by.is_staff else {Status.BOOKED}
        if current.status not in may_be or (not by.is_staff and current.starts_at <= now):
            raise WrongState("This appointment has begun or is over, so it cannot be cancelled any more.")
        _refuse_late(current, by, now)
        before = snapshot(current)
        current.status = Status.CANCELLED
        current.cancel_reason = reason
        current.sequence += 1
        current.save()
        add_event(current, _Kind.CANCELLED, by=by, now=now, before=before, note=reason)
        messages.cancelled(current, now=now)
        return current


def check_in(*, appointment: Appointment, by: Actor, now: datetime) -> Appointment:
    """The patient is here."""
    return _mark(appointment, Status.ARRIVED, _Kind.ARRIVED, by, now)


def fulfil(*, appointment: Appointment, by: Actor, now: datetime) -> Appointment:
    """The visit took place."""
    return _mark(appointment, Status.FULFILLED, _Kind.FULFILLED, by, now)


def mark_no_show(*, appointment: Appointment, by: Actor, now: datetime) -> Appointment:
    """The patient did not come. The time stays taken: it has passed, or is passing."""
    return _mark(appointment, Status.NOSHOW, _Kind.NOSHOW, by, now)


def _mark(
    appointment: Appointment, status: Status, kind: AppointmentEvent.Kind, by: Actor, now: datetime
) -> Appointment:
    if not by.is_staff:
        raise WrongState("Only staff can do this.")
    with _changing(appointment) as current:
        if current.status == status:
            return current
        if current.status not in _MAY_BECOME[status]:
            raise WrongState(f"This appointment is {current.get_status_display().lower()}, so that cannot be set.")
        if status == Status.NOSHOW and current.starts_at > now:
            raise WrongState("This visit has not begun yet. To free its time, cancel it.")
        before = snapshot(current)
        current.status = status
        current.save()
        add_event(current, kind, by=by, now=now, before=before)
        return current


@contextmanager
def _changing(appointment: Appointment) -> Iterator[Appointment]:
    """The appointment as it now is, with nobody else changing it."""
    with transaction.atomic():
        yield _again(appointment)


def _again(appointment: Appointment) -> Appointment:
    rows = Appointment.objects.select_related("service", "practitioner", "location", "room", "patient")
    return rows.select_for_update(of=("self",)).get(pk=appointment.pk)


def _refuse_late(appointment: Appointment, by: Actor, now: datetime) -> None:
    if by.is_staff or appointment.status != Status.BOOKED or appointment.can_cancel_online(now):
        return
    raise TooLate("It is too late to change this appointment online. Please call us.")


def _search_for(appointment: Appointment, practitioner: Practitioner | None, place: Location, now: datetime) -> Search:
    return Search(appointment.service, now, practitioner, place, appointment.is_first_visit, moving=appointment)
