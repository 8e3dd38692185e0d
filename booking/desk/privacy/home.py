"""/desk/privacy/: the privacy officer's first page."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from booking.staff.access import desk_page, shows_no_times, staff_page


@require_safe
@staff_page("booking.view_accesslogentry")
@shows_no_times
def home(request: HttpRequest) -> HttpResponse:
    return desk_page(request, "desk/privacy/home.html", {"section": "privacy"})
