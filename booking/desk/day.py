"""/desk/: the day as a grid, with a panel for a visit, a gap, or what is next."""

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from booking.desk.calendar.page import load_page, render_page
from booking.desk.panels import chosen_panel
from booking.staff.access import may_see_calendar, staff_page


@require_safe
def day(request: HttpRequest) -> HttpResponseBase:
    """The desk's first page: the calendar; for a privacy officer, who sees no diary, the privacy pages."""
    user: Any = request.user
    if user.has_perm("booking.view_accesslogentry") and not may_see_calendar(user):
        return redirect("desk:privacy")
    return _calendar(request)


@staff_page("booking.view_appointment", own="booking.view_own_day")
def _calendar(request: HttpRequest) -> HttpResponse:
    """The day that ``?day=`` names, else today. The panel is part of the page, so it works without JavaScript."""
    page = load_page(request, request.GET)
    return render_page(page, chosen_panel(page))
