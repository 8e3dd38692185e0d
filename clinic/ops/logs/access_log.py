"""One log line for each request (ACCESS_LOG=on): no address, path, query, user or header."""

import logging
import time
from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpRequest, HttpResponseBase

from clinic.ops.logs.routes import method_of, route_of

logger = logging.getLogger("clinic.access")


def access_log_middleware(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    if not settings.ACCESS_LOG:
        raise MiddlewareNotUsed

    def middleware(request: HttpRequest) -> HttpResponseBase:
        started = time.perf_counter()
        response = get_response(request)
        fields = {
            "method": method_of(request),
            "route": route_of(request),
            "status": response.status_code,
            "duration_ms": round((time.perf_counter() - started) * 1000, 1),
            "bytes": _size_of(response),
        }
        logger.info("%(method)s %(route)s %(status)s %(duration_ms)s ms %(bytes)s bytes", fields, extra=fields)
        return response

    return middleware


def _size_of(response: HttpResponseBase) -> int | str:
    """Return the size of the body, or "-" for one that is streamed."""
    return "-" if response.streaming else len(getattr(response, "content", b""))
