"""From a chosen time to a hold: take it from everybody else, for ten minutes and longer."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings

from booking import availability, limits, together
from booking.lasting import need_not_last
from booking.models import (
    Appointment,
    AppointmentEvent,
    Location,
    Practitioner,
    Service,
    Status,
    writing,
)
from booking.models.prepared import Prepared
from booking.scheduling.actors import Actor
from booking.scheduling.facts import Facts, Search
from booking.scheduling.locks import locked, overlaps_lost
from booking.scheduling.openings import (
    facts_at,
    fairest,
    is_open_at,
    start_taken,
    who_is_free_at,
    who_works_at,
    with_visits_of,
)
from booking.scheduling.record import (
    Held,
    add_event,
    event_of,
    expire_lapsed,
    holds_beside,
    make_way,
    place_at,
    snapshot,
)
from booking.scheduling.refusals import AlreadyBooked, HeldLongEnough, Lost, NotOffered
from booking.scheduling.rooms import pick_room
from booking.scheduling.rows import read

_Kind = AppointmentEvent.Kind
BOOKED_ELSEWHERE = "This time has already been booked from another page. Nothing was booked twice."
_PATIENCE = timedelta(hours=1)  # How long after its end a hold still counts as one visit to the website.
MOST_EXTENSIONS = 10  # WCAG 2.2, 2.2.1: a time limit can be extended ten times. More would block a time for nothing.


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
    client: str = "",
    is_new_holder: bool = False,
) -> Appointment:
    """Take an open start from everybody else for ten minutes.

    ``holder`` names the browser session; a time it held before is given up in the same
    transaction, and the same time chosen again is held longer. ``client`` is where it comes from
    (``limits.client_of``): one network address holds only a few times at once; empty counts nobody.
    ``is_new_holder``: the name was made up for this very hold, so nothing is held under it yet.
    Raises NotOffered, StartTaken or LimitReached, and then the earlier hold stands.
    """
    refuse_unbookable(service)
    if not service.is_open_to(new_patient):
        raise NotOffered("This visit is not for you yet. Choose another one, or call us and we help you choose.")
    search = Search(service, now, practitioner, location, new_patient, holder)
    if not is_new_holder and (mine := _same_hold(search, starts_at)):
        return extend(hold=mine, by=by, now=now) if extensions_left(mine) else mine
    facts = facts_at(search, starts_at)
    workers = who_works_at(facts, starts_at)
    if facts is None or not workers:
        raise start_taken(search, starts_at)
    turn = (_LIVE_HOLD, client) if client else None
    try:
        # A time that is held for ten minutes need not be there after a power cut.
        with need_not_last(), overlaps_lost(), locked(workers, location, turn):
            facts = with_visits_of(facts, starts_at)
            client_key = limits.key_of(*turn) if turn else ""
            held = holds_beside(holder=holder, client=client_key, now=now, practitioners=workers, location=location)
            _refuse_too_many_holds(held, now)
            takers = who_is_free_at(facts, starts_at, workers)
            if not takers:
                raise Lost
            make_way(held, by=by, now=now)
            return write_hold(facts, starts_at, fairest(takers, facts, starts_at), location, by=by, client=client_key)
    except Lost:
        raise start_taken(search, starts_at) from None


_LIVE_HOLD = "live hold"


def _refuse_too_many_holds(held: Iterable[Held], now: datetime) -> None:
    """LimitReached when the address that these were asked for holds all that it may; its own does not count."""
    ends = sorted(together.instant(hold.ends_at) for hold in held if not hold.is_own and not hold.has_lapsed)
    if len(ends) >= settings.BOOKING_LIVE_HOLDS:
        raise limits.LimitReached(_LIVE_HOLD, ends[-settings.BOOKING_LIVE_HOLDS] - now)


# Found by the index that lets a session hold one time at most: it knows held ones alone.
_OWN_HOLD = "SELECT id FROM booking_appointment WHERE status = 'held' AND hold_key = %(holder)s"


def _same_hold(search: Search, starts_at: datetime) -> Appointment | None:
    """What this session holds already, if that is just what it asks for."""
    own = read(_OWN_HOLD, holder=search.holder)
    if not own or search.location is None:  # Nearly always, so the whole row is not asked for with it.
        return None
    mine = Appointment.objects.select_related("service", "practitioner", "location").get(pk=own[0][0])
    asked = (starts_at, search.service.pk, search.location.pk, search.new_patient)
    is_the_same = asked == (mine.starts_at, mine.service_id, mine.location_id, mine.is_first_visit)
    is_with_them = search.practitioner in (None, mine.practitioner)
    return mine if mine.is_live_hold(search.now) and is_the_same and is_with_them else None


def extensions_left(hold: Appointment) -> int:
    """How often this time can still be held for longer."""
    return max(0, MOST_EXTENSIONS + 1 - hold.events.filter(kind=_Kind.HELD).count())


def extend(*, hold: Appointment, by: Actor, now: datetime, client: str = "") -> Appointment:
    """Hold the same time for ten minutes from now, ``MOST_EXTENSIONS`` times at most.

    A hold that has lapsed is taken again if its time is still free, and then counts for ``client``
    as in ``hold``. Raises StartTaken, AlreadyBooked, HeldLongEnough or LimitReached, and then
    nothing has changed.
    """
    search = search_again(hold, now)
    try:
        with overlaps_lost(), locked([hold.practitioner_id], hold.location):
            held = under_the_lock(hold)
            if held.status not in {Status.HELD, Status.EXPIRED}:
                raise AlreadyBooked(BOOKED_ELSEWHERE)
            if not extensions_left(held):
                raise HeldLongEnough("We cannot hold this time any longer. You can still book it while it is free.")
            before = snapshot(held)
            if held.starts_at <= now:
                raise Lost
            if not held.is_live_hold(now):
                if client:
                    limits.one_at_a_time(_LIVE_HOLD, client)
                    key = limits.key_of(_LIVE_HOLD, client)
                    others = holds_beside(
                        holder=held.hold_key, client=key, now=now, practitioners=[], location=hold.location
                    )
                    _refuse_too_many_holds(others, now)
                take_again(held, search)
            held.status = Status.HELD
            longer = max(now + settings.BOOKING_HOLD, held.hold_expires_at or now)  # What was offered is held longest.
            held.hold_expires_at = min(longer, held.starts_at)
            held.save()
            add_event(held, _Kind.HELD, by=by, now=now, before=before)
            return held
    except Lost:
        raise start_taken(search, hold.starts_at) from None


def write_hold(
    facts: Facts,
    starts_at: datetime,
    person: int,
    location: Location,
    *,
    by: Actor,
    note: str = "",
    client: str = "",
    lasts: timedelta | None = None,
) -> Appointment:
    """Write, under the lock, that this person's time is held, as long as any choice unless ``lasts`` is given.

    ``facts`` were read under the same lock; ``client`` is a key of ``limits``. Lost where no room is free (R12).
    """
    search, service, taker = facts.search, facts.search.service, facts.takers[person]
    made = Appointment(
        status=Status.HELD,
        practitioner_id=person,
        service=service,
        buffer_before=service.buffer_before,
        buffer_after=service.buffer_after,
        price=service.price if taker.own_price is None else taker.own_price,
        cancellation_window=service.cancellation_window,
        is_first_visit=search.new_patient,
        hold_key=search.holder,
        hold_client=client,
        hold_expires_at=search.now + (settings.BOOKING_HOLD if lasts is None else lasts),
    )
    place_at(made, starts_at, facts.requests[person].duration, location)
    if service.needs_room:
        made.room_id = availability.free_room(facts.places[location.pk], starts_at, made.duration)
        if made.room_id is None:
            raise Lost
    changes = writing.AtOnce()
    changes.insert(made)
    changes.insert(event_of(made, _Kind.HELD, by=by, now=search.now, note=note))
    changes.store()
    return made


def _give_room(appointment: Appointment, now: datetime) -> None:
    """Assign a free room where the service needs one (R12), or Lost."""
    appointment.room = pick_room(appointment, now) if appointment.service.needs_room else None
    if appointment.service.needs_room and appointment.room is None:
        raise Lost


def refuse_unbookable(service: Service) -> None:
    if not service.is_bookable:
        raise NotOffered("This visit cannot be booked online. Please call us.")


_locked_rows = Prepared(lambda: Appointment.objects.select_for_update(), by="id")


def under_the_lock(hold: Appointment) -> Appointment:
    """The hold as it now is, while nobody else changes it; what stands beside it is as it was just read."""
    found = _locked_rows.get(hold.pk)
    for name in ("service", "practitioner", "location"):
        if getattr(found, f"{name}_id") == getattr(hold, f"{name}_id"):
            setattr(found, name, getattr(hold, name))
    return found


def search_again(hold: Appointment, now: datetime) -> Search:
    """The search in which a lapsed hold's own time is looked for again.

    The notice was long enough when the time was chosen, so somebody who types slowly does not
    lose it to the lead time; somebody who comes back an hour later does.
    """
    is_recent = hold.hold_expires_at is not None and now <= hold.hold_expires_at + _PATIENCE
    return Search(
        hold.service,
        now,
        hold.practitioner,
        hold.location,
        hold.is_first_visit,
        moving=hold,
        lead_time=timedelta(0) if is_recent else None,
    )


def take_again(appointment: Appointment, search: Search) -> None:
    """Check, under the lock, that a lapsed hold's time is still free for it; choose its room afresh."""
    refuse_unbookable(appointment.service)
    if not is_open_at(search, appointment.starts_at):
        raise Lost
    expire_lapsed(
        now=search.now, practitioners=[appointment.practitioner_id], location=appointment.location, but=appointment.pk
    )
    _give_room(appointment, search.now)
