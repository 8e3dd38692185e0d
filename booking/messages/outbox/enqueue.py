"""Insert outbox rows. Commands call these functions in the transaction of the change.

A row stores the appointment's sequence: a later change makes it stale, even if a worker has claimed it
(see ``delivery.staleness``). Its unique key is an idempotency key: the same message is never queued twice.
"""

import hashlib
import json
from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from django.db.models import Q

from booking.intake.asked import is_wanted
from booking.messages.outbox.factory import build_message, idempotency_key
from booking.messages.outbox.reminders import form_reminder_of, reminder_due, reminders_of, useful_until
from booking.messages.outbox.staff_notices import staff_notices_for
from booking.models import (
    Appointment,
    Channel,
    Message,
    Patient,
    Practitioner,
    Status,
    WaitlistEntry,
    WaitlistOffer,
)

Kind, State = Message.Kind, Message.State
NEWS = (Kind.CONFIRMATION, Kind.RESCHEDULED, Kind.CLOCK_CHANGE)  # Each carries the current calendar file.


def enqueue_booking(appointment: Appointment, *, now: datetime, tell_patient: bool = True) -> None:
    """Queue the confirmation, the reminders and the staff notices of a new appointment.

    ``tell_patient`` False: without the confirmation, as the patient knows of it.
    """
    news = [_confirmation(appointment, now)] if tell_patient else []
    to_patient = to_reachable(appointment, *news, *reminders_ahead(appointment, now))
    enqueue(*to_patient, *staff_notices_for(appointment, "booked", now))


def enqueue_confirm_request(appointment: Appointment, *, now: datetime, detail: str = "") -> None:
    """Queue the request to confirm a booking, due now: the patient waits for it. Staff hear of it once confirmed.

    ``detail`` distinguishes a further request with a new link.
    """
    enqueue(*to_reachable(appointment, build_message(appointment, Kind.CONFIRM_REQUEST, detail, due_at=now)))


def enqueue_reschedule(appointment: Appointment, *, now: datetime, tell_patient: bool = True) -> None:
    """Drop unsent messages about the old time and queue those about the new one: its reminders in any case."""
    was_notified = _patient_was_notified(appointment, now)
    notified_practitioners = _notified_practitioners(appointment, now)
    _drop_waiting(appointment, now)
    news = _confirmation(appointment, now)
    if was_notified:
        news.kind = Kind.RESCHEDULED
        news.key = idempotency_key(appointment, Kind.RESCHEDULED)
    enqueue(
        *to_reachable(appointment, *([news] if tell_patient else []), *reminders_ahead(appointment, now)),
        *staff_notices_for(appointment, "changed", now, also_to=notified_practitioners),
    )


def enqueue_move_request(appointment: Appointment, *, now: datetime) -> None:
    """Queue the request to choose another time, due now. Other unsent messages stay valid: the time has not changed."""
    enqueue(*to_reachable(appointment, build_message(appointment, Kind.MOVE_REQUESTED, due_at=now)))


def enqueue_running_late(appointment: Appointment, *, late_minutes: int, now: datetime) -> bool:
    """Queue the news that the practitioner is late, due now. Returns whether something was queued.

    Nobody is told twice of the same delay, or of a shorter one.
    """
    known = appointment.messages.filter(kind=Kind.RUNNING_LATE, content__sequence=appointment.sequence)
    if known.exclude(state=State.DROPPED).filter(content__late_minutes__gte=late_minutes).exists():
        return False
    detail = str(known.count() + 1)
    news = build_message(appointment, Kind.RUNNING_LATE, detail, due_at=now, late_minutes=late_minutes)
    reachable = to_reachable(appointment, news)
    enqueue(*reachable)
    return bool(reachable)


def channel_of_delay(appointment: Appointment) -> Channel | None:
    """The channel by which the patient would hear that we are late; None without an address."""
    news = build_message(appointment, Kind.RUNNING_LATE, due_at=appointment.starts_at)
    return Channel(news.channel) if can_reach(appointment.patient, news.channel) else None


def refresh_after_retime(appointments: Iterable[Appointment], *, now: datetime) -> None:
    """Update unsent messages after a change of time zone data, and queue new calendar files.

    The wall times have not changed, so unsent messages stay valid; reminders move with the instants. Calendar
    entries contain instants, so patients who have one get a new file, unless a message that carries it is still
    unsent. Staff see wall times and get no notice.
    """
    by_pk = {appointment.pk: appointment for appointment in appointments}
    # Lock the rows, so that no worker claims one with the old instant meanwhile.
    queued = list(Message.objects.select_for_update(no_key=True).filter(appointment__in=by_pk).order_by("pk"))
    unsent = [message for message in queued if message.state in {State.WAITING, State.PARKED}]
    for message in unsent:
        _update_unsent(message, by_pk[message.appointment_id or 0])
    Message.objects.bulk_update(unsent, ["content", "due_at"])
    has_entry = {message.appointment_id for message in queued if _was_sent_with_calendar_file(message, now)}
    has_unsent_news = {
        message.appointment_id for message in queued if message.kind in NEWS and _is_unclaimed(message, now)
    }
    new_messages = [
        message
        for pk, appointment in by_pk.items()
        if pk in has_entry - has_unsent_news and appointment.status == Status.BOOKED
        for message in to_reachable(appointment, build_message(appointment, Kind.CLOCK_CHANGE, due_at=now))
    ]
    enqueue(*new_messages)


