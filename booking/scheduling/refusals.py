"""Why a command did nothing. Each carries a sentence for a person: what happened, what to do."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from booking.scheduling.openings import Opening


class Refused(Exception):
    """A command that was refused. Nothing was changed."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class NotOffered(Refused):
    """What was asked for is not on offer: not this service, practitioner, place or kind of patient."""


class StartTaken(Refused):
    """The time is not free (any more). ``nearest`` holds up to three free ones close to it."""

    def __init__(
        self,
        message: str = "This time is no longer free. Please choose another one.",
        nearest: Sequence["Opening"] = (),
    ) -> None:
        super().__init__(message)
        self.nearest = list(nearest)


class TooLate(Refused):
    """A patient asked for a change after the cancellation window began."""


class WrongState(Refused):
    """The appointment's state does not allow this change."""


class AlreadyBooked(Refused):
    """This hold has become an appointment by another submission."""


class OfferGone(Refused):
    """A time offered to somebody on the waitlist is no longer held for them."""

    def __init__(self, message: str = "This time is no longer held for you.") -> None:
        super().__init__(message)


class HeldLongEnough(Refused):
    """A time has been held for as long as one visitor may keep it from others."""


class Lost(Exception):
    """Found under the lock: somebody else has this time now.

    It never leaves the package: a command answers with StartTaken, but only once the lock is given
    back, because looking for the nearest free times takes a moment.
    """
