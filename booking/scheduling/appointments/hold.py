"""Commands: hold a slot while the visitor fills in the form, and extend the hold."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from django.conf import settings

from booking import rate_limits
from booking.models import (
    Appointment,
    AppointmentEvent,
    Location,
    Practitioner,
    Service,
    Status,
)
from booking.scheduling.actors import Actor
from booking.scheduling.appointments.allowance import lock_key, may_be_taken, set_source
from booking.scheduling.appointments.hold_expiry import competing_holds, release_competing
from booking.scheduling.appointments.hold_rows import (
    BOOKED_ELSEWHERE,
    check_bookable,
    check_hold,
    create_hold,
    leave_unheld,
    lock_hold,
    query_for_hold,
)
from booking.scheduling.events import add_event, appointment_state
from booking.scheduling.exceptions import AlreadyBooked, HoldLimitReached, LostRace
from booking.scheduling.locks import locked, overlap_as_lost_race
from booking.scheduling.slots.one_start import (
    data_for_start,
    free_at,
    least_busy,
    people_for,
    with_occupied_by,
    working_at,
)
from booking.scheduling.slots.search import slot_taken
from booking.scheduling.types import UNKNOWN_VISITOR, SlotQuery, Visitor

_Kind = AppointmentEvent.Kind
MAX_EXTENSIONS = 10  # WCAG 2.2, 2.2.1: a time limit can be extended at least ten times.


def hold(
    *,
    service: Service,
    starts_at: datetime,
    holder: str,
    by: Actor,
    now: datetime,
    location: Location,
    practitioner: Practitioner | None = None,
    new_patient: bool | None = None,
    visitor: Visitor = UNKNOWN_VISITOR,
) -> Appointment:
    """Hold an available slot for ``settings.BOOKING_HOLD``.

    ``holder`` identifies the browser session. It has one hold at a time: an earlier one is released in the
    same transaction; holding the same slot again extends the hold. The number of live holds of the visitor's network
    is limited. A visitor who is not verified may take so much of a day and no more: then the slot is not held, and
    the row that is returned has the status UNHELD. Raises NotBookable, SlotTaken or RateLimitExceeded, and then the
    earlier hold stays.
    """
    check_bookable(service, new_patient)
    query = SlotQuery(service, now, practitioner, location, new_patient, holder)
    if current := _matching_hold(query, starts_at):
        return extend(hold=current, by=by, now=now, visitor=visitor) if extensions_left(current) else current
    candidate_ids = [practitioner.pk] if practitioner else people_for(query)
    if not candidate_ids or starts_at <= now:
        raise slot_taken(query, starts_at)
    try:
        with overlap_as_lost_race(), locked(candidate_ids, location, [lock_key(visitor.network)]):
            query = replace(query, service=Service.objects.get(pk=service.pk))
            check_bookable(query.service, new_patient)
            data = data_for_start(query, starts_at)
            working_ids = [person for person in working_at(data, starts_at) if person in candidate_ids]
            if data is None or not working_ids:
                raise LostRace
            data = with_occupied_by(data, starts_at)
            competing = competing_holds(
                holder=holder, network=visitor.network, now=now, practitioners=working_ids, location=location
            )
            free_ids = free_at(data, starts_at, working_ids)
            if not free_ids:
                raise LostRace
            release_competing(competing, holder=holder, by=by, now=now)
            person = least_busy(free_ids, data, starts_at)
            created = create_hold(data, starts_at, person, location, by=by, visitor=visitor)
            if created.status == Status.HELD:
                check_hold_limit(competing, created, now)
            return created
    except LostRace:
        raise slot_taken(query, starts_at) from None


_LIVE_HOLD = "live hold"


def check_hold_limit(holds: Iterable[Appointment], new: Appointment, now: datetime) -> None:
    """Raise RateLimitExceeded if sessions of the network of ``new``, without its own, have the maximum of live holds.

    A /48 of IPv6 may have ``SITE_FACTOR`` times as many.
    """
    live = [hold for hold in holds if hold.hold_key != new.hold_key and hold.is_live_hold(now)]
    for name, limit in (
        ("source", settings.BOOKING_LIVE_HOLDS),
        ("source_site", settings.BOOKING_LIVE_HOLDS * rate_limits.SITE_FACTOR),
    ):
        value = getattr(new, name)
        last_of_session: dict[str, datetime] = {}  # A basket counts once.
        for hold in live:
            if value and getattr(hold, name) == value and hold.hold_expires_at:
                last = last_of_session.get(hold.hold_key, hold.hold_expires_at)
                last_of_session[hold.hold_key] = max(last, hold.hold_expires_at)
        if len(last_of_session) >= limit:
            raise rate_limits.RateLimitExceeded(_LIVE_HOLD, sorted(last_of_session.values())[-limit] - now)


def _matching_hold(query: SlotQuery, starts_at: datetime) -> Appointment | None:
    """Return this session's live hold if it matches the query, or None."""
    current = Appointment.objects.filter(status=Status.HELD, hold_key=query.holder).order_by().first()
    if current is None or query.location is None:
        return None
    requested = (starts_at, query.service.pk, query.location.pk, query.new_patient)
    is_same_request = requested == (current.starts_at, current.service_id, current.location_id, current.is_first_visit)
    is_same_practitioner = query.practitioner is None or query.practitioner.pk == current.practitioner_id
    return current if current.is_live_hold(query.now) and is_same_request and is_same_practitioner else None


