"""Count the steps of online booking, without cookies or a visitor's key.

Call ``count_step()`` after the step is done and outside its transaction: a count that cannot be written is lost, and
must not undo a booking. docs/decisions/booking-step-counts.md says what is counted and what is not.
"""

import logging
import re
from datetime import date, datetime
from typing import Any
from urllib.parse import urlsplit

from django.db import DatabaseError
from django.db.models import F
from django.http import HttpRequest
from django.utils import timezone

from booking import rate_limits
from booking.models import BookingStepCount, Location, Service
from booking.site_context import site_context_of

logger = logging.getLogger(__name__)

# Crawlers name themselves; of those that don't, most send no User-Agent at all.
_CRAWLER = re.compile(r"bot\b|bot[/_-]|crawl|spider|slurp|preview|monitor|fetch|python|curl|wget|headless|scan", re.I)
_AHEAD = re.compile(r"prefetch|prerender|preview", re.I)
_AHEAD_HEADERS = ("Sec-Purpose", "Purpose", "X-Moz", "X-Purpose")


def count_step(
    request: HttpRequest, step: BookingStepCount.Step, *, service: Service, location: Location | None, now: datetime
) -> None:
    """Add one to the step's count of the day, unless the request is a crawler's, a prefetch or one of the staff's."""
    if not is_visitor(request):
        return
    try:
        _increment(_day(request, location, now), step, service, location)
    except DatabaseError:
        logger.warning("A step of booking was not counted.", exc_info=True)


def is_visitor(request: HttpRequest) -> bool:
    """Whether a person who is not logged in asked for the page in order to see it now."""
    agent = request.headers.get("User-Agent", "")
    is_ahead = any(_AHEAD.search(request.headers.get(name, "")) for name in _AHEAD_HEADERS)
    is_crawler = not agent or _CRAWLER.search(agent) is not None
    return request.method in {"GET", "POST"} and not is_ahead and not is_crawler and _is_logged_out(request)


def came_from_same_page(request: HttpRequest) -> bool:
    """Whether the visitor was on this address already, with other parameters: such as another day of the same page."""
    try:
        return urlsplit(request.headers.get("Referer", "")[:2000]).path == request.path
    except ValueError:  # Not an address.
        return False


def _is_logged_out(request: HttpRequest) -> bool:
    return bool(rate_limits.client_address(request))


def _day(request: HttpRequest, location: Location | None, now: datetime) -> date:
    """The day at the location; without one, at the clinic's first, so that all steps of one evening are on one day."""
    place = location or site_context_of(request).location
    return timezone.localdate(now, place.zone if place else None)


def _increment(day: date, step: BookingStepCount.Step, service: Service, location: Location | None) -> None:
    """One UPDATE; a day's first count inserts the row, too."""
    key: dict[str, Any] = {"day": day, "step": step, "service": service, "location": location}
    rows = BookingStepCount.objects.filter(**key)  # None matches NULL here.
    if not rows.update(count=F("count") + 1):
        BookingStepCount.objects.bulk_create([BookingStepCount(**key)], ignore_conflicts=True)
        rows.update(count=F("count") + 1)
