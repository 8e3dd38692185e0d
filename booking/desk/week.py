"""/desk/week/: the week of one practitioner as a grid of days, with the day's panels."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from booking.desk.calendar.page import load_page, render_page
from booking.desk.calendar.params import WEEK_VIEW
from booking.desk.panels import chosen_panel
from booking.staff.access import staff_page


@require_safe
@staff_page("booking.view_appointment", own="booking.view_own_day")
def week(request: HttpRequest) -> HttpResponse:
    """The week of ``?day=`` and ``?with=``; a practitioner's role gets their own."""
    page = load_page(request, request.GET, WEEK_VIEW)
    return render_page(page, chosen_panel(page))
