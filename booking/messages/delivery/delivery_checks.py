"""Ask the SMS gateway whether accepted text messages arrived; one that did not goes by e-mail, or to staff.

A gateway accepts a message before it knows whether the phone can be reached. It is asked after some minutes, then at
growing intervals. Claiming a check is one conditional UPDATE that sets the time of the next one, so a message is
checked by one worker at a time, and again after a crash. The result is written only to the message as it was claimed:
a text message that did not arrive is queued as an e-mail once.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from booking.messages.delivery.failures import explain_undelivered
from booking.messages.delivery.staleness import is_still_true
from booking.messages.delivery.transports import TransportUnavailable
from booking.messages.outbox.enqueue import can_reach
from booking.messages.sms import gateway
from booking.messages.sms.gateway import DeliveryReport, DeliveryStatus
from booking.models import Channel, Message

# After sending, then between two checks; after the last one the delivery counts as unconfirmed. About a day.
CHECK_MINUTES = (5, 10, 15, 30, 60, 120, 240, 480, 480)
LONGEST_WAIT = timedelta(minutes=max(CHECK_MINUTES))
LAST_CHECK = timedelta(days=3)  # Even if the gateway was unavailable each time.
MAX_CONSECUTIVE_FAILURES = 3

Delivery, State = Message.Delivery, Message.State


def first_check(channel: Channel, provider_id: str, sent_at: datetime) -> dict[str, Any]:
    """Return the fields of a message that was just accepted: when to ask whether it arrived."""
    if channel != Channel.TEXT:
        return {"delivery_check_at": None}  # It may have been a text message before, whose ``delivery`` stays.
    first = sent_at + timedelta(minutes=CHECK_MINUTES[0]) if provider_id else None
    return {"provider_id": provider_id, "delivery": "", "delivery_check_at": first, "delivery_checks": 0}


def check_deliveries(
    *, now: datetime, limit: int = 50, stopping: Callable[[], bool] = lambda: False
) -> tuple[int, int]:
    """Ask about up to ``limit`` text messages. Returns how many arrived and how many did not.

    Raises TransportUnavailable if the gateway cannot be asked for now.
    """
    due = Message.objects.filter(delivery_check_at__lte=now).order_by("delivery_check_at", "pk")
    due = due.select_related(*(f"appointment__{relation}" for relation in ("patient", "service", "location")))
    sms_gateway, arrived, failed, consecutive_failures = gateway.configured_gateway(), 0, 0, 0
    for message in due[:limit]:
        if stopping():
            break
        if not _claim(message, now):
            continue
        try:
            report = sms_gateway.delivery_of(message.provider_id)
        except gateway.SmsGatewayUnavailable as error:
            _release(message, now)
            raise TransportUnavailable(str(error)) from error
        except gateway.SmsOutcomeUnknown as error:
            consecutive_failures += 1
            report = DeliveryReport(DeliveryStatus.PENDING)
            if consecutive_failures == MAX_CONSECUTIVE_FAILURES:
                record_report(message, report, now)
                raise TransportUnavailable("The text-message service didn't say whether it arrived.") from error
        else:
            consecutive_failures = 0
        if record_report(message, report, now):
            arrived += report.status == DeliveryStatus.DELIVERED
            failed += report.status == DeliveryStatus.UNDELIVERED
    return arrived, failed


def _claim(message: Message, now: datetime) -> bool:
    """Set the time of the next check. Returns False if another worker has done so."""
    checks = message.delivery_checks + 1
    next_at = now + timedelta(minutes=CHECK_MINUTES[min(checks, len(CHECK_MINUTES) - 1)])
    claimed = Message.objects.filter(pk=message.pk, delivery_check_at=message.delivery_check_at)
    if not claimed.update(delivery_check_at=next_at, delivery_checks=checks):
        return False
    message.delivery_check_at, message.delivery_checks = next_at, checks
    return True


def _release(message: Message, now: datetime) -> None:
    """Do not count a check that got no answer, unless the message was sent long ago."""
    if message.sent_at is None or now - message.sent_at > LAST_CHECK:
        _update(message, delivery=Delivery.UNCONFIRMED, delivery_check_at=None)
    else:
        _update(message, delivery_check_at=now, delivery_checks=message.delivery_checks - 1)


def record_report(message: Message, report: DeliveryReport, now: datetime) -> bool:
    """Write the result down. Returns False if the message has changed since it was claimed."""
    if report.status == DeliveryStatus.DELIVERED:
        return _update(message, delivery=Delivery.DELIVERED, delivery_check_at=None)
    if report.status == DeliveryStatus.UNDELIVERED:
        return _update(message, delivery=Delivery.UNDELIVERED, delivery_check_at=None, **_instead(message, report, now))
    is_last = message.delivery_checks >= len(CHECK_MINUTES)
    if report.status == DeliveryStatus.UNKNOWN or is_last:
        return _update(message, delivery=Delivery.UNCONFIRMED, delivery_check_at=None)
    return True


def _instead(message: Message, report: DeliveryReport, now: datetime) -> dict[str, Any]:
    """Return the fields that queue the message as an e-mail, or park it for staff; none if it is out of date."""
    patient = message.appointment.patient if message.appointment else None
    channel = Channel.EMAIL if can_reach(patient, Channel.EMAIL) else Channel.TEXT
    if not is_still_true(message, now=now, by=channel):
        return {}
    advice = explain_undelivered(report.code).advice
    if channel == Channel.TEXT:
        return {"state": State.PARKED, "last_error": f"{advice} Then choose Send again."}
    return {
        "state": State.WAITING,
        "channel": channel,
        "attempts": 0,
        "due_at": now,
        "sent_at": None,
        "last_error": f"{advice} It goes by email instead.",
    }


def _update(message: Message, **fields: Any) -> bool:
    """Write the fields unless the message has been changed since it was claimed."""
    as_claimed = Message.objects.filter(
        pk=message.pk,
        state=State.SENT,
        provider_id=message.provider_id,
        delivery_check_at=message.delivery_check_at,
    )
    return bool(as_claimed.update(**fields))
