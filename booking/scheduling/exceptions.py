"""Exceptions that commands raise. ``message`` is text for the user: what happened and what to do."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.dispatch import Signal
from django.utils.translation import gettext, ngettext

from booking.rate_limits import RateLimitExceeded

if TYPE_CHECKING:
    from booking.scheduling.types import Slot


refused = Signal()  # For statistics. Argument: ``kind``, the name of the exception's class.


class SchedulingError(Exception):
    """Base class: the command was rejected and changed nothing."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message
        refused.send_robust(sender=None, kind=type(self).__name__)


class NotBookable(SchedulingError):
    """The service, practitioner, location or kind of patient does not allow this booking."""


class SlotTaken(SchedulingError):
    """The slot is not free, or not any more. ``nearest`` holds up to three available slots close to it."""

    def __init__(
        self,
        message: str = "This time is no longer free. Please choose another one.",
        nearest: Sequence["Slot"] = (),
    ) -> None:
        super().__init__(message)
        self.nearest = list(nearest)


class BasketTaken(SlotTaken):
    """Some times of a basket, or for it, are not free: nothing was booked or held. ``starts`` names them.

    ``references``: those of the appointments, where two may have one start.
    """

    def __init__(self, starts: Sequence[datetime], references: Collection[str] = ()) -> None:
        super().__init__()
        self.starts, self.references = sorted(starts), set(references)


class BasketFull(NotBookable):
    """The basket has as many times as the service allows in one go."""

    def __init__(self, limit: int) -> None:
        super().__init__(
            ngettext(
                "You can book one appointment at a time here.",
                "You can book up to %(limit)s appointments in one go. To choose another time, remove one first.",
                limit,
            )
            % {"limit": limit}
        )


class TooLate(SchedulingError):
    """A patient requested a change inside the cancellation window."""


class WrongStatus(SchedulingError):
    """The appointment's status, or the actor, does not allow this change."""


class PatientDisposed(WrongStatus):
    """The patient's details were removed: nothing can be stored about them any more."""

    def __init__(self) -> None:
        super().__init__(gettext("This patient's details have been removed."))


class NotBlocked(SchedulingError):
    """The time cannot be blocked as asked, or not by this user."""


class AlreadyBooked(SchedulingError):
    """Another submission has already turned this hold into an appointment."""


class VisitOverlaps(SchedulingError):
    """The patient has, or may have, another visit at that time. Repeat the command with ``accepts_overlap``."""


class NotConfirmed(SchedulingError):
    """The booking was not confirmed in time, or needs no confirmation."""


class OfferGone(SchedulingError):
    """The slot of a waitlist offer is no longer held."""

    def __init__(self, message: str = "This time is no longer held for you.") -> None:
        super().__init__(message)


class HoldLimitReached(SchedulingError):
    """The hold has been extended as often as is allowed."""


class CallToBook(RateLimitExceeded):
    """This appointment is booked by phone: a limit is reached, or staff have decided so.

    The page and its headers are the same in each case, so that nobody learns which it was.
    """

    def __init__(self) -> None:
        # A constant retry time: the real one would reveal when the patient's next visit takes place.
        super().__init__("call to book", timedelta(days=1))


class LostRace(Exception):
    """Raised when another transaction took the slot first. Internal to this package.

    Commands convert it to SlotTaken after the lock is released, because the query for the nearest
    slots is slow.
    """
