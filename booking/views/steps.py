"""Where in the journey a page stands, and which page comes next."""

from functools import lru_cache

from django.urls import reverse

from booking.models import Appointment
from booking.views.visitor import Visitor

_STEPS = ("services", "times", "details", "check")


def step(name: str) -> str:
    """ "Step 2 of 4", the same for every visit.

    The page about emergency signs asks nothing, so it is no step: whether it comes depends on an
    answer, and counting it would let the numbers change on the way.
    """
    if name == "safety":
        return f"Before step 3 of {len(_STEPS)}"
    return f"Step {_STEPS.index(name) + 1} of {len(_STEPS)}"


def next_step(visitor: Visitor, hold: Appointment) -> str:
    """After a time is held: emergency signs where they belong, then the details, or back to the check."""
    if visitor.are_complete:
        return path_of("booking:check")
    has_read_signs = bool(visitor.answers)  # What is typed comes after them.
    shows_signs = hold.service.shows_signs_to(hold.is_first_visit) and not has_read_signs
    return path_of("booking:safety" if shows_signs else "booking:details")


@lru_cache(maxsize=16)  # They are the same for everybody.
def path_of(name: str) -> str:
    """The path of a page that needs no more to be named."""
    return reverse(name)
