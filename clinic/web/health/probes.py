"""``/livez`` and ``/readyz``: health checks for balancers and service managers, which ask every few seconds.

They are answered above every middleware that could refuse or redirect them, to any Host, over http and https.
``/healthz/`` is for people and monitors. docs/decisions/health-checks.md compares them.
"""

import ipaddress
from collections.abc import Callable

from django.conf import settings
from django.db import Error
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.views.decorators.http import require_safe

from clinic.accounts.second_factor import has_office_access
from clinic.web.health.readiness import reasons_not_ready
from clinic.web.proxies import IS_LOCAL

LIVE_PATH, READY_PATH = "/livez", "/readyz"


def probe_middleware(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Answer probes. Comes after the middleware that finds out the client's address, before everything else."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.path_info not in {LIVE_PATH, READY_PATH}:
            return get_response(request)
        if request.method not in {"GET", "HEAD"}:
            return HttpResponseNotAllowed(["GET", "HEAD"])
        if request.path_info == LIVE_PATH:
            return plain_response("live")
        reasons = reasons_not_ready()
        if not reasons:
            return plain_response("ready")
        if is_local(request):
            return plain_response("\n".join(reasons), status=503)
        if settings.SESSION_COOKIE_NAME in request.COOKIES and "database" not in reasons:
            return get_response(request)  # Perhaps staff: the view below knows.
        return plain_response("not ready", status=503)

    return middleware


@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """Say to staff what is missing. Everybody else is answered by ``probe_middleware``."""
    reasons = reasons_not_ready()
    if not reasons:
        return plain_response("ready")
    return plain_response("\n".join(reasons) if may_see_details(request) else "not ready", status=503)


def may_see_details(request: HttpRequest) -> bool:
    """Whether the request comes from this machine or from staff."""
    try:
        return is_local(request) or has_office_access(request)
    except Error:
        return False


def is_local(request: HttpRequest) -> bool:
    """Whether the request comes from this machine: over the loopback interface, or the unix socket."""
    if request.META.get(IS_LOCAL):
        return True
    try:
        return ipaddress.ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False  # A unix socket that is not trusted.


def plain_response(text: str, status: int = 200) -> HttpResponse:
    return HttpResponse(text + "\n", content_type="text/plain", status=status, headers={"Cache-Control": "no-store"})
