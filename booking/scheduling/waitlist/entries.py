"""Waitlist entries: join, leave, end, release an offer, transfer to a corrected contact."""

import uuid
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.utils.crypto import salted_hmac

from booking import messages
from booking.models import (
    Appointment,
    AppointmentEvent,
    PartOfDay,
    Patient,
    Status,
    WaitlistEntry,
    WaitlistOffer,
)
from booking.scheduling.actors import Actor
from booking.scheduling.appointments.hold_expiry import expire
from booking.scheduling.appointments.hold_rows import check_bookable
from booking.scheduling.exceptions import NotBookable
from booking.scheduling.locks import locked
from booking.scheduling.slots.search import offers_of_service
from booking.scheduling.types import WaitlistRequest
from booking.scheduling.waitlist.known_slots import slots_at_joining

Outcome, State = WaitlistEntry.Outcome, WaitlistOffer.State


def join(*, wish: WaitlistRequest, now: datetime, saw_free_times: bool = False) -> WaitlistEntry:
    """Add an entry to the waitlist and queue an e-mail with its manage link.

    ``saw_free_times``: the slots that are available now are not offered until they have been taken once.
    Idempotent: a repeated request returns the existing entry and queues the e-mail again, at most once a day.
    Raises NotBookable.
    """
    _check_request(wish, now)
    person, criteria = keys_of(wish)
    waiting = WaitlistEntry.objects.waiting().filter(wish_key=criteria)
    entry = waiting.first()
    if entry is None:
        try:
            with transaction.atomic():
                entry = create_entry(wish, person, criteria, now)
                if saw_free_times:
                    entry.known_starts = slots_at_joining(entry, now=now)
                    entry.save(update_fields=["known_starts"])
                messages.enqueue_waitlist_joined(entry, now=now)
            return entry
        except IntegrityError:  # The same form was submitted concurrently.
            entry = waiting.get()
    messages.enqueue_waitlist_joined(entry, now=now)
    return entry


def _check_request(wish: WaitlistRequest, now: datetime) -> None:
    check_bookable(wish.service, wish.is_first_visit)
    today = now.astimezone(wish.location.zone).date()
    if not today <= wish.first_on <= wish.last_on <= today + timedelta(days=wish.service.horizon_days):
        raise NotBookable("We can't offer times on these days: choose other ones.")
    offers = offers_of_service(service=wish.service, now=now, new_patient=wish.is_first_visit)
    people = [offer.practitioner for offer in offers]
    if not people or (wish.practitioner is not None and wish.practitioner not in people):
        raise NotBookable("No one here can offer you this appointment. Please call us.")
    if not wish.parts or wish.parts - set(PartOfDay):
        raise NotBookable("Choose the parts of the day that work for you.")


def create_entry(
    wish: WaitlistRequest, person: str, criteria: str, now: datetime, patient: Patient | None = None
) -> WaitlistEntry:
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
        patient=patient,
        person_key=person,
        wish_key=criteria,
        created_at=now,
    )


def leave(*, entry: WaitlistEntry, by: Actor, now: datetime) -> WaitlistEntry:
    """Remove an entry from the waitlist and release its open offer. Does nothing if it has ended."""
    return end(entry=entry, outcome=Outcome.STAFF if by.is_staff else Outcome.LEFT, by=by, now=now)


def end(*, entry: WaitlistEntry, outcome: WaitlistEntry.Outcome, by: Actor, now: datetime) -> WaitlistEntry:
    """End a waiting entry and withdraw its open offer, if any."""
    open_offer = entry.offers.filter(state=State.OPEN).select_related("appointment__location").first()
    if open_offer is not None:
        release_offer(offer=open_offer, state=State.WITHDRAWN, by=by, now=now)
    WaitlistEntry.objects.filter(pk=entry.pk, ended_at__isnull=True).update(ended_at=now, outcome=outcome)
    entry.refresh_from_db(fields=["ended_at", "outcome"])
    return entry


def release_offer(*, offer: WaitlistOffer, state: WaitlistOffer.State, by: Actor, now: datetime) -> bool:
    """Release the hold of an open offer and set the offer's ``state``. Returns False if it is not open any more."""
    hold = offer.appointment
    assert hold is not None  # Enforced by a constraint for open offers.
    with locked([hold.practitioner_id], hold.location):
        hold = Appointment.objects.select_for_update(of=("self",)).get(pk=hold.pk)
        if lock_offer(offer).state != State.OPEN:
            return False
        if hold.status == Status.HELD:
            has_expired = not hold.is_live_hold(now)
            kind = AppointmentEvent.Kind.EXPIRED if has_expired else AppointmentEvent.Kind.RELEASED
            expire([hold], kind=kind, by=by, now=now)
        WaitlistOffer.objects.filter(pk=offer.pk).update(state=state)
        return True


def lock_offer(offer: WaitlistOffer) -> WaitlistOffer:
    """Lock the offer's row and reload it with its entry."""
    rows = WaitlistOffer.objects.select_related("entry").select_for_update(of=("self",))
    return rows.get(pk=offer.pk)


def transfer_entries(*, name: str, email: str, to: Patient) -> list[int]:
    """Copy the contact details of ``to`` to the waiting entries with this name and e-mail. Returns their ids.

    Entries have no foreign key to a patient, so they are matched by name and e-mail address. Without an address
    no offer could be sent, so then nothing changes. A changed address invalidates the entry's manage link.
    """
    if not (email and to.email):
        return []
    rows = WaitlistEntry.objects.waiting().filter(name__iexact=name, email__iexact=email)
    entries = list(rows.select_related("service", "practitioner", "location").select_for_update(of=("self",)))
    for entry in entries:
        if entry.email.lower() != to.email.lower():
            entry.uid = uuid.uuid4()
        entry.name, entry.email, entry.phone, entry.contact_name = to.name, to.email, to.phone, to.contact_name
        entry.person_key, wish_key = keys_of(entry)
        # Do not merge two entries with equal criteria: each has its own position on the waitlist.
        if not WaitlistEntry.objects.waiting().filter(wish_key=wish_key).exclude(pk=entry.pk).exists():
            entry.wish_key = wish_key
        entry.save()
    return sorted(entry.pk for entry in entries)


_SALT = "booking.waitlist"


def keys_of(criteria: "WaitlistRequest | WaitlistEntry") -> tuple[str, str]:
    """Return the key of the person (also the ``hold_key`` of their offers) and the key of person and criteria."""
    person = (criteria.email.casefold() or str(criteria.phone), criteria.name.casefold())
    where = (criteria.service.pk, criteria.location.pk, criteria.practitioner and criteria.practitioner.pk)
    when = (criteria.first_on.isoformat(), criteria.last_on.isoformat(), ",".join(sorted(map(str, criteria.parts))))
    wish = (*person, criteria.contact_name.casefold(), *map(str, where), *when, str(criteria.is_first_visit))
    return f"waitlist-{_digest(person)}", _digest(wish)


def _digest(words: tuple[str, ...]) -> str:
    return salted_hmac(_SALT, "\0".join(words), algorithm="sha256").hexdigest()[:40]