def enqueue_cancellation(appointment: Appointment, *, now: datetime, tell_patient: bool = True) -> None:
    """Drop unsent messages and queue the cancellation for the patient and staff, due now.

    The patient gets it even if the confirmation was never sent, because the website has confirmed the booking.
    Whether to attach a cancelling calendar file is decided when the e-mail is rendered.
    """
    notified_practitioners = _notified_practitioners(appointment, now)
    _drop_waiting(appointment, now)
    news = [build_message(appointment, Kind.CANCELLED, due_at=now)] if tell_patient else []
    enqueue(
        *to_reachable(appointment, *news),
        *staff_notices_for(appointment, "cancelled", now, also_to=notified_practitioners),
    )


def enqueue_restored(appointment: Appointment, *, now: datetime) -> None:
    """Queue the messages of an appointment whose cancellation was taken back.

    The patient gets a confirmation if the cancellation has left, because calendars do not revive a cancelled entry,
    or if the first confirmation was still unsent when the appointment was cancelled. Staff hear of it if they heard
    of the cancellation.
    """
    cancellations = appointment.messages.filter(_sent_or_leaving(now), content__sequence=appointment.sequence - 1)
    was_told = cancellations.filter(kind=Kind.CANCELLED).exists()
    staff_were_told = cancellations.filter(kind=Kind.CLINIC_NOTICE).exists()
    was_never_confirmed = not _patient_was_notified(appointment, now)
    notified_practitioners = _notified_practitioners(appointment, now)
    _drop_waiting(appointment, now)
    owes_first = was_never_confirmed and appointment.messages.filter(kind__in=NEWS, state=State.DROPPED).exists()
    news = [_confirmation(appointment, now)] if was_told or owes_first else []
    enqueue(*to_reachable(appointment, *news, *reminders_ahead(appointment, now)))
    if staff_were_told:
        enqueue(*staff_notices_for(appointment, "booked", now, also_to=notified_practitioners))


def patient_must_hear_of_move_back(appointment: Appointment, *, now: datetime) -> bool:
    """Whether moving an appointment back has to be told: news of its present time has left, or is its first news."""
    news = appointment.messages.filter(kind__in=NEWS, content__sequence=appointment.sequence)
    if news.filter(_sent_or_leaving(now)).exists():
        return True
    return news.filter(state=State.WAITING).exists() and not _patient_was_notified(appointment, now)


def requeue_after_undo(appointment: Appointment, *, now: datetime) -> None:
    """Queue again what the worker dropped while the appointment was marked as arrived, attended or no-show.

    Reminders that are still useful, and the confirmation if the patient has none of the present time.
    """
    if appointment.starts_at <= now:
        return
    own = appointment.messages.filter(content__sequence=appointment.sequence)
    dropped = list(own.filter(state=State.DROPPED, kind__in=[*NEWS, Kind.REMINDER]).order_by("-due_at", "-pk"))
    again = [
        message.pk
        for message in dropped
        if message.kind == Kind.REMINDER and now < useful_until(appointment, message.content["hours_before"])
    ]
    if not own.filter(kind__in=NEWS, state__in=[*Message.LEFT, State.WAITING, State.PARKED]).exists():
        again += [message.pk for message in dropped if message.kind in NEWS][:1]
    Message.objects.filter(pk__in=again).update(state=State.WAITING, attempts=0, leased_until=None)
    enqueue(*to_reachable(appointment, *reminders_ahead(appointment, now)))


def enqueue_contact_message(
    *,
    name: str,
    reply_to: str,
    phone: str,
    body: str,
    practitioner: Practitioner | None,
    page: str,
    now: datetime,
) -> None:
    """Queue a message from the contact form. Identical submissions on one day (UTC) are one message."""
    content = {"name": name, "reply_to": reply_to, "phone": phone, "body": body, "page": page}
    fields = [content, practitioner.pk if practitioner else None, now.date().isoformat()]
    digest = hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()[:32]
    enqueue(Message(key=f"contact-{digest}", kind=Kind.CONTACT, practitioner=practitioner, content=content, due_at=now))


def enqueue_waitlist_joined(entry: WaitlistEntry, *, now: datetime) -> None:
    """Queue the e-mail with the entry's manage link, at most once per local day."""
    today = now.astimezone(entry.location.zone).date()
    key = f"{Kind.WAITLIST_JOINED}-{entry.uid.hex}-{today.isoformat()}"
    enqueue(Message(key=key, kind=Kind.WAITLIST_JOINED, waitlist_entry=entry, due_at=now))


