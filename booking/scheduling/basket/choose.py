"""Commands: hold more times in a basket, return one, and hold the whole basket longer."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext

from booking import rate_limits
from booking.models import CHOSEN, Appointment, AppointmentEvent, Location, Practitioner, Service, Status
from booking.scheduling.actors import Actor
from booking.scheduling.appointments.allowance import lock_key
from booking.scheduling.appointments.hold import check_hold_limit, take_again
from booking.scheduling.appointments.hold_expiry import competing_holds, expire, expire_lapsed
from booking.scheduling.appointments.hold_rows import check_bookable, check_hold, create_hold, query_for_hold
from booking.scheduling.basket.rows import MOST_CHOICES, Basket, load_basket
from booking.scheduling.events import add_event, appointment_state
from booking.scheduling.exceptions import BasketFull, BasketTaken, HoldLimitReached, LostRace, NotBookable
from booking.scheduling.locks import locked_at, overlap_as_lost_race
from booking.scheduling.slots.one_start import (
    data_for_start,
    free_at,
    least_busy,
    people_for,
    with_occupied_by,
    working_at,
)
from booking.scheduling.types import UNKNOWN_VISITOR, SlotQuery, Visitor

_Kind = AppointmentEvent.Kind
_ONE_AT_A_TIME = "You already have a time then. To book two people at once, book the second one after this."
Wish = tuple[datetime, Practitioner | None]  # A start, and with whom; None: with anyone.
_NO_LONGER = "We can't hold these times any longer. Book them now, or release them and choose again."
_ENOUGH = "You've chosen and returned many times. Book what you have, or release it and choose again."


def hold_several(
    *,
    service: Service,
    wishes: Sequence[Wish],
    basket_id: UUID,
    holder: str,
    by: Actor,
    now: datetime,
    location: Location,
    new_patient: bool | None = None,
    visitor: Visitor = UNKNOWN_VISITOR,
) -> Basket:
    """Add these times to the basket, all or none, and hold the whole basket for ``settings.BOOKING_HOLD`` from now.

    At most ``LONGEST`` after its first choice. A time that the session holds on its own joins the basket. A start that
    is in the basket stays as it is. Raises NotBookable, also for another visit at such a start; BasketFull beyond the
    service's number; BasketTaken, which names the starts that are not free; HoldLimitReached if the basket cannot be
    held longer; RateLimitExceeded.
    """
    check_bookable(service, new_patient)
    query = SlotQuery(service, now, None, location, new_patient)
    wishes = list({wish[0]: wish for wish in wishes}.values())
    candidates = {person.pk for _start, person in wishes if person}
    if not all(person for _start, person in wishes):
        candidates |= set(people_for(query))
    before = _with_own_hold(load_basket(basket_id, holder), holder)
    taken: list[datetime] = []
    try:
        with (
            overlap_as_lost_race(),
            locked_at(
                candidates | before.people,
                {place.pk: place for place in [location, *before.locations]}.values(),
                [lock_key(visitor.network), basket_lock(holder)],
            ),
        ):
            query = replace(query, service=Service.objects.get(pk=service.pk))
            check_bookable(query.service, new_patient)
            basket = _adopt(load_basket(basket_id, holder, locked=True), holder)
            if not basket.can_be_held(now):
                raise HoldLimitReached(_NO_LONGER)
            kept = _keep(basket, visitor, by, now)
            new = _new_wishes(wishes, kept, query)
            if basket.choices + len(new) > MOST_CHOICES:
                raise HoldLimitReached(_ENOUGH)
            if new and len(kept) + len(new) > query.service.series_limit:
                raise BasketFull(query.service.series_limit)
            for starts_at, person in new:
                addition = _Addition(replace(query, practitioner=person), starts_at, basket, holder, candidates)
                try:
                    kept.append(_add(addition, kept, by=by, visitor=visitor))
                except LostRace:
                    taken.append(starts_at)
            if taken:
                raise LostRace
            _hold_until(kept, basket, now)
            return load_basket(basket_id, holder)
    except LostRace:
        raise BasketTaken(taken or [starts_at for starts_at, _person in wishes]) from None


def return_time(*, visit: Appointment, basket_id: UUID, by: Actor, now: datetime) -> None:
    """Release one time of a basket. Does nothing if it was booked, or returned already."""
    with transaction.atomic():
        rows = Appointment.objects.select_for_update(of=("self",)).select_related("location")
        row = rows.filter(pk=visit.pk, series=basket_id, patient=None).first()
        if row is not None:
            expire([row], kind=_Kind.RELEASED, by=by, now=now)
            Appointment.objects.filter(pk=row.pk).update(hold_key="")


def extend_basket(
    *, basket_id: UUID, holder: str, by: Actor, now: datetime, visitor: Visitor = UNKNOWN_VISITOR
) -> Basket:
    """Hold all times of the basket again, until ``settings.BOOKING_HOLD`` from now, with those that have lapsed.

    Raises BasketTaken, which names the starts that are not free any more; NotBookable, HoldLimitReached or
    RateLimitExceeded. Then nothing has changed.
    """
    before = load_basket(basket_id, holder)
    taken: list[datetime] = []
    try:
        with (
            overlap_as_lost_race(),
            locked_at(
                before.people,
                {place.pk: place for place in before.locations}.values(),
                [lock_key(visitor.network), basket_lock(holder)],
            ),
        ):
            basket = load_basket(basket_id, holder, locked=True)
            if not basket.can_be_held(now):
                raise HoldLimitReached(_NO_LONGER)
            kept = _keep(basket, visitor, by, now, taken)
            if taken:
                raise LostRace
            _hold_until(kept, basket, now)
            return basket
    except LostRace:
        raise BasketTaken(taken or [visit.starts_at for visit in before.visits]) from None


def basket_lock(holder: str) -> rate_limits.RateLimitKey:
    """Key of the advisory lock that serializes the changes of one session's basket."""
    return "basket", holder


