"""Write outbox rows. Called by commands, inside the transaction of the change they tell of.

A row remembers the appointment's sequence: a later change makes it stale, whoever still holds it
(see ``fitting``). Its key says what it is, so that the same message is never queued twice.
"""

import hashlib
import json
from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from django.db.models import Q

from booking.messages.noticing import notices
from booking.messages.reminding import reminder_due, reminders_of
from booking.messages.rows import key_of, row
from booking.models import (
    Appointment,
    Channel,
    Message,
    Patient,
    Practitioner,
    Status,
    WaitlistEntry,
    WaitlistOffer,
    writing,
)

Kind, State = Message.Kind, Message.State
_NEWS = (Kind.CONFIRMATION, Kind.RESCHEDULED, Kind.CLOCK_CHANGE)  # Each brings the calendar entry up to date.


def booked(appointment: Appointment, *, now: datetime) -> None:
    """Queue the confirmation, the reminders and the notices of a new appointment."""
    _write(*of_booking(appointment, now=now))


def of_booking(appointment: Appointment, *, now: datetime) -> list[Message]:
    """What ``booked`` queues, not yet stored: a key that is there already is the same message."""
    to_patient = _to_patient(appointment, _confirmation(appointment, now), *_reminders(appointment, now))
    return [*to_patient, *notices(appointment, "booked", now)]


def rescheduled(appointment: Appointment, *, now: datetime) -> None:
    """Drop what tells of the old time and queue what tells of the new one."""
    told = _patient_was_told(appointment, now)
    told_practitioners = _practitioners_told(appointment, now)
    _drop_waiting(appointment, now)
    news = _confirmation(appointment, now)
    if told:
        news.kind = Kind.RESCHEDULED
        news.key = key_of(appointment, Kind.RESCHEDULED)
    _write(
        *_to_patient(appointment, news, *_reminders(appointment, now)),
        *notices(appointment, "changed", now, also_to=told_practitioners),
    )


def move_requested(appointment: Appointment, *, now: datetime) -> None:
    """Ask the patient, at once, to choose another time. What else waits still fits: the time stands."""
    _write(*_to_patient(appointment, row(appointment, Kind.MOVE_REQUESTED, due_at=now)))


def clocks_changed(appointments: Iterable[Appointment], *, now: datetime) -> None:
    """Keep what waits, for the wall times stand; move reminders with the instants; mend calendars.

    A calendar holds instants, so whoever has an entry gets it anew. Somebody whose first news is still
    waiting reads the right one there, and the clinic, whose diary shows wall times, has nothing to hear.
    """
    changed = {appointment.pk: appointment for appointment in appointments}
    # Locked, so that no worker takes one with the old instant in it unseen.
    queued = list(Message.objects.select_for_update(no_key=True).filter(appointment__in=changed).order_by("pk"))
    unsent = [message for message in queued if message.state in {State.WAITING, State.PARKED}]
    for message in unsent:  # One by one: faster than a bulk_update, whose statement Django is long in writing.
        _keep(message, changed[message.appointment_id or 0])
        message.save(update_fields=["content", "due_at"])
    has_entry = {message.appointment_id for message in queued if _left_with_a_file(message, now)}
    hears_anyway = {
        message.appointment_id for message in queued if message.kind in _NEWS and _waits_unclaimed(message, now)
    }
    mails = [
        mail
        for pk, appointment in changed.items()
        if pk in has_entry - hears_anyway and appointment.status == Status.BOOKED
        for mail in _to_patient(appointment, row(appointment, Kind.CLOCK_CHANGE, due_at=now))
    ]
    _write(*mails)


def cancelled(appointment: Appointment, *, now: datetime) -> None:
    """Drop what waits and tell everybody concerned, at once.

    The patient hears of it even if the confirmation never left: the website already said "booked".
    Whether there is a calendar entry to take out is decided when the mail is written.
    """
    told_practitioners = _practitioners_told(appointment, now)
    _drop_waiting(appointment, now)
    _write(
        *_to_patient(appointment, row(appointment, Kind.CANCELLED, due_at=now)),
        *notices(appointment, "cancelled", now, also_to=told_practitioners),
    )


def queue_contact(
    *,
    name: str,
    reply_to: str,
    phone: str,
    body: str,
    practitioner: Practitioner | None,
    page: str,
    now: datetime,
) -> None:
    """Queue a contact form's message. Sent twice on one day, the same words are one message."""
    content = {"name": name, "reply_to": reply_to, "phone": phone, "body": body, "page": page}
    identity = [content, practitioner.pk if practitioner else None, now.date().isoformat()]
    digest = hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:32]
    _write(Message(key=f"contact-{digest}", kind=Kind.CONTACT, practitioner=practitioner, content=content, due_at=now))


