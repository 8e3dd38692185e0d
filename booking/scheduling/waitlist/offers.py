"""Periodic task: offer available slots to waitlist entries, and close expired offers and entries.

Every available slot that matches an entry is offered, whatever made it available: a cancelled or rescheduled
visit, deleted time off, new hours. So no command has to notify the waitlist. Slots that were available when
the person joined are excluded (``known_slots``). Until it is offered, anybody can book a slot.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import NamedTuple

from django.db.models import Max, Q
from django.db.models.functions import Coalesce

from booking import messages
from booking.models import (
    Appointment,
    AppointmentEvent,
    Clinic,
    Location,
    Practitioner,
    RetentionPeriods,
    Service,
    Status,
    WaitlistEntry,
    WaitlistOffer,
)
from booking.scheduling.actors import Actor
from booking.scheduling.appointments.hold_expiry import expire_lapsed
from booking.scheduling.appointments.hold_rows import create_hold
from booking.scheduling.appointments.patient_matching import PhoneOnlyPatients
from booking.scheduling.exceptions import LostRace
from booking.scheduling.locks import locked, overlap_as_lost_race
from booking.scheduling.slots.data import load
from booking.scheduling.slots.one_start import data_for_start, free_at, least_busy, with_occupied_by, working_at
from booking.scheduling.slots.search import slots_in
from booking.scheduling.types import SlotQuery
from booking.scheduling.waitlist.entries import end
from booking.scheduling.waitlist.known_slots import known_slots
from booking.scheduling.waitlist.matching import FreeSlot, WaitlistCriteria, next_match, offer_ends
from booking.scheduling.waitlist.responses import lapse

Outcome, State = WaitlistEntry.Outcome, WaitlistOffer.State
DEFAULT_OFFER_LIFETIME = timedelta(hours=1)  # If there is no Clinic row yet.
RETENTION = timedelta(days=90)  # after an entry has ended
MAX_OFFERS_PER_RUN = 50


class WaitlistResult(NamedTuple):
    """Numbers of offers that lapsed and entries that ended."""

    lapsed: int = 0
    ended: int = 0


def settle_waitlist(*, now: datetime) -> WaitlistResult:
    """Lapse unanswered offers, and end entries whose last day has passed or whose person has booked."""
    overdue = Q(expires_at__lte=now) | ~Q(appointment__status=Status.HELD)
    expired_offers = WaitlistOffer.objects.filter(overdue, state=State.OPEN).select_related(
        "entry", "appointment__location"
    )
    lapsed = sum(lapse(offer=offer, now=now) for offer in expired_offers.order_by("pk"))
    waiting = list(WaitlistEntry.objects.waiting().select_related("location"))
    outcomes = {entry.pk: Outcome.PASSED for entry in waiting if entry.last_on < _local_today(entry.location, now)}
    outcomes |= dict.fromkeys(_booked_otherwise(waiting, now), Outcome.BOOKED)
    for entry in waiting:
        if entry.pk in outcomes:
            end(entry=entry, outcome=outcomes[entry.pk], by=Actor.system(), now=now)
    return WaitlistResult(lapsed, len(outcomes))


def _local_today(location: Location, now: datetime) -> date:
    return now.astimezone(location.zone).date()


def _booked_otherwise(waiting: Iterable[WaitlistEntry], now: datetime) -> list[int]:
    """Ids of entries whose person has booked this service outside the waitlist since they joined."""
    waiting_for: dict[tuple[int, object, str], list[WaitlistEntry]] = defaultdict(list)
    for entry in waiting:
        waiting_for[entry.service_id, entry.email.casefold() or str(entry.phone), entry.name.casefold()].append(entry)
        if entry.patient_id is not None:
            waiting_for[entry.service_id, entry.patient_id, ""].append(entry)
    if not waiting_for:
        return []
    services = {service for service, _, _ in waiting_for}
    booked = Appointment.objects.upcoming(now=now).filter(service__in=services)
    # An appointment is created as a hold, perhaps before the person joined: what counts is when it was booked.
    booked_event = Q(events__kind=AppointmentEvent.Kind.BOOKED)
    booked = booked.annotate(booked_at=Coalesce(Max("events__at", filter=booked_event), "created_at"))
    columns = ("service", "patient", "patient__email", "patient__phone", "patient__name", "booked_at")
    return [
        entry.pk
        for service, patient, email, phone, name, booked_at in booked.order_by().values_list(*columns)
        for key in ((service, email.casefold() or str(phone), name.casefold()), (service, patient, ""))
        for entry in waiting_for.get(key, ())
        if booked_at >= entry.created_at
    ]


def offer_available_slots(*, now: datetime, limit: int = MAX_OFFERS_PER_RUN) -> int:
    """Offer available slots to matching entries, oldest entry first. Returns the number of offers.

    Data is loaded again after each offer, because its hold may remove other slots, too. Each iteration
    runs a constant number of queries plus two for each service with entries.
    """
    lifetime = offer_lifetime()
    created, skipped = 0, set[tuple[int, datetime]]()
    while created < limit:
        entries = _offerable_entries()
        zones = {
            entry.location_id: entry.location.zone
            for entry in entries.values()
            if offer_ends(now, lifetime, entry.location.zone)
        }
        reachable = {pk: entry for pk, entry in entries.items() if entry.location_id in zones}
        if not reachable:
            break
        free_slots = _free_slots(reachable, lifetime, now)
        match = next_match(
            _criteria(reachable, known_slots(reachable.values(), free_slots, now)),
            free_slots,
            zones,
            accepts_new=set(
                Practitioner.objects.filter(takes_new_patients=True).order_by().values_list("pk", flat=True)
            ),
            skipped=skipped,
        )
        if match is None:
            break
        criteria, slot = match
        if offer(entry=entries[criteria.entry], slot=slot, lifetime=lifetime, now=now):
            created += 1
        else:
            skipped.add((criteria.entry, slot.starts_at))
    return created


def offer_lifetime() -> timedelta:
    """How long an offered time is held."""
    clinic = Clinic.objects.only("waitlist_offer_lasts").first()
    return clinic.waitlist_offer_lasts if clinic else DEFAULT_OFFER_LIFETIME


def _offerable_entries() -> dict[int, WaitlistEntry]:
    """Waiting entries of bookable services whose person has no open offer, in order of joining.

    Who has no e-mail address or books by phone only could not accept one, so none is held for them.
    """
    has_offer = WaitlistOffer.objects.filter(state=State.OPEN).values("entry__person_key")
    rows = (
        WaitlistEntry.objects.waiting()
        .filter(service__in=Service.objects.bookable().values("pk"))
        .exclude(email="")
        .exclude(person_key__in=has_offer)
        .select_related("service", "location", "practitioner")
    )
    by_phone = PhoneOnlyPatients()
    return {
        entry.pk: entry
        for entry in rows
        if entry.service.is_open_to(entry.is_first_visit)
        and not by_phone.include(entry.name, entry.email, str(entry.phone))
    }


def _criteria(entries: Mapping[int, WaitlistEntry], known: Mapping[int, frozenset[datetime]]) -> list[WaitlistCriteria]:
    """Build the matching criteria. A start offered for one entry counts as known for the person's other entries."""
    offered: dict[str, set[datetime]] = defaultdict(set)
    people = {entry.person_key for entry in entries.values()}
    if people:
        earlier_offers = WaitlistOffer.objects.filter(entry__person_key__in=people, entry__ended_at__isnull=True)
        for person, starts_at in earlier_offers.order_by().values_list("entry__person_key", "starts_at"):
            offered[person].add(starts_at)
    return [
        WaitlistCriteria(
            entry=entry.pk,
            person=entry.person_key,
            service=entry.service_id,
            location=entry.location_id,
            practitioner=entry.practitioner_id,
            is_first_visit=entry.is_first_visit,
            first_on=entry.first_on,
            last_on=entry.last_on,
            parts=frozenset(map(str, entry.parts)),
            known_starts=known[entry.pk] | offered[entry.person_key],
        )
        for entry in entries.values()
    ]


