"""The page that visitors get instead of a 404 until the clinic has published its home page."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from booking.site_context import site_context_of
from clinic.accounts.second_factor import has_office_access

RETRY_AFTER = 3600  # seconds, for search engines
# Addresses that are no pages for visitors: a 404 is right there.
OTHERS = ("/admin/", "/desk/", "/staff/", "/appointment/", "/preview/", "/media/", "/static/", "/.well-known/")


def page_instead_of_404(request: HttpRequest) -> HttpResponse | None:
    """Return the page with status 503, so that search engines come back; None once a home page is published."""
    if request.path.startswith(OTHERS) or "home" in site_context_of(request).names["live_kinds"]:
        return None
    response = render(request, "being_set_up.html", {"is_staff": has_office_access(request)}, status=503)
    response.headers["Retry-After"] = str(RETRY_AFTER)
    response.headers["Cache-Control"] = "no-store"
    return response
