"""Middleware that answers 400 when a request leads to a value that no column can hold: a giant number, NUL, no number.

Django checks such values in some lookups and not in others (filters over relations, ``__in``, autocompletes), and the
databases differ: SQLite raises OverflowError for giant numbers and takes NUL, PostgreSQL raises DataError for both. So
the values are checked where all of them pass: at the queries' parameters.
"""

import logging
import traceback
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.core.exceptions import SuspiciousOperation
from django.db import DataError, connection
from django.http import HttpRequest, HttpResponse

from clinic.web.errors.views import bad_request

logger = logging.getLogger("clinic.web")

_MIN_INT64, _MAX_INT64 = -(2**63), 2**63 - 1
_NUMERIC_VALUE_OUT_OF_RANGE = "22003"  # PostgreSQL's error code (SQLSTATE): a column of 32 bits, for example.


class UnstorableValue(SuspiciousOperation):
    """Raised for a query parameter that no column can hold. Django answers it with the 400 page."""


def check_parameters(execute: Any, sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
    """Execute wrapper that raises UnstorableValue before such a query, on every database."""
    for row in params or () if many else [params]:
        if not all(map(_is_storable, _values(row))):
            raise UnstorableValue
    try:
        return execute(sql, params, many, context)
    except DataError as error:
        if getattr(error.__cause__, "sqlstate", None) == _NUMERIC_VALUE_OUT_OF_RANGE:
            raise UnstorableValue from error
        raise


def _values(row: Any) -> Iterable[Any]:
    return row.values() if isinstance(row, Mapping) else row or ()


def _is_storable(value: Any) -> bool:
    if isinstance(value, int):
        return _MIN_INT64 <= value <= _MAX_INT64
    if isinstance(value, list | tuple):  # An array, which is one parameter on PostgreSQL.
        return all(map(_is_storable, value))
    return not (isinstance(value, str) and "\0" in value)


class StorableValuesMiddleware:
    """Check the parameters of every query, and answer 400 for a number that Python or a field cannot hold."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with connection.execute_wrapper(check_parameters):
            return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not (isinstance(exception, OverflowError) or _is_refused_by_a_field(exception)):
            return None
        # Where, but not the exception's text, which holds the value: it may be personal.
        places = [f"{frame.f_code.co_filename}:{line}" for frame, line in traceback.walk_tb(exception.__traceback__)]
        logger.warning("%s: a value fits no column or date (%s)", type(exception).__name__, ", ".join(places[-4:]))
        return bad_request(request, exception)


def _is_refused_by_a_field(exception: Exception) -> bool:
    """Whether a model field could not convert the value of a lookup, such as letters for a key."""
    if not isinstance(exception, ValueError):
        return False
    *_, (frame, _line) = traceback.walk_tb(exception.__traceback__)
    return frame.f_code.co_name == "get_prep_value" and frame.f_globals.get("__name__", "").startswith("django.db.")
