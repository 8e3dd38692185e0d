"""htmx on the front desk: it swaps pages of /desk/ only; the browser itself loads every other page."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django_htmx.http import HttpResponseClientRedirect

from clinic.accounts.staff_area import DESK_PATH


def leave_the_desk(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Answer an htmx request that leads out of /desk/, such as to the login, with an order to load that page."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if not request.htmx:  # type: ignore[attr-defined]
            return get_response(request)
        if request.method == "GET" and not request.path.startswith(DESK_PATH):
            return HttpResponseClientRedirect(request.get_full_path())
        response = get_response(request)
        target = response.headers.get("Location", "")
        if target and not target.startswith(DESK_PATH):
            redirect = HttpResponseClientRedirect(target)
            redirect.cookies = response.cookies
            return redirect
        return response

    return middleware
