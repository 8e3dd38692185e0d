"""The addresses of the panels' forms."""

from collections.abc import Callable
from functools import wraps

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_http_methods

from booking.desk.calendar.params import CalendarParams
from booking.staff.access import visible_visits

View = Callable[..., HttpResponse]


def panel_or_form(name: str) -> Callable[[View], View]:
    """POST obeys the form. GET, such as a reload after a refusal, leads to the panel ``?do=<name>`` of the visit."""

    def decorate(view: View) -> View:
        @require_http_methods(["GET", "HEAD", "POST"])
        @wraps(view)
        def checked(request: HttpRequest, reference: str) -> HttpResponse:
            if request.method == "POST":
                return view(request, reference)
            visit = get_object_or_404(visible_visits(request).agreed(), reference=reference)
            return redirect(CalendarParams(visit.local_on, appointment=visit.reference, do=name).url())

        return checked

    return decorate
