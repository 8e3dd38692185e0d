"""/desk/: the day as a grid, with a panel for a visit, a gap, or what is next."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from booking.desk.calendar.page import load_page, render_page
from booking.desk.panels import chosen_panel
from booking.staff.access import staff_page


@require_safe
@staff_page("booking.view_appointment", own="booking.view_own_day")
def day(request: HttpRequest) -> HttpResponse:
    """The day that ``?day=`` names, else today. The panel is part of the page, so it works without JavaScript."""
    page = load_page(request, request.GET)
    return render_page(page, chosen_panel(page))
