"""Waitlist commands of staff: add a caller, offer a time by hand, book it for who waits."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

from booking import messages
from booking.models import (
    Appointment,
    PartOfDay,
    Patient,
    Practitioner,
    PractitionerService,
    WaitlistEntry,
    WaitlistOffer,
)
from booking.scheduling.actors import Actor
from booking.scheduling.appointments.book_by_staff import book_by_staff
from booking.scheduling.appointments.hold_rows import check_bookable
from booking.scheduling.appointments.patient_matching import (
    PhoneOnlyPatients,
    match_or_create,
    patients_with_email,
    surviving_patient,
)
from booking.scheduling.exceptions import LostRace, NotBookable, SlotTaken, WrongStatus
from booking.scheduling.locks import locked
from booking.scheduling.slots.staff_search import DAYS_AHEAD
from booking.scheduling.types import PatientDetails, SlotQuery, WaitlistRequest
from booking.scheduling.waitlist.entries import create_entry, end, keys_of
from booking.scheduling.waitlist.known_slots import slots_at_joining
from booking.scheduling.waitlist.matching import FreeSlot, part_of_day
from booking.scheduling.waitlist.offers import hold_for_entry, offer_lifetime

Outcome, State = WaitlistEntry.Outcome, WaitlistOffer.State
_NOT_ANY_MORE = "This time is no longer free, or {name} no longer waits. Nothing was offered."


def add_caller(*, wish: WaitlistRequest, by: Actor, now: datetime, patient: Patient | None = None) -> WaitlistEntry:
    """Add someone who called to the waitlist. ``patient``: who they are, if staff know them.

    An e-mail with the manage link is queued if there is an address; without one they are never offered a time by
    e-mail. The times that are free now are not offered until they have been taken once: the caller has heard of them.
    Idempotent, as ``join``. Raises NotBookable, PatientDisposed, or WrongStatus if ``by`` is not staff.
    """
    _check_staff(by)
    _check_caller(wish, now)
    person, criteria = keys_of(wish)
    waiting = WaitlistEntry.objects.waiting().filter(wish_key=criteria)
    with transaction.atomic():
        patient = surviving_patient(patient) if patient is not None else None
        entry = waiting.first()
        if entry is None:
            try:
                with transaction.atomic():
                    entry = create_entry(wish, person, criteria, now, patient)
                    entry.known_starts = slots_at_joining(entry, now=now)
                    entry.save(update_fields=["known_starts"])
            except IntegrityError:  # The same form was submitted concurrently.
                entry = waiting.get()
        if entry.email:
            messages.enqueue_waitlist_joined(entry, now=now)
        return entry


def _check_staff(by: Actor) -> None:
    if not by.is_staff:
        raise WrongStatus("Only staff can do this.")


def _check_caller(wish: WaitlistRequest, now: datetime) -> None:
    """Audience and horizon do not apply to staff."""
    if not wish.service.is_active:
        raise NotBookable(f"{wish.service} is no longer offered.")
    today = now.astimezone(wish.location.zone).date()
    if not today <= wish.first_on <= wish.last_on <= today + timedelta(days=DAYS_AHEAD):
        raise NotBookable("Choose days from today on, with the last one not before the first.")
    offers = PractitionerService.objects.filter(service=wish.service, practitioner__is_active=True)
    if wish.practitioner is not None and not offers.filter(practitioner=wish.practitioner).exists():
        raise NotBookable(f"{wish.practitioner} doesn't offer {wish.service}. Choose another person or service.")
    if not offers.exists():
        raise NotBookable(f"No one offers {wish.service} right now.")
    if not wish.parts or wish.parts - set(PartOfDay):
        raise NotBookable("Choose at least one part of the day.")


def offer_to(
    *, entry: WaitlistEntry, starts_at: datetime, practitioner: Practitioner, by: Actor, now: datetime
) -> WaitlistOffer:
    """Hold a time for who waits, and queue the offer by e-mail.

    The hold lasts as long as the worker's offers do, and never beyond the start. The clinic's rules for online
    bookings (lead time, horizon, grid, buffers, hours for offers) do not apply; everything else does, as for the
    worker: one open offer a person, each start once, hours, other visits and rooms. Raises NotBookable for who could
    not accept it online or did not ask for it, SlotTaken if the time is taken, WrongStatus if ``by`` is not staff.
    """
    _check_staff(by)
    _check_offer(entry, starts_at, practitioner, now)
    query = SlotQuery(
        entry.service,
        now,
        practitioner,
        entry.location,
        entry.is_first_visit,
        holder=entry.person_key,
        lead_time=timedelta(0),
        step=timedelta(seconds=1),
        horizon_days=DAYS_AHEAD,
        has_buffers=False,
    )
    slot = FreeSlot(starts_at, entry.location_id, (practitioner.pk,))
    try:
        return hold_for_entry(entry=entry, slot=slot, query=query, lifetime=offer_lifetime(), by=by)
    except LostRace:
        raise SlotTaken(_NOT_ANY_MORE.format(name=entry.name)) from None


def why_not_offer(entries: Iterable[WaitlistEntry]) -> dict[int, str]:
    """By entry id: why this person cannot be offered a time by e-mail, as a sentence; empty if they can. One query."""
    phone_only = PhoneOnlyPatients()
    return {entry.pk: _why_not_offer(entry, phone_only) for entry in entries}


def _why_not_offer(entry: WaitlistEntry, phone_only: PhoneOnlyPatients) -> str:
    if not entry.email:
        return "No email address: please call."
    if not entry.service.is_bookable or not entry.service.is_open_to(entry.is_first_visit):
        return f"{entry.service} can't be booked online: please call."
    if phone_only.include(entry.name, entry.email, str(entry.phone)):
        return "Books by phone only: please call."
    return ""


def _check_offer(entry: WaitlistEntry, starts_at: datetime, practitioner: Practitioner, now: datetime) -> None:
    if refusal := why_not_offer([entry])[entry.pk]:
        raise NotBookable(refusal)
    check_bookable(entry.service, entry.is_first_visit)
    open_offers = WaitlistOffer.objects.filter(state=State.OPEN, entry__person_key=entry.person_key)
    if open_offers.exists():
        raise NotBookable(f"{entry.name} already has an offer. Wait for the answer, or call.")
    if entry.offers.filter(starts_at=starts_at).exists():
        raise NotBookable(f"{entry.name} was offered this time before. Call instead.")
    local = starts_at.astimezone(entry.location.zone)
    suits = (
        entry.practitioner_id in {None, practitioner.pk}
        and entry.first_on <= local.date() <= entry.last_on
        and part_of_day(local.time()) in set(map(str, entry.parts))
    )
    if not suits:
        raise NotBookable(f"{entry.name} waits for another day, time of day or person.")
    if starts_at <= now:
        raise SlotTaken("This time has passed. Nothing was offered.")


def book_waiting(
    *, entry: WaitlistEntry, starts_at: datetime, practitioner: Practitioner, by: Actor, now: datetime
) -> Appointment:
    """Book a time for who waits, as ``book_by_staff`` does, and end the entry, in one transaction.

    An open offer of theirs is withdrawn first, so that its time can be booked. Raises as ``book_by_staff`` does, and
    WrongStatus if they no longer wait.
    """
    _check_staff(by)
    held_with = entry.offers.filter(state=State.OPEN).values_list("appointment__practitioner", flat=True)
    people = {practitioner.pk, *filter(None, held_with)}
    with locked(people, entry.location):
        rows = WaitlistEntry.objects.select_related("service", "location", "patient").select_for_update(of=("self",))
        current = rows.filter(pk=entry.pk).first()
        if current is None or not current.is_waiting:
            raise WrongStatus(f"{entry.name} is no longer on the waitlist.")
        offers = current.offers.filter(state=State.OPEN).exclude(appointment__practitioner__in=people)
        if offers.exists():  # Made since: its practitioner is not locked.
            raise WrongStatus(f"{current.name} has just been offered another time. Look at it first.")
        end(entry=current, outcome=Outcome.BOOKED, by=by, now=now)
        return book_by_staff(
            service=current.service,
            starts_at=starts_at,
            practitioner=practitioner,
            location=current.location,
            patient=_patient_of(current, by),
            by=by,
            now=now,
            is_first_visit=current.is_first_visit,
        )


def _patient_of(entry: WaitlistEntry, by: Actor) -> Patient:
    """The patient whom staff named, else the only one with these details, else a new one."""
    if entry.patient is not None:
        return surviving_patient(entry.patient)
    details = PatientDetails(
        name=entry.name,
        email=entry.email,
        phone=str(entry.phone),
        contact_name=entry.contact_name,
        notice_version=entry.notice_version,
    )
    same = [row for row in patients_with_email(details) if row.is_called(entry.name) and row.phone == entry.phone]
    survivors = {row.merged_into_id or row.pk for row in same}
    return surviving_patient(same[0]) if len(survivors) == 1 else match_or_create(details, same, by=by)
