"""The panel of ``?do=keys``: which keys work on the desk, and how to switch them off."""

from booking.desk.calendar.page import CalendarPage, Panel
from booking.desk.calendar.view_settings import has_keys


def keys_panel(page: CalendarPage) -> Panel:
    return Panel("desk/calendar/_keys.html", {"has_keys": has_keys(page.request)})
