"""/book/: choose a service."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from booking.models import Service
from booking.private_pages import private_page
from booking.statistics.pages import published_name
from booking.views.book.steps import hold_summary
from booking.views.errors import invalid_params_page
from booking.views.query_params import InvalidParams, format_visit_kind, parse_visit_kind, single_values
from booking.views.session import BookingSession

AUDIENCES = (
    (Service.Audience.ANYONE, "For everyone"),
    (Service.Audience.NEW, "New patients"),
    (Service.Audience.RETURNING, "Returning patients"),
)


@private_page
@require_safe
def services(request: HttpRequest) -> HttpResponse:
    """List the services open to new or to returning patients, by the ``visit`` parameter."""
    try:
        values = single_values(request.GET, {"visit", "from"})
        new_patient = parse_visit_kind(values.get("visit", ""))
    except InvalidParams as error:
        return invalid_params_page(request, error)
    rows = Service.objects.bookable().with_offers().select_related("first_visit_service")
    open_rows = [service for service in rows if service.is_open_to(new_patient)]
    groups = [(title, [row for row in open_rows if row.audience == audience]) for audience, title in AUDIENCES]
    context = {
        "groups": [group for group in groups if group[1]],
        "visit": format_visit_kind(new_patient),
        "came_from": published_name(values.get("from", "")),
    } | hold_summary(BookingSession(request), timezone.now())
    return render(request, "booking/book/services.html", context)