def _free_slots(entries: Mapping[int, WaitlistEntry], lifetime: timedelta, now: datetime) -> dict[int, list[FreeSlot]]:
    """Available slots by service id, on the entries' days, late enough for the whole offer to precede the lead time."""
    by_service: dict[int, list[WaitlistEntry]] = defaultdict(list)
    for entry in entries.values():
        by_service[entry.service_id].append(entry)
    slots_by_service = {}
    for service_id, waiting in by_service.items():
        first = max(min(entry.first_on for entry in waiting), now.date() - timedelta(days=1))
        last = max(entry.last_on for entry in waiting)
        query = SlotQuery(waiting[0].service, now, lead_time=waiting[0].service.lead_time + lifetime)
        slots_by_service[service_id] = [
            FreeSlot(slot.starts_at, slot.location_id, slot.practitioner_ids)
            for slot in slots_in(load(query, first, last), first, last)
        ]
    return slots_by_service


def offer(*, entry: WaitlistEntry, slot: FreeSlot, lifetime: timedelta, now: datetime) -> WaitlistOffer | None:
    """Hold a slot for an entry and queue the offer. Returns None if another transaction took the slot first.

    An entry has at most one open offer, is never offered the same start twice, and the offer ends before the
    service's lead time.
    """
    service, location = entry.service, entry.location
    query = SlotQuery(
        service,
        now,
        entry.practitioner,
        location,
        entry.is_first_visit,
        holder=entry.person_key,
        lead_time=service.lead_time + lifetime,
    )
    try:
        return hold_for_entry(entry=entry, slot=slot, query=query, lifetime=lifetime, by=Actor.system())
    except LostRace:
        return None


