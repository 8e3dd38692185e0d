"""Choices of the rich text editor's link dialog: live pages, bookable services and practitioners."""

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext

from booking.models import Practitioner, Service
from content.models import Page, Revision


def link_choices() -> list[dict[str, Any]]:
    """Return groups of names and URLs, as JSON data."""
    live = Revision.objects.live(at=timezone.now()).values("page")
    pages = Page.objects.with_an_address().filter(pk__in=live).order_by("title")
    groups = {
        "Pages": [(page.title, page.get_absolute_url()) for page in pages],
        gettext("Appointments to book"): [
            (str(row), row.get_absolute_url()) for row in Service.objects.bookable().order_by("name")
        ],
        "Team": [(str(row), row.get_absolute_url()) for row in Practitioner.objects.active().order_by("name")],
    }
    return [
        {"label": label, "choices": [{"name": name, "address": address} for name, address in links if address]}
        for label, links in groups.items()
        if links
    ]
