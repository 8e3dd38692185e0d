"""The worker's task: read the external calendars that are due."""

import logging
import time
from datetime import datetime

from django.utils import timezone

from booking.calendars.read import INTERVAL, read, window
from booking.models import BusyTime, ExternalCalendar

logger = logging.getLogger(__name__)
CHECK_INTERVAL = 30.0  # seconds between two looks at what is due
RUN_LIMIT = 300.0  # seconds; what is left is due in the next round


def read_due_calendars() -> str:
    """Read each calendar that is due, longest due first. Returns a sentence for the log, without names."""
    started, results = time.monotonic(), []
    BusyTime.objects.filter(ends_at__lte=window(timezone.now())[0]).delete()
    due = ExternalCalendar.objects.read().filter(next_read_at__lte=timezone.now()).order_by("next_read_at", "pk")
    for calendar in due.select_related("practitioner__user"):
        if time.monotonic() - started > RUN_LIMIT:
            break
        if _claim(calendar, timezone.now()):
            results.append(_read(calendar))
    failed = results.count(False)
    return f"Own calendars: {len(results) - failed} read, {failed} could not be read." if failed else ""


def _read(calendar: ExternalCalendar) -> bool:
    """Read one calendar. An error that nobody foresaw is logged, and keeps no other calendar from being read."""
    try:
        return read(calendar, now=timezone.now())
    except Exception as error:  # Its text may quote the calendar.
        logger.error("An external calendar could not be read: %s", type(error).__name__)
        return False


def _claim(calendar: ExternalCalendar, now: datetime) -> bool:
    """Put the next reading off, so that one worker of several reads it. The row count says which."""
    rows = ExternalCalendar.objects.filter(pk=calendar.pk, next_read_at=calendar.next_read_at)
    return bool(rows.update(next_read_at=now + INTERVAL))
