"""The outbox: what people are told, written with the change that causes it and sent by the worker.

``queueing`` writes rows inside a command's transaction, ``fitting`` says whether a row still fits
its appointment, ``rendering`` turns it into a mail and ``texts`` into a text message, ``sending``
claims and sends what is due by one of the ``carriers``, and ``keeping`` looks after the rest.
"""

from booking.messages.again import can_send_again, confirm_again, put_back, send_again
from booking.messages.carriers import MailServerAway, ServiceAway
from booking.messages.keeping import after_a_clock_jump, forget, nothing_leaves, oldest_due
from booking.messages.lost_links import links_asked_for
from booking.messages.queueing import (
    booked,
    cancelled,
    clocks_changed,
    move_requested,
    of_booking,
    queue_contact,
    rescheduled,
    time_came_free,
    waitlist_joined,
)
from booking.messages.sending import Tally, channels, send_batch, send_due

__all__ = [
    "MailServerAway",
    "ServiceAway",
    "Tally",
    "after_a_clock_jump",
    "booked",
    "can_send_again",
    "cancelled",
    "channels",
    "clocks_changed",
    "confirm_again",
    "forget",
    "links_asked_for",
    "move_requested",
    "nothing_leaves",
    "of_booking",
    "oldest_due",
    "put_back",
    "queue_contact",
    "rescheduled",
    "send_again",
    "send_batch",
    "send_due",
    "time_came_free",
    "waitlist_joined",
]
