"""Offer freed times to those who wait: the worker's part of the waitlist.

A time counts as freed when it can be booked and suits somebody, whatever made it free: a visit
cancelled or moved, time off taken back, new hours. So nothing has to tell the waitlist, and nothing
can be forgotten. What was free when somebody joined is no news to them (``waitlist_known``). Until it
is offered, a free time is anybody's.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import NamedTuple

from django.db.models import Q

from booking import messages
from booking.models import (
    Appointment,
    Clinic,
    Location,
    Practitioner,
    Service,
    Status,
    WaitlistEntry,
    WaitlistOffer,
)
from booking.scheduling.actors import Actor
from booking.scheduling.facts import Search, gather
from booking.scheduling.holding import write_hold
from booking.scheduling.locks import locked, overlaps_lost
from booking.scheduling.openings import (
    facts_at,
    fairest,
    openings_of,
    who_is_free_at,
    who_works_at,
    with_visits_of,
)
from booking.scheduling.record import expire_lapsed
from booking.scheduling.refusals import Lost
from booking.scheduling.turns import FreeTime, Wish, next_turn, offer_ends
from booking.scheduling.waiting import end, let_lapse
from booking.scheduling.waitlist_known import still_known

Outcome, State = WaitlistEntry.Outcome, WaitlistOffer.State
OFFER_LASTS = timedelta(hours=1)  # Until the clinic has a row of its own that says otherwise.
KEPT = timedelta(days=90)  # How long an entry is kept after it has ended.
MOST_AT_ONCE = 50


class Settled(NamedTuple):
    """What became of offers and entries without anybody's doing."""

    lapsed: int = 0
    ended: int = 0


def settle_waitlist(*, now: datetime) -> Settled:
    """Let unanswered offers lapse, and end what nobody waits for any more: days gone by, a time booked."""
    overdue = Q(expires_at__lte=now) | ~Q(appointment__status=Status.HELD)
    late = WaitlistOffer.objects.filter(overdue, state=State.OPEN).select_related("entry", "appointment__location")
    lapsed = sum(let_lapse(offer=offer, now=now) for offer in late.order_by("pk"))
    waiting = list(WaitlistEntry.objects.waiting().select_related("location"))
    over = {entry.pk: Outcome.PASSED for entry in waiting if entry.last_on < _today(entry.location, now)}
    over |= dict.fromkeys(_booked_since(waiting, now), Outcome.BOOKED)
    for entry in waiting:
        if entry.pk in over:
            end(entry=entry, outcome=over[entry.pk], by=Actor.system(), now=now)
    return Settled(lapsed, len(over))


def _today(location: Location, now: datetime) -> date:
    return now.astimezone(location.zone).date()


def _booked_since(waiting: Iterable[WaitlistEntry], now: datetime) -> list[int]:
    """Entries whose person has booked this visit in another way since they joined."""
    wanted: dict[tuple[int, str, str], list[WaitlistEntry]] = defaultdict(list)
    for entry in waiting:
        wanted[entry.service_id, entry.email.casefold(), entry.name.casefold()].append(entry)
    if not wanted:
        return []
    booked = Appointment.objects.upcoming(now=now).filter(service__in={service for service, _, _ in wanted})
    columns = ("service", "patient__email", "patient__name", "created_at")
    return [
        entry.pk
        for service, email, name, made_at in booked.order_by().values_list(*columns)
        for entry in wanted.get((service, email.casefold(), name.casefold()), ())
        if made_at >= entry.created_at
    ]


def offer_freed_times(*, now: datetime, limit: int = MOST_AT_ONCE) -> int:
    """Offer what is free to those whom it suits, in the order they joined; how many offers were made.

    After each offer everything is looked at anew: it takes one time away, and perhaps others with it.
    Never more queries for one look than a few and two for each service somebody waits for.
    """
    clinic = Clinic.objects.only("waitlist_offer_lasts").first()
    lasts = clinic.waitlist_offer_lasts if clinic else OFFER_LASTS
    made, passed_over = 0, set[tuple[int, datetime]]()
    while made < limit:
        entries = _entries()
        zones = {
            entry.location_id: entry.location.zone
            for entry in entries.values()
            if offer_ends(now, lasts, entry.location.zone)
        }
        reached = {pk: entry for pk, entry in entries.items() if entry.location_id in zones}
        if not reached:
            break
        free_times = _free_times(reached, lasts, now)
        turn = next_turn(
            _wishes(reached, still_known(reached.values(), free_times, now)),
            free_times,
            zones,
            takes_new=set(Practitioner.objects.filter(takes_new_patients=True).order_by().values_list("pk", flat=True)),
            passed_over=passed_over,
        )
        if turn is None:
            break
        wish, free = turn
        if offer(entry=entries[wish.entry], free=free, lasts=lasts, now=now):
            made += 1
        else:
            passed_over.add((wish.entry, free.starts_at))
    return made


