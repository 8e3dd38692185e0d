"""Trust X-Forwarded-For and X-Forwarded-Proto only from the reverse proxies in TRUSTED_PROXIES."""

import ipaddress
import logging
import re
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from clinic.ops.logs.routes import PROBE_PATHS

FORWARDED = (
    "HTTP_X_FORWARDED_FOR",
    "HTTP_X_FORWARDED_PROTO",
    "HTTP_X_FORWARDED_HOST",
    "HTTP_X_FORWARDED_PORT",
    "HTTP_FORWARDED",
)
# A peer on a unix socket has no address: gunicorn leaves REMOTE_ADDR empty, nginx writes "unix:".
UNIX_PEERS = ("", "unix:")
# In request.META: the request came over the trusted unix socket, and not from the front server, which always names its
# client. So it comes from this machine. No header can set it.
IS_LOCAL = "clinic.is_local"
MISCONFIGURED = "This site is not set up correctly. If you look after it, read its log.\n"
_HOP_WITH_PORT = re.compile(r"\[(?P<v6>[^\]]+)\](:\d+)?|(?P<v4>[\d.]+):\d+", re.ASCII)
_MAX_LOGGED_PEERS = 20

logger = logging.getLogger(__name__)


def trusted_proxy_middleware(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Set REMOTE_ADDR and the scheme to the client's, and remove all forwarded headers.

    The client is the rightmost X-Forwarded-For address that is not a trusted proxy: a client can forge
    everything to the left of it. The scheme is the first of X-Forwarded-Proto, as in Django's
    SECURE_PROXY_SSL_HEADER: a client who forges it only misses the redirect to https.

    On an https site, a front server that is not trusted, or that does not forward the scheme, would make every
    request a redirect to itself. Such a request is answered with 503, and the log says what to set.
    """
    logged: set[str] = set()

    def middleware(request: HttpRequest) -> HttpResponse:
        meta = request.META
        peer, proto = meta.get("REMOTE_ADDR", ""), first_proto(meta)
        is_proxy, is_forwarded = is_trusted(peer), bool(meta.get("HTTP_X_FORWARDED_FOR", "").strip())
        meta[IS_LOCAL] = is_proxy and peer in UNIX_PEERS and "HTTP_X_FORWARDED_FOR" not in meta
        if is_proxy:
            meta["REMOTE_ADDR"] = client_of(peer, meta.get("HTTP_X_FORWARDED_FOR", ""))
            if proto:
                meta["wsgi.url_scheme"] = proto
        for name in FORWARDED:
            meta.pop(name, None)
        if request.path_info in PROBE_PATHS:  # They may come by IP address, under any Host header and over http.
            meta["HTTP_HOST"] = settings.ALLOWED_HOSTS[0]
        elif settings.SECURE_SSL_REDIRECT and not request.is_secure():
            problem = ""
            if not is_proxy and proto == "https":
                problem = f"is not in TRUSTED_PROXIES. If it is your front server, add {peer or 'unix'} there."
            elif is_proxy and is_forwarded and not proto:
                problem = "sends no X-Forwarded-Proto. Let it set that header to the scheme of the request."
            if problem:
                if peer not in logged and len(logged) < _MAX_LOGGED_PEERS:
                    logged.add(peer)
                    logger.error("The front server at %s %s", peer or "the unix socket", problem)
                return HttpResponse(MISCONFIGURED, status=503, content_type="text/plain")
        return get_response(request)

    return middleware


def first_proto(meta: dict[str, Any]) -> str:
    """Return "http" or "https", the first scheme in X-Forwarded-Proto; "" if there is none."""
    proto = str(meta.get("HTTP_X_FORWARDED_PROTO", "")).partition(",")[0].strip().lower()
    return proto if proto in {"http", "https"} else ""


def client_of(peer: str, forwarded_for: str) -> str:
    """Return the client's address in an X-Forwarded-For header that a trusted proxy sent; else the proxy's own."""
    hops = [without_port(hop.strip()) for hop in forwarded_for.split(",") if hop.strip()]
    while hops and is_trusted(hops[-1]):
        hops.pop()
    return hops[-1] if hops and parsed_address(hops[-1]) else peer


def without_port(hop: str) -> str:
    """Return the address of a hop such as ``203.0.113.9:4711``, ``[2001:db8::1]:443`` or ``"[2001:db8::1]"``."""
    hop = hop.strip('"')
    match = _HOP_WITH_PORT.fullmatch(hop)
    return (match["v6"] or match["v4"]) if match else hop


def parsed_address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Parse an address; one of IPv4 that a dual-stack socket shows as IPv6 (::ffff:127.0.0.1) becomes IPv4."""
    try:
        parsed = ipaddress.ip_address(text)
    except ValueError:
        return None
    return (parsed.ipv4_mapped or parsed) if isinstance(parsed, ipaddress.IPv6Address) else parsed


def is_trusted(address: str) -> bool:
    if address in UNIX_PEERS:
        return bool(settings.TRUST_UNIX_SOCKET)
    parsed = parsed_address(address)
    return parsed is not None and any(parsed in network for network in settings.TRUSTED_PROXIES)
