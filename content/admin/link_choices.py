"""What a link in a text can be chosen from: our own pages, visits and people, as readers find them today."""

from typing import Any

from django.utils import timezone

from booking.models import Practitioner, Service
from content.models import Page, Revision


def link_choices() -> list[dict[str, Any]]:
    """Groups of names and addresses for the editor's link dialog."""
    live = Revision.objects.live(at=timezone.now()).values("page")
    pages = Page.objects.with_an_address().filter(pk__in=live).order_by("title")
    groups = {
        "Pages": [(page.title, page.get_absolute_url()) for page in pages],
        "Visits to book": [(str(one), one.get_absolute_url()) for one in Service.objects.bookable().order_by("name")],
        "Team": [(str(one), one.get_absolute_url()) for one in Practitioner.objects.active().order_by("name")],
    }
    return [
        {"label": label, "choices": [{"name": name, "address": address} for name, address in found if address]}
        for label, found in groups.items()
        if found
    ]
