"""Measure each request: duration, status, database time, page cache."""

import time
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.db import connection
from django.http import HttpRequest, HttpResponseBase

from clinic.ops.logs.routes import method_of, route_of

PAGE_CACHE_RESULT = "clinic.page_cache"  # In request.META, set by the page cache.

BEING_SET_UP = "being set up"  # Instead of 503: no error (clinic/web/errors/being_set_up.py).


class QueryTimer:
    """An ``execute_wrapper`` that adds up the queries of one request and their time."""

    def __init__(self) -> None:
        self.count, self.seconds = 0, 0.0

    def __call__(self, execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any) -> Any:
        started = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            self.count += 1
            self.seconds += time.perf_counter() - started


def metrics_middleware(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    if not settings.METRICS_BIND:
        raise MiddlewareNotUsed
    from clinic.ops.metrics import recorders

    def middleware(request: HttpRequest) -> HttpResponseBase:
        timer, started = QueryTimer(), time.perf_counter()
        with connection.execute_wrapper(timer):
            response = get_response(request)
        elapsed, route = time.perf_counter() - started, route_of(request)
        status = BEING_SET_UP if getattr(request, "is_being_set_up", False) else response.status_code
        recorders.REQUESTS.labels(route, method_of(request), status).observe(elapsed)
        if timer.count:
            recorders.DATABASE_SECONDS.labels(route).inc(timer.seconds)
            recorders.DATABASE_QUERIES.labels(route).inc(timer.count)
        if PAGE_CACHE_RESULT in request.META:
            recorders.PAGE_CACHE.labels(request.META[PAGE_CACHE_RESULT]).inc()
        return response

    return middleware
