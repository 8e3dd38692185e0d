"""The page that visitors get for pages that do not exist yet, until the clinic has published its home page."""

from collections.abc import Callable

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from booking.site_context import site_context_of
from clinic.accounts.second_factor import has_office_access
from content.models import Page, Revision

RETRY_AFTER = 3600  # seconds, for search engines


def being_set_up_middleware(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if response.status_code != 404 or not is_for_a_page(request):
            return response
        try:
            return response if had_home_page(request) else being_set_up(request)
        except DatabaseError:
            return response

    return middleware


def is_for_a_page(request: HttpRequest) -> bool:
    """Whether the address is one of the clinic's pages. An address of nothing is not found at any time."""
    match = request.resolver_match
    return (
        request.method in {"GET", "HEAD"}
        and match is not None
        and match.namespace == "content"
        and match.url_name not in {"preview", "page", "page_below"}  # The last two match addresses of nothing, too.
    )


def had_home_page(request: HttpRequest) -> bool:
    """Whether a home page is published, or was: a site whose home page is hidden for a while is set up."""
    if Page.Kind.HOME in site_context_of(request).names["live_kinds"]:
        return True
    return Revision.objects.filter(page__kind=Page.Kind.HOME).ever_live(at=timezone.now()).exists()


def being_set_up(request: HttpRequest) -> HttpResponse:
    """Render the page with status 503, so that search engines come back."""
    request.is_being_set_up = True  # type: ignore[attr-defined]  # For log and metrics: no error.
    response = render(request, "being_set_up.html", {"is_staff": has_office_access(request)}, status=503)
    response.headers["Retry-After"] = str(RETRY_AFTER)
    response.headers["Cache-Control"] = "no-store"
    return response
