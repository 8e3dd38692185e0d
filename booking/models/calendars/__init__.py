"""Practitioners' own calendars elsewhere, and the times that they are busy there."""

from booking.models.calendars.busy_times import BusyTime
from booking.models.calendars.external import ExternalCalendar, reads_calendar

__all__ = ["BusyTime", "ExternalCalendar", "reads_calendar"]
