"""The waitlist: join, leave, and answer what is offered. (Offers are made in ``offering``.)"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import IntegrityError, transaction

from booking import messages
from booking.models import (
    Appointment,
    AppointmentEvent,
    Location,
    PartOfDay,
    Practitioner,
    Service,
    Status,
    WaitlistEntry,
    WaitlistOffer,
)
from booking.models.waitlist import MOST_UNANSWERED
from booking.scheduling.actors import Actor
from booking.scheduling.booking import book
from booking.scheduling.holding import refuse_unbookable
from booking.scheduling.locks import locked
from booking.scheduling.openings import offers
from booking.scheduling.patients import PatientDetails
from booking.scheduling.record import expire
from booking.scheduling.refusals import NotOffered, OfferGone
from booking.scheduling.waitlist_keys import keys_of
from booking.scheduling.waitlist_known import free_at_joining

Outcome, State = WaitlistEntry.Outcome, WaitlistOffer.State


@dataclass(frozen=True)
class WaitlistWish:
    """What somebody waits for, and how we reach them; ``phone`` is in E.164 form."""

    service: Service
    location: Location
    practitioner: Practitioner | None
    first_on: date
    last_on: date
    parts: frozenset[str]
    is_first_visit: bool
    name: str
    email: str
    phone: str
    contact_name: str = ""
    notice_version: str = ""


def join(*, wish: WaitlistWish, now: datetime, saw_free_times: bool = False) -> WaitlistEntry:
    """Put somebody on the list and write to them. The same person with the same wish stands there once.

    ``saw_free_times``: they could have booked what is free now, and are not offered it before it was taken once.
    Asking again changes nothing; the mail with the link comes again, once a day. Raises NotOffered.
    """
    _refuse_impossible(wish, now)
    person, wanted = keys_of(wish)
    standing = WaitlistEntry.objects.waiting().filter(wish_key=wanted)
    entry = standing.first()
    if entry is None:
        try:
            with transaction.atomic():
                entry = _write_entry(wish, person, wanted, now)
                if saw_free_times:
                    entry.known_starts = free_at_joining(entry, now=now)
                    entry.save(update_fields=["known_starts"])
                messages.waitlist_joined(entry, now=now)
            return entry
        except IntegrityError:  # The same form, twice at one instant.
            entry = standing.get()
    messages.waitlist_joined(entry, now=now)
    return entry


def _refuse_impossible(wish: WaitlistWish, now: datetime) -> None:
    refuse_unbookable(wish.service)
    if not wish.service.is_open_to(wish.is_first_visit):
        raise NotOffered("This visit is not for you yet. Choose another one, or call us and we help you choose.")
    today = now.astimezone(wish.location.zone).date()
    if not today <= wish.first_on <= wish.last_on <= today + timedelta(days=wish.service.horizon_days):
        raise NotOffered("We cannot offer times on these days. Choose other ones.")
    people = [one.practitioner for one in offers(service=wish.service, now=now, new_patient=wish.is_first_visit)]
    if not people or (wish.practitioner is not None and wish.practitioner not in people):
        raise NotOffered("Nobody we could ask does this visit for you. Please call us.")
    if not wish.parts or wish.parts - set(PartOfDay):
        raise NotOffered("Choose the parts of the day that suit you.")


def _write_entry(wish: WaitlistWish, person: str, wanted: str, now: datetime) -> WaitlistEntry:
    return WaitlistEntry.objects.create(
        service=wish.service,
        practitioner=wish.practitioner,
        location=wish.location,
        first_on=wish.first_on,
        last_on=wish.last_on,
        mornings=PartOfDay.MORNING in wish.parts,
        afternoons=PartOfDay.AFTERNOON in wish.parts,
        evenings=PartOfDay.EVENING in wish.parts,
        is_first_visit=wish.is_first_visit,
        name=wish.name,
        contact_name=wish.contact_name,
        email=wish.email,
        phone=wish.phone,
        notice_version=wish.notice_version,
        person_key=person,
        wish_key=wanted,
        created_at=now,
    )


def leave(*, entry: WaitlistEntry, by: Actor, now: datetime) -> WaitlistEntry:
    """Take somebody off the list, and free what was offered to them. Whoever is off it stays so."""
    return end(entry=entry, outcome=Outcome.STAFF if by.is_staff else Outcome.LEFT, by=by, now=now)


def end(*, entry: WaitlistEntry, outcome: WaitlistEntry.Outcome, by: Actor, now: datetime) -> WaitlistEntry:
    """End an entry that waits, with what is offered to it just now."""
    open_offer = entry.offers.filter(state=State.OPEN).select_related("appointment__location").first()
    if open_offer is not None:
        give_back(offer=open_offer, state=State.WITHDRAWN, by=by, now=now)
    WaitlistEntry.objects.filter(pk=entry.pk, ended_at__isnull=True).update(ended_at=now, outcome=outcome)
    entry.refresh_from_db(fields=["ended_at", "outcome"])
    return entry


def accept(
    *, offer: WaitlistOffer, date_of_birth: date | None, reminders: bool, notice_version: str, by: Actor, now: datetime
) -> Appointment:
    """Turn an offer into an appointment, with all that follows a booking; once, however often it is sent.

    Raises OfferGone when the time is no longer held for this person: late, passed on, or left.
    """
    held = offer.appointment
    if held is None:
        raise OfferGone
    with locked([held.practitioner_id], held.location):
        hold = Appointment.objects.select_for_update(of=("self",)).select_related("location", "service").get(pk=held.pk)
        current = _again(offer)
        if current.state == State.ACCEPTED:
            return hold
        if current.state != State.OPEN or not hold.is_live_hold(now):
            raise OfferGone
        entry = current.entry
        details = PatientDetails(
            name=entry.name,
            email=entry.email,
            phone=str(entry.phone),
            date_of_birth=date_of_birth,
            contact_name=entry.contact_name,
            is_first_visit=entry.is_first_visit,
            reminders=reminders,
            notice_version=notice_version or entry.notice_version,
        )
        made = book(hold=hold, details=details, submission_key=f"waitlist-{current.uid.hex}", by=by, now=now)
        WaitlistOffer.objects.filter(pk=current.pk).update(state=State.ACCEPTED)
        WaitlistEntry.objects.filter(pk=entry.pk).update(ended_at=now, outcome=Outcome.BOOKED)
        return made


def pass_on(*, offer: WaitlistOffer, by: Actor, now: datetime) -> None:
    """Say no to an offer: the time goes to the next person, and this one waits on. Gone already stays gone."""
    if give_back(offer=offer, state=State.PASSED, by=by, now=now):
        WaitlistEntry.objects.filter(pk=offer.entry_id).update(unanswered=0)


def let_lapse(*, offer: WaitlistOffer, now: datetime) -> bool:
    """Nobody answered in time: they stay on the list, but not for ever. Whether there was something to lapse.

    An offer whose mail never left counts for nothing: they could not know of it.
    """
    by = Actor.system()
    if not give_back(offer=offer, state=State.LAPSED, by=by, now=now):
        return False
    if offer.messages.filter(state="sent").exists():
        entry = offer.entry
        unanswered = entry.unanswered + 1
        WaitlistEntry.objects.filter(pk=entry.pk).update(unanswered=unanswered)
        if unanswered >= MOST_UNANSWERED:
            end(entry=entry, outcome=Outcome.UNANSWERED, by=by, now=now)
    return True


def give_back(*, offer: WaitlistOffer, state: WaitlistOffer.State, by: Actor, now: datetime) -> bool:
    """Free an open offer's time, and write down why. False when it is open no more."""
    held = offer.appointment
    assert held is not None  # An open offer holds a time: a constraint says so.
    with locked([held.practitioner_id], held.location):
        hold = Appointment.objects.select_for_update(of=("self",)).get(pk=held.pk)
        if _again(offer).state != State.OPEN:
            return False
        if hold.status == Status.HELD:
            lapsed = not hold.is_live_hold(now)
            kind = AppointmentEvent.Kind.EXPIRED if lapsed else AppointmentEvent.Kind.RELEASED
            expire([hold], kind=kind, by=by, now=now)
        WaitlistOffer.objects.filter(pk=offer.pk).update(state=state)
        return True


def _again(offer: WaitlistOffer) -> WaitlistOffer:
    """The offer as it now is, with nobody else answering it."""
    rows = WaitlistOffer.objects.select_related("entry").select_for_update(of=("self",))
    return rows.get(pk=offer.pk)
