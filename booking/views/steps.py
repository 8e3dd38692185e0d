"""Where in the journey a page stands, and which page comes next."""

from django.urls import reverse

from booking.models import Appointment, Service
from booking.views.visitor import Visitor


def step(name: str, service: Service, new_patient: bool | None) -> str:
    """ "Step 2 of 4": the page about emergency signs counts only where it is shown."""
    pages = ["services", "times", "details", "check"]
    if service.shows_signs_to(new_patient):
        pages.insert(2, "safety")
    return f"Step {pages.index(name) + 1} of {len(pages)}"


def next_step(visitor: Visitor, hold: Appointment) -> str:
    """After a time is held: emergency signs where they belong, then the details, or back to the check."""
    if visitor.are_complete:
        return reverse("booking:check")
    return reverse("booking:safety" if hold.service.shows_signs_to(hold.is_first_visit) else "booking:details")
