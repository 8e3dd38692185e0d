"""The next free time on a page: written at once, or left out until the rest of the page is there."""

import secrets
from datetime import datetime
from functools import lru_cache

from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe

from booking import scheduling
from booking.context import Facts
from booking.models import Practitioner, Service
from booking.scheduling import Opening

# Stands where the time belongs. Nobody can have typed it: each process makes up its own.
LATER = mark_safe(f"<!-- {secrets.token_hex(16)} -->")  # noqa: S308


def find(now: datetime, *, service: Service, practitioner: Practitioner | None = None) -> Opening | None:
    """The first free time of a service, perhaps with one person; a kept page asks again each second."""
    return scheduling.next_free(service=service, practitioner=practitioner, now=now)


@lru_cache(maxsize=64)
def in_html(opening: Opening | None, facts: Facts) -> SafeString:
    """What a page says of an opening, or of there being none."""
    context = {"next_free": opening, "clinic": facts.clinic, "locations": facts.locations}
    return render_to_string("content/_next_free_at.html", context)
