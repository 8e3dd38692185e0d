"""Error pages: invalid query parameters, and services that cannot be booked online."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from booking.models import Service
from booking.views.query_params import InvalidParams, SearchParams, times_url


def invalid_params_page(
    request: HttpRequest, error: InvalidParams, service: Service | None = None, params: SearchParams | None = None
) -> HttpResponse:
    """Say what is wrong with the query parameters, with a link back to the times page."""
    on = (
        times_url(service, SearchParams(new_patient=params.new_patient) if params else SearchParams())
        if service
        else None
    )
    context = {"message": error.message, "service": service, "on": on}
    return render(request, "booking/invalid_params.html", context, status=error.status)


def not_bookable_page(request: HttpRequest, slug: str) -> HttpResponse:
    """404 page of a service that cannot be booked online. Raises Http404 for an unknown slug."""
    service = Service.objects.filter(slug=slug).first()
    if service is None:
        raise Http404("No such service.")
    return render(request, "booking/not_bookable.html", {"service": service}, status=404)
