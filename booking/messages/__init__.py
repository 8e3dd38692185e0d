"""The outbox: what people are told, written with the change that causes it and sent by the worker.

``queueing`` writes rows inside a command's transaction, ``fitting`` says whether a row still fits
its appointment, ``rendering`` turns it into a mail, and ``sending`` claims and sends what is due.
"""

from booking.messages.again import confirm_again, put_back, send_again
from booking.messages.queueing import (
    booked,
    cancelled,
    clocks_changed,
    move_requested,
    oldest_due,
    queue_contact,
    rescheduled,
    time_came_free,
    waitlist_joined,
)
from booking.messages.sending import MailServerAway, Tally, send_batch, send_due

__all__ = [
    "MailServerAway",
    "Tally",
    "booked",
    "cancelled",
    "clocks_changed",
    "confirm_again",
    "move_requested",
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