def waitlist_joined(entry: WaitlistEntry, *, now: datetime) -> None:
    """Queue the mail with the link; who asks again on another day gets it again."""
    today = now.astimezone(entry.location.zone).date()
    key = f"{Kind.WAITLIST_JOINED}-{entry.uid.hex}-{today.isoformat()}"
    _write(Message(key=key, kind=Kind.WAITLIST_JOINED, waitlist_entry=entry, due_at=now))


def time_came_free(offer: WaitlistOffer, *, now: datetime) -> None:
    """Queue the offer, at once: the time is held for an hour."""
    key = f"{Kind.WAITLIST_OFFER}-{offer.uid.hex}"
    _write(Message(key=key, kind=Kind.WAITLIST_OFFER, waitlist_offer=offer, due_at=now))


def can_reach(patient: Patient | None, by: str) -> bool:
    """Whether there is an address for this way. A caller for whom staff booked may have no e-mail."""
    if patient is None:
        return False
    return bool(patient.phone if by == Channel.TEXT else patient.email)


def _to_patient(appointment: Appointment, *messages: Message) -> Iterable[Message]:
    """These messages, without those that have no address to go to."""
    return [message for message in messages if can_reach(appointment.patient, message.channel)]


def _confirmation(appointment: Appointment, now: datetime) -> Message:
    """The first news of a time leaves after a short delay, in which a patient can mend a slip."""
    return row(appointment, Kind.CONFIRMATION, due_at=now + settings.BOOKING_CONFIRMATION_DELAY)


def _reminders(appointment: Appointment, now: datetime) -> Iterable[Message]:
    if not appointment.reminders:
        return
    for hours, due_at in reminders_of(appointment):
        if due_at > now:
            yield row(appointment, Kind.REMINDER, f"{hours}h", due_at=due_at, hours_before=hours)


def _keep(message: Message, appointment: Appointment) -> None:
    """Let a message that has not left fit the appointment as it is now."""
    message.content["sequence"] = appointment.sequence
    if message.kind == Kind.REMINDER and not message.attempts:  # After a failed try, due_at is when the next one comes.
        message.due_at = reminder_due(appointment, message.content["hours_before"])


def _left_with_a_file(message: Message, now: datetime) -> bool:
    """Also what a worker holds this instant: it may leave with the old instant in it."""
    is_leaving = message.state == State.WAITING and not _waits_unclaimed(message, now)
    has_one = message.kind in {*_NEWS, Kind.REMINDER} and message.channel == Channel.EMAIL
    return has_one and (message.state == State.SENT or is_leaving)


def _waits_unclaimed(message: Message, now: datetime) -> bool:
    return message.state == State.WAITING and (message.leased_until is None or message.leased_until <= now)


def _write(*messages: Message) -> None:
    # A key that is there already is the same message: leave it as it is.
    writing.insert_missing(messages)


def _drop_waiting(appointment: Appointment, now: datetime) -> None:
    """What a worker holds this instant is left to it: it looks at the appointment before it sends."""
    appointment.messages.filter(unclaimed(now), state=State.WAITING).update(state=State.DROPPED)


def unclaimed(now: datetime) -> Q:
    """What no worker holds at this instant."""
    return Q(leased_until__isnull=True) | Q(leased_until__lte=now)


def _sent_or_leaving(now: datetime) -> Q:
    return Q(state=State.SENT) | Q(state=State.WAITING, leased_until__gt=now)


def has_calendar_entry(appointment: Appointment, *, now: datetime) -> bool:
    """Whether a mail with a calendar file left, or may be leaving this instant."""
    with_a_file = appointment.messages.filter(kind__in=[*_NEWS, Kind.REMINDER], channel=Channel.EMAIL)
    return with_a_file.filter(_sent_or_leaving(now)).exists()


def _patient_was_told(appointment: Appointment, now: datetime) -> bool:
    news = appointment.messages.filter(kind__in=[Kind.CONFIRMATION, Kind.RESCHEDULED])
    return news.filter(_sent_or_leaving(now)).exists()


def _practitioners_told(appointment: Appointment, now: datetime) -> list[Practitioner]:
    """Who has heard of this appointment: somebody it was taken from hears of that, too."""
    notices = appointment.messages.filter(_sent_or_leaving(now), kind=Kind.CLINIC_NOTICE, practitioner__isnull=False)
    return list(Practitioner.objects.filter(pk__in=notices.values("practitioner")))