def _entries() -> dict[int, WaitlistEntry]:
    """Those who wait for a visit that can be booked, and have no offer that stands; in the order they joined."""
    has_offer = WaitlistOffer.objects.filter(state=State.OPEN).values("entry__person_key")
    rows = (
        WaitlistEntry.objects.waiting()
        .filter(service__in=Service.objects.bookable().values("pk"))
        .exclude(person_key__in=has_offer)
        .select_related("service", "location", "practitioner")
    )
    return {entry.pk: entry for entry in rows if entry.service.is_open_to(entry.is_first_visit)}


def _wishes(entries: Mapping[int, WaitlistEntry], known: Mapping[int, frozenset[datetime]]) -> list[Wish]:
    """What they wait for; a start that somebody was offered for one wish is no news for another."""
    offered: dict[str, set[datetime]] = defaultdict(set)
    people = {entry.person_key for entry in entries.values()}
    if people:
        before = WaitlistOffer.objects.filter(entry__person_key__in=people, entry__ended_at__isnull=True)
        for person, starts_at in before.order_by().values_list("entry__person_key", "starts_at"):
            offered[person].add(starts_at)
    return [
        Wish(
            entry=entry.pk,
            person=entry.person_key,
            service=entry.service_id,
            location=entry.location_id,
            practitioner=entry.practitioner_id,
            is_first_visit=entry.is_first_visit,
            first_on=entry.first_on,
            last_on=entry.last_on,
            parts=frozenset(map(str, entry.parts)),
            no_news=known[entry.pk] | offered[entry.person_key],
        )
        for entry in entries.values()
    ]


def _free_times(entries: Mapping[int, WaitlistEntry], lasts: timedelta, now: datetime) -> dict[int, list[FreeTime]]:
    """For each service somebody waits for, what can be booked on the days they wait for, and answered in time."""
    by_service: dict[int, list[WaitlistEntry]] = defaultdict(list)
    for entry in entries.values():
        by_service[entry.service_id].append(entry)
    found = {}
    for number, waiting in by_service.items():
        first = max(min(entry.first_on for entry in waiting), now.date() - timedelta(days=1))
        last = max(entry.last_on for entry in waiting)
        search = Search(waiting[0].service, now, lead_time=waiting[0].service.lead_time + lasts)
        found[number] = [
            FreeTime(opening.starts_at, opening.location_id, opening.practitioner_ids)
            for opening in openings_of(gather(search, first, last), first, last)
        ]
    return found


def offer(*, entry: WaitlistEntry, free: FreeTime, lasts: timedelta, now: datetime) -> WaitlistOffer | None:
    """Hold a free time for one person on the list and write to them; None when somebody was quicker.

    Nobody is offered a second time while the first stands, nor the same time again, and the whole of
    the offer lies before the service's lead time.
    """
    service, location = entry.service, entry.location
    search = Search(
        service,
        now,
        entry.practitioner,
        location,
        entry.is_first_visit,
        holder=entry.person_key,
        lead_time=service.lead_time + lasts,
    )
    try:
        with overlaps_lost(), locked(free.practitioners, location):
            current = WaitlistEntry.objects.select_for_update().get(pk=entry.pk)
            before = current.offers.filter(Q(state=State.OPEN) | Q(starts_at=free.starts_at))
            facts = facts_at(search, free.starts_at)
            workers = [person for person in who_works_at(facts, free.starts_at) if person in free.practitioners]
            if not current.is_waiting or before.exists() or not workers or facts is None:
                raise Lost
            facts = with_visits_of(facts, free.starts_at)
            takers = who_is_free_at(facts, free.starts_at, workers)
            if not takers:
                raise Lost
            expire_lapsed(now=now, practitioners=takers, location=location)
            person = fairest(takers, facts, free.starts_at)
            hold = write_hold(
                facts, free.starts_at, person, location, by=Actor.system(), note="Offered to the waitlist", lasts=lasts
            )
            made = WaitlistOffer.objects.create(
                entry=current,
                appointment=hold,
                starts_at=hold.starts_at,
                offered_at=now,
                expires_at=now + lasts,
            )
            messages.time_came_free(made, now=now)
            return made
    except Lost:
        return None


def forget_waitlist(*, now: datetime) -> int:
    """Delete entries that ended 90 days ago, with their offers and messages; how many."""
    old = WaitlistEntry.objects.filter(ended_at__lt=now - KEPT)
    count = old.count()
    old.delete()
    return count
