"""The URL pattern of a request, for logs, metrics and error reports: a path may hold a token, a pattern cannot."""

from django.conf import settings
from django.http import HttpRequest
from django.urls import Resolver404, resolve

UNMATCHED = "unmatched"
STATIC = "static"
PROBE_PATHS = ("/livez", "/readyz", "/healthz/", "/healthz")
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}


def route_of(request: HttpRequest) -> str:
    """Return the pattern in the URLconf, such as ``/admin/booking/patient/<path:object_id>/change/``.

    Middleware that answers by itself, such as the page cache, does so before Django looks up the pattern.
    """
    match = request.resolver_match
    if match is None:
        if request.path_info.startswith(settings.STATIC_URL):
            return STATIC
        try:
            match = resolve(request.path_info)
        except Resolver404:
            return UNMATCHED
    return f"/{match.route}"


def method_of(request: HttpRequest) -> str:
    """Return the request's method, or "other": a client may send any word."""
    return str(request.method) if request.method in METHODS else "other"
