"""Transactional outbox for e-mails and text messages (SMS).

``outbox`` inserts Message rows in the transaction of the change that they report. The worker runs ``delivery``:
claim due messages, drop stale ones, send, retry with backoff, clean up. ``rendering`` turns a row into an e-mail
or a text message, and ``sms`` contains the SMS gateways.
"""

from booking.messages.delivery.delivery_checks import check_deliveries
from booking.messages.delivery.maintenance import (
    delayed_messages,
    delete_old_bodies,
    is_delivery_failing,
    oldest_due_at,
    repair_after_clock_jump,
)
from booking.messages.delivery.resend import can_resend, release_parked, resend, resend_confirmation
from booking.messages.delivery.send import Tally, channels, send_batch, send_due
from booking.messages.delivery.sent_elsewhere import (
    count_sent_elsewhere,
    delivery_checks_due,
    last_sent_at,
    withhold_sent_elsewhere,
)
from booking.messages.delivery.staleness import is_emailed
from booking.messages.delivery.transports import SmtpUnavailable, TransportUnavailable
from booking.messages.outbox.enqueue import (
    can_reach,
    channel_of_delay,
    enqueue_booking,
    enqueue_cancellation,
    enqueue_confirm_request,
    enqueue_contact_message,
    enqueue_move_request,
    enqueue_reschedule,
    enqueue_restored,
    enqueue_running_late,
    enqueue_waitlist_joined,
    enqueue_waitlist_offer,
    patient_must_hear_of_move_back,
    refresh_after_retime,
    requeue_after_undo,
)
from booking.messages.outbox.link_requests import enqueue_link_request
from booking.messages.rendering.email import sender_of
from booking.messages.rendering.preview import PreviewUnavailable, preview_email
from booking.messages.rendering.wording import DEFAULT_WORDING, with_defaults

__all__ = [
    "DEFAULT_WORDING",
    "PreviewUnavailable",
    "SmtpUnavailable",
    "Tally",
    "TransportUnavailable",
    "can_reach",
    "can_resend",
    "channel_of_delay",
    "channels",
    "check_deliveries",
    "count_sent_elsewhere",
    "delayed_messages",
    "delete_old_bodies",
    "delivery_checks_due",
    "enqueue_booking",
    "enqueue_cancellation",
    "enqueue_confirm_request",
    "enqueue_contact_message",
    "enqueue_link_request",
    "enqueue_move_request",
    "enqueue_reschedule",
    "enqueue_restored",
    "enqueue_running_late",
    "enqueue_waitlist_joined",
    "enqueue_waitlist_offer",
    "is_delivery_failing",
    "is_emailed",
    "last_sent_at",
    "oldest_due_at",
    "patient_must_hear_of_move_back",
    "preview_email",
    "refresh_after_retime",
    "release_parked",
    "repair_after_clock_jump",
    "requeue_after_undo",
    "resend",
    "resend_confirmation",
    "send_batch",
    "send_due",
    "sender_of",
    "with_defaults",
    "withhold_sent_elsewhere",
]