def _new_wishes(wishes: Sequence[Wish], kept: Sequence[Appointment], query: SlotQuery) -> list[Wish]:
    """Those that are not in the basket yet. Raises NotBookable for something else at a start that is in it."""
    by_start, new = {visit.starts_at: visit for visit in kept}, []
    for starts_at, person in wishes:
        same = by_start.get(starts_at)
        if same is None:
            new.append((starts_at, person))
        elif (
            same.service_id != query.service.pk
            or (query.location is not None and same.location_id != query.location.pk)
            or (person is not None and same.practitioner_id != person.pk)
        ):
            raise NotBookable(gettext(_ONE_AT_A_TIME))
    return new


def _with_own_hold(basket: Basket, holder: str) -> Basket:
    """The basket with the time that the session has chosen on its own, if it has one."""
    rows = Appointment.objects.filter(hold_key=holder, status__in=CHOSEN, series=None)
    own = list(rows.select_related("service", "practitioner", "location", "room"))
    begun = [row.created_at for row in own] + ([basket.begun_at] if basket.begun_at else [])
    visits = sorted([*basket.visits, *own], key=lambda row: (row.starts_at, row.pk))
    return replace(basket, visits=visits, begun_at=min(begun, default=None), choices=basket.choices + len(own))


def _adopt(basket: Basket, holder: str) -> Basket:
    """Let the session's own hold join the basket."""
    both = _with_own_hold(basket, holder)
    for visit in both.visits:
        if visit.series is None:
            visit.series = basket.id
            visit.save(update_fields=["series", "updated_at"])
    return both


def _keep(
    basket: Basket, visitor: Visitor, by: Actor, now: datetime, taken: list[datetime] | None = None
) -> list[Appointment]:
    """The times of the basket that stay in it: the live ones, and the lapsed ones that are still free.

    ``taken`` gets the starts of the others; without it they leave the basket.
    """
    kept = []
    for visit in basket.visits:
        if not visit.is_hold:
            continue  # Booked meanwhile from another page.
        try:
            _take_if_lapsed(visit, basket, visitor, by, now)
        except LostRace:
            if taken is None:
                expire([visit], kind=_Kind.EXPIRED, by=Actor.system(), now=now)
                Appointment.objects.filter(pk=visit.pk).update(hold_key="")
            else:
                taken.append(visit.starts_at)
        else:
            kept.append(visit)
    return kept


def _take_if_lapsed(visit: Appointment, basket: Basket, visitor: Visitor, by: Actor, now: datetime) -> None:
    if visit.status in CHOSEN and not visit.has_ended(now):
        return
    before = appointment_state(visit)
    check_hold(visit, query_for_hold(visit, now))
    take_again(visit, visitor, now)
    if visit.status == Status.HELD:  # Before the next time is looked at, or it would be expired as overdue.
        visit.hold_expires_at = min(basket.held_until(now), visit.starts_at)
    visit.save()
    add_event(visit, _Kind.HELD if visit.status == Status.HELD else _Kind.CHOSEN, by=by, now=now, before=before)


@dataclass(frozen=True)
class _Addition:
    """One more time for a basket; ``candidates``: the practitioners that are locked."""

    query: SlotQuery
    starts_at: datetime
    basket: Basket
    holder: str
    candidates: Collection[int]


def _add(addition: _Addition, others: Iterable[Appointment], *, by: Actor, visitor: Visitor) -> Appointment:
    """Insert the hold of one more time. The basket's own times count as taken. Raises LostRace."""
    query, starts_at, location = addition.query, addition.starts_at, addition.query.location
    data = data_for_start(query, starts_at)
    working_ids = [person for person in working_at(data, starts_at) if person in addition.candidates]
    if location is None or data is None or not working_ids or starts_at <= query.now:
        raise LostRace
    data = with_occupied_by(data, starts_at)
    free_ids = [
        person
        for person in free_at(data, starts_at, working_ids)
        # A choice that is not held takes its time from nobody but the basket itself.
        if not _overlaps(others, person, starts_at, starts_at + data.requests[person].duration)
    ]
    if not free_ids:
        raise LostRace
    expire_lapsed(now=query.now, practitioners=free_ids, location=location)
    created = create_hold(
        replace(data, query=replace(query, holder=addition.holder)),
        starts_at,
        least_busy(free_ids, data, starts_at),
        location,
        by=by,
        visitor=visitor,
        lifetime=addition.basket.held_until(query.now) - query.now,
        series=addition.basket.id,
    )
    if created.status == Status.HELD:
        live = competing_holds(
            holder=addition.holder, network=visitor.network, now=query.now, practitioners=[], location=location
        )
        check_hold_limit(live, created, query.now)
    return created


def _overlaps(visits: Iterable[Appointment], person: int, starts_at: datetime, ends_at: datetime) -> bool:
    return any(
        visit.practitioner_id == person and visit.starts_at < ends_at and starts_at < visit.ends_at for visit in visits
    )


def _hold_until(visits: Iterable[Appointment], basket: Basket, now: datetime) -> None:
    """Set the end of every time that is held. Never shorten it, and never beyond its start."""
    until = basket.held_until(now)
    for visit in visits:
        expires_at = min(max(until, visit.hold_expires_at or until), visit.starts_at)
        if visit.status == Status.HELD and expires_at != visit.hold_expires_at:
            visit.hold_expires_at = expires_at
            visit.save(update_fields=["hold_expires_at", "updated_at"])
