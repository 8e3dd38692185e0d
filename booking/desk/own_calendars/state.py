"""What a calendar's state is, in words."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext, ngettext

from booking.calendars.external_calendars import host_of
from booking.formatting import clock, full_stop, moment
from booking.models import ExternalCalendar

HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class CalendarRow:
    """A calendar in the list. ``tone`` is that of its tag."""

    calendar: ExternalCalendar
    name: str
    state: str
    tone: str
    busy_count: int
    read_ago: str  # "4 minutes ago.", "" if never.
    tried_ago: str

    @property
    def problem(self) -> str:
        return self.calendar.get_last_problem_display() if self.calendar.last_problem else ""


def calendar_row(calendar: ExternalCalendar, busy_count: int, now: datetime) -> CalendarRow:
    host = host_of(calendar)
    name = f"{calendar.label} ({host})" if calendar.label and host else calendar.label or host or gettext("Calendar")
    if calendar.is_unread(now):
        state, tone = gettext("Can't be read"), "rose"
    elif calendar.last_problem:
        state, tone = gettext("The last try failed"), "straw"
    else:
        state, tone = gettext("Works"), "meadow"
    read, tried = (full_stop(read_ago(at, now)) if at else "" for at in (calendar.last_read_at, calendar.last_tried_at))
    return CalendarRow(calendar, name, state, tone, busy_count, read, tried)


def read_ago(at: datetime, now: datetime) -> str:
    """just now; 4 minutes ago; today, 9:00 a.m.; Mon, Nov 23, 9:00 a.m."""
    age = now - at
    if timedelta() <= age < timedelta(minutes=1):
        return gettext("just now")
    if timedelta() <= age < HOUR:
        minutes = age // timedelta(minutes=1)
        return ngettext("%(n)s minute ago", "%(n)s minutes ago", minutes) % {"n": minutes}
    local = timezone.localtime(at)
    if local.date() == timezone.localdate(now):
        return gettext("today, %(time)s") % {"time": clock(local)}
    return moment(local, timezone.localdate(now))
