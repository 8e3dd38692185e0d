"""Middleware that rejects malformed requests: control characters, other charsets, oversized bodies, rate limits."""

import re
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from booking.rate_limits import RateLimitExceeded
from booking.text_cleaning import is_plain_digits
from booking.views.rate_limited import rate_limited_response
from clinic.accounts.second_factor import has_office_access
from clinic.web.errors.views import bad_request, not_found

_CONTENT_TYPE = re.compile(
    r"""[\w.+-]+/[\w.+-]+(\s*;\s*(boundary="?[\w'()+,./:=?-]{1,70}"?|charset="?utf-?8"?))*\s*;?\s*""",
    re.ASCII | re.IGNORECASE,
)
# Django can decode it, and reject_other_charsets answers it with 400 (see clinic/wsgi.py).
REFUSED_CONTENT_TYPE = "text/plain; charset=latin-1"


def reject_control_characters(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Answer a path that contains a control character with 404: PostgreSQL raises an error on NUL, SQLite does not."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if any(ord(character) < 32 or 0x7F <= ord(character) < 0xA0 for character in request.path_info):
            return not_found(request, LookupError())
        return get_response(request)

    return middleware


def reject_other_charsets(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Answer other charsets than UTF-8 with 400: a request's codec may raise errors or decode to lone surrogates."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if not is_plain_content_type(request.META.get("CONTENT_TYPE", "")):
            return bad_request(request, LookupError())
        return get_response(request)

    return middleware


def is_plain_content_type(value: str) -> bool:
    """Return whether a browser would send this content type: UTF-8, and no encoded parameters (RFC 2231)."""
    return len(value) <= 300 and (not value or _CONTENT_TYPE.fullmatch(value) is not None)


def drop_impossible_cookies(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Ignore session and CSRF cookies that the site cannot have set, without a database query."""
    patterns = {
        settings.SESSION_COOKIE_NAME: re.compile(r"[a-z0-9]{1,64}"),
        settings.CSRF_COOKIE_NAME: re.compile(r"[A-Za-z0-9]{1,128}"),
    }

    def middleware(request: HttpRequest) -> HttpResponse:
        for name, pattern in patterns.items():
            if name in request.COOKIES and not pattern.fullmatch(request.COOKIES[name]):
                del request.COOKIES[name]
        return get_response(request)

    return middleware


def limit_body_size(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Answer large bodies with 413, except those of staff, who upload files: Django would write them to disk."""

    def middleware(request: HttpRequest) -> HttpResponse:
        length = request.META.get("CONTENT_LENGTH") or "0"
        is_small = is_plain_digits(length) and len(length) < 10 and int(length) <= settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        if not is_small and not has_office_access(request):
            return bad_request(request, LookupError(), status=413)
        return get_response(request)

    return middleware


class RateLimitMiddleware:
    """Answer RateLimitExceeded, raised by any view, with the 429 page."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        return rate_limited_response(request, exception) if isinstance(exception, RateLimitExceeded) else None
