"""Where in the journey a page stands, and which page comes next."""

from django.urls import reverse

from booking.models import Appointment, Service
from booking.views.visitor import Visitor


def step(name: str, service: Service, new_patient: bool | None) -> str:
    """ "Step 2 of 4": the page about emergency signs counts only where it is shown."""
    pages = ["services", "times", "details", "check"]
    if shows_signs(service, new_patient):
        pages.insert(2, "safety")
    return f"Step {pages.index(name) + 1} of {len(pages)}"


def shows_signs(service: Service, new_patient: bool | None) -> bool:
    return service.shows_emergency_signs and new_patient is not False


def next_step(visitor: Visitor, hold: Appointment) -> str:
    """After a time is held: emergency signs where they belong, then the details, or back to the check."""
    if visitor.are_complete:
        return reverse("booking:check")
    return reverse("booking:safety" if shows_signs(hold.service, hold.is_first_visit) else "booking:details")