def extensions_left(hold: Appointment) -> int:
    """How often this hold can still be extended."""
    return max(0, MAX_EXTENSIONS + 1 - hold.events.filter(kind=_Kind.HELD).count())


def extend(*, hold: Appointment, by: Actor, now: datetime, visitor: Visitor = UNKNOWN_VISITOR) -> Appointment:
    """Extend a hold by ``settings.BOOKING_HOLD`` from now, at most ``MAX_EXTENSIONS`` times.

    A hold that has expired, or a slot that could not be held, is held if the slot is still free and the visitor may
    hold it, as in ``hold``. Raises SlotTaken, AlreadyBooked, HoldLimitReached or RateLimitExceeded.
    """
    query = query_for_hold(hold, now)
    try:
        with overlap_as_lost_race(), locked([hold.practitioner_id], hold.location, [lock_key(visitor.network)]):
            locked_hold = lock_hold(hold)
            if not locked_hold.is_hold:
                raise AlreadyBooked(BOOKED_ELSEWHERE)
            if not extensions_left(locked_hold):
                raise HoldLimitReached("We can't hold this time any longer, but you can still book it while it's free.")
            before, was_live = appointment_state(locked_hold), locked_hold.is_live_hold(now)
            query = query_for_hold(locked_hold, now)
            check_hold(locked_hold, query)
            if not was_live:
                take_again(locked_hold, visitor, now)
            if locked_hold.status == Status.HELD:
                # Never shorten it: waitlist offers are held longer.
                expires_at = max(now + settings.BOOKING_HOLD, locked_hold.hold_expires_at or now)
                locked_hold.hold_expires_at = min(expires_at, locked_hold.starts_at)
            locked_hold.save()
            kind = _Kind.HELD if locked_hold.status == Status.HELD else _Kind.CHOSEN
            add_event(locked_hold, kind, by=by, now=now, before=before)
            return locked_hold
    except LostRace:
        raise slot_taken(query, hold.starts_at) from None


def take_again(hold: Appointment, visitor: Visitor, now: datetime) -> None:
    """Hold a free slot that was not held, or not any more; or leave it unheld. Does not save."""
    was_held = hold.status != Status.UNHELD
    set_source(hold, visitor.network)
    hold.is_unverified = not visitor.is_verified
    if hold.is_unverified and not may_be_taken(hold, visitor.network, now=now):
        leave_unheld(hold, now)
        return
    competing = competing_holds(
        holder=hold.hold_key, network=visitor.network, now=now, practitioners=[], location=hold.location
    )
    check_hold_limit(competing, hold, now)
    hold.status = Status.HELD
    if not was_held:
        hold.hold_expires_at = now  # A choice is kept for longer than a hold.