def enqueue_waitlist_offer(offer: WaitlistOffer, *, now: datetime) -> None:
    """Queue the offer, due now."""
    key = f"{Kind.WAITLIST_OFFER}-{offer.uid.hex}"
    enqueue(Message(key=key, kind=Kind.WAITLIST_OFFER, waitlist_offer=offer, due_at=now))


def can_reach(patient: Patient | None, by: str) -> bool:
    """Whether the patient has an address for this channel. Patients booked by phone may have no e-mail address."""
    if patient is None or patient.is_made_up:
        return False
    return bool(patient.phone if by == Channel.TEXT else patient.email)


def to_reachable(appointment: Appointment, *messages: Message) -> list[Message]:
    """Filter out messages whose channel the patient has no address for."""
    return [message for message in messages if can_reach(appointment.patient, message.channel)]


def _confirmation(appointment: Appointment, now: datetime) -> Message:
    """Build a confirmation, due after a short delay in which a patient can correct a mistake."""
    return build_message(appointment, Kind.CONFIRMATION, due_at=now + settings.BOOKING_CONFIRMATION_DELAY)


def reminders_ahead(appointment: Appointment, now: datetime) -> Iterable[Message]:
    if not appointment.reminders:
        return
    for hours, due_at in reminders_of(appointment):
        if due_at > now:
            yield build_message(appointment, Kind.REMINDER, f"{hours}h", due_at=due_at, hours_before=hours)
    yield from _form_reminder(appointment, now)


def _form_reminder(appointment: Appointment, now: datetime) -> Iterable[Message]:
    """The one email that asks for a form that is not done, unless it was sent already, about another time perhaps."""
    hours, due_at = form_reminder_of(appointment) or (0, now)
    is_ahead = due_at > now and is_wanted(appointment, now)
    if is_ahead and not appointment.messages.filter(_sent_or_leaving(now), kind=Kind.FORM_REMINDER).exists():
        yield build_message(appointment, Kind.FORM_REMINDER, due_at=due_at, hours_before=hours)


def _update_unsent(message: Message, appointment: Appointment) -> None:
    """Set an unsent message's sequence and due time to match the appointment."""
    message.content["sequence"] = appointment.sequence
    # After a failed attempt, due_at is the retry time.
    if message.kind in {Kind.REMINDER, Kind.FORM_REMINDER} and not message.attempts:
        message.due_at = reminder_due(appointment, message.content["hours_before"])


def _was_sent_with_calendar_file(message: Message, now: datetime) -> bool:
    """Whether it was sent with a calendar file. A claimed message counts: it may be sent with the old instant."""
    is_leaving = message.state == State.WAITING and not _is_unclaimed(message, now)
    has_calendar_file = message.kind in {*NEWS, Kind.REMINDER} and message.channel == Channel.EMAIL
    return has_calendar_file and (message.state in Message.LEFT or is_leaving)


def _is_unclaimed(message: Message, now: datetime) -> bool:
    return message.state == State.WAITING and (message.leased_until is None or message.leased_until <= now)


def enqueue(*messages: Message) -> None:
    # An existing key is the same message, so a conflict is ignored.
    Message.objects.bulk_create(messages, ignore_conflicts=True)


def _drop_waiting(appointment: Appointment, now: datetime) -> None:
    """Drop unsent messages, except claimed ones: the worker checks those for staleness before sending."""
    appointment.messages.filter(unclaimed(now), state=State.WAITING).update(state=State.DROPPED)


def unclaimed(now: datetime) -> Q:
    """Filter for messages without a live lease."""
    return Q(leased_until__isnull=True) | Q(leased_until__lte=now)


def _sent_or_leaving(now: datetime) -> Q:
    return Q(state__in=Message.LEFT) | Q(state=State.WAITING, leased_until__gt=now)


def has_calendar_entry(appointment: Appointment, *, now: datetime) -> bool:
    """Whether an e-mail with a calendar file was sent, or is claimed and may be sent."""
    with_calendar_file = appointment.messages.filter(kind__in=[*NEWS, Kind.REMINDER], channel=Channel.EMAIL)
    return with_calendar_file.filter(_sent_or_leaving(now)).exists()


def _patient_was_notified(appointment: Appointment, now: datetime) -> bool:
    news = appointment.messages.filter(kind__in=[Kind.CONFIRMATION, Kind.RESCHEDULED])
    return news.filter(_sent_or_leaving(now)).exists()


def _notified_practitioners(appointment: Appointment, now: datetime) -> list[Practitioner]:
    """Practitioners who got a notice about this appointment: they are notified of changes, too."""
    notices = appointment.messages.filter(_sent_or_leaving(now), kind=Kind.CLINIC_NOTICE, practitioner__isnull=False)
    return list(Practitioner.objects.filter(pk__in=notices.values("practitioner")))
