"""Believe forwarded addresses only from the front servers that TRUSTED_PROXIES names."""

import ipaddress
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

FORWARDED = (
    "HTTP_X_FORWARDED_FOR",
    "HTTP_X_FORWARDED_PROTO",
    "HTTP_X_FORWARDED_HOST",
    "HTTP_X_FORWARDED_PORT",
    "HTTP_FORWARDED",
)


def trust_only_named_proxies(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Set REMOTE_ADDR and the scheme to the client's own, and drop every forwarded header.

    The client is the rightmost address that is not itself a trusted proxy: anything further left
    was typed by whoever sent the request.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        meta = request.META
        if is_trusted(meta.get("REMOTE_ADDR", "")):
            hops = [hop.strip() for hop in meta.get("HTTP_X_FORWARDED_FOR", "").split(",") if hop.strip()]
            while hops and is_trusted(hops[-1]):
                hops.pop()
            if hops and is_address(hops[-1]):
                meta["REMOTE_ADDR"] = hops[-1]
            proto = meta.get("HTTP_X_FORWARDED_PROTO", "").strip().lower()
            if proto in {"http", "https"}:
                meta["wsgi.url_scheme"] = proto
        for name in FORWARDED:
            meta.pop(name, None)
        return get_response(request)

    return middleware


def is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def is_trusted(address: str) -> bool:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(parsed in network for network in settings.TRUSTED_PROXIES)
