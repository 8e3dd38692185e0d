"""Responses to a waitlist offer: accept, decline, withdraw, lapse."""

from collections.abc import Mapping
from datetime import date, datetime

from booking.models import MAX_UNANSWERED_OFFERS, Appointment, BookedFrom, WaitlistEntry, WaitlistOffer
from booking.scheduling.actors import Actor
from booking.scheduling.appointments.book import book
from booking.scheduling.exceptions import OfferGone
from booking.scheduling.locks import locked
from booking.scheduling.types import PatientDetails, Visitor
from booking.scheduling.waitlist.entries import end, lock_offer, release_offer

Outcome, State = WaitlistEntry.Outcome, WaitlistOffer.State


def accept(
    *,
    offer: WaitlistOffer,
    date_of_birth: date | None,
    reminders: bool,
    notice_version: str,
    by: Actor,
    now: datetime,
    corrections: Mapping[str, str] | None = None,
) -> Appointment:
    """Book the slot of an offer. Idempotent: repeated, it returns the same appointment.

    ``corrections``: the name, contact_name or phone to book with, where they differ from the entry's.

    Raises OfferGone if the offer has lapsed, was declined or was withdrawn; SlotTaken or NotBookable if the time
    cannot be booked any more; CallToBook as ``book`` does.
    """
    appointment_of_offer = offer.appointment
    if appointment_of_offer is None:
        raise OfferGone
    with locked([appointment_of_offer.practitioner_id], appointment_of_offer.location):
        hold = (
            Appointment.objects.select_for_update(of=("self",))
            .select_related("location", "service")
            .get(pk=appointment_of_offer.pk)
        )
        current = lock_offer(offer)
        if current.state == State.ACCEPTED:
            return hold
        if current.state != State.OPEN or not hold.is_live_hold(now):
            raise OfferGone
        entry = current.entry
        given = {"name": entry.name, "contact_name": entry.contact_name, "phone": str(entry.phone)}
        given |= corrections or {}
        details = PatientDetails(
            name=given["name"],
            email=entry.email,
            phone=given["phone"],
            date_of_birth=date_of_birth,
            contact_name=given["contact_name"],
            is_first_visit=entry.is_first_visit,
            reminders=reminders,
            notice_version=notice_version or entry.notice_version,
        )
        # They came by the link in an e-mail.
        visitor = Visitor(proved_email=entry.email)
        key = f"waitlist-{current.uid.hex}"
        appointment = book(
            hold=hold,
            details=details,
            submission_key=key,
            by=by,
            now=now,
            visitor=visitor,
            booked_from=BookedFrom.WAITLIST,
        )
        WaitlistOffer.objects.filter(pk=current.pk).update(state=State.ACCEPTED)
        WaitlistEntry.objects.filter(pk=entry.pk).update(ended_at=now, outcome=Outcome.BOOKED)
        return appointment


def decline(*, offer: WaitlistOffer, by: Actor, now: datetime) -> None:
    """Decline an offer. The entry keeps waiting. Does nothing if the offer is not open."""
    if release_offer(offer=offer, state=State.PASSED, by=by, now=now):
        WaitlistEntry.objects.filter(pk=offer.entry_id).update(unanswered=0)


def withdraw(*, offer: WaitlistOffer, by: Actor, now: datetime) -> None:
    """Withdraw an offer whose time cannot be booked any more. The entry keeps waiting; it counts as answered."""
    release_offer(offer=offer, state=State.WITHDRAWN, by=by, now=now)


def lapse(*, offer: WaitlistOffer, now: datetime) -> bool:
    """Lapse an unanswered offer. Returns False if it is not open.

    The entry keeps waiting, but ends after ``MAX_UNANSWERED_OFFERS`` unanswered offers in a row. An offer whose
    e-mail was never sent does not count.
    """
    by = Actor.system()
    if not release_offer(offer=offer, state=State.LAPSED, by=by, now=now):
        return False
    if offer.messages.filter(state="sent").exists():
        entry = offer.entry
        unanswered = entry.unanswered + 1
        WaitlistEntry.objects.filter(pk=entry.pk).update(unanswered=unanswered)
        if unanswered >= MAX_UNANSWERED_OFFERS:
            end(entry=entry, outcome=Outcome.UNANSWERED, by=by, now=now)
    return True