def hold_for_entry(
    *, entry: WaitlistEntry, slot: FreeSlot, query: SlotQuery, lifetime: timedelta, by: Actor
) -> WaitlistOffer:
    """Hold the slot, as far as ``query`` allows it, and queue the offer, in one transaction. Raises LostRace."""
    location, now = entry.location, query.now
    with overlap_as_lost_race(), locked(slot.practitioners, location):
        current = WaitlistEntry.objects.select_for_update().filter(pk=entry.pk).first()
        if current is None:  # Disposed of with their patient.
            raise LostRace
        earlier_offers = current.offers.filter(Q(state=State.OPEN) | Q(starts_at=slot.starts_at))
        data = data_for_start(query, slot.starts_at)
        working_ids = [
            practitioner_id
            for practitioner_id in working_at(data, slot.starts_at)
            if practitioner_id in slot.practitioners
        ]
        if not current.is_waiting or not current.email or earlier_offers.exists() or not working_ids or data is None:
            raise LostRace
        data = with_occupied_by(data, slot.starts_at)
        free_ids = free_at(data, slot.starts_at, working_ids)
        if not free_ids:
            raise LostRace
        expire_lapsed(now=now, practitioners=free_ids, location=location)
        practitioner_id = least_busy(free_ids, data, slot.starts_at)
        hold = create_hold(
            data,
            slot.starts_at,
            practitioner_id,
            location,
            by=by,
            note="Offered to the waitlist",
            lifetime=lifetime,
        )
        waitlist_offer = WaitlistOffer.objects.create(
            entry=current,
            appointment=hold,
            starts_at=hold.starts_at,
            offered_at=now,
            expires_at=hold.hold_expires_at or now + lifetime,
        )
        messages.enqueue_waitlist_offer(waitlist_offer, now=now)
        return waitlist_offer


def delete_old_entries(*, now: datetime) -> int:
    """Delete entries that ended 90 days ago, with their offers and messages. Returns the number of entries.

    If entries have a retention period, its daily run does it (``booking.privacy.retention``).
    """
    if RetentionPeriods.objects.filter(waitlist_days__isnull=False).exists():
        return 0
    old = WaitlistEntry.objects.filter(ended_at__lt=now - RETENTION)
    count = old.count()
    old.delete()
    return count
