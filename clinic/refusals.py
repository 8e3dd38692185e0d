"""Answer what cannot be answered: impossible addresses, forged or stale forms, and too many of them."""

import re
from collections.abc import Callable

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.views.defaults import page_not_found

from booking.limits import LimitReached
from booking.text import is_plain_digits
from booking.views.limited import too_many

_CONTENT_TYPE = re.compile(
    r"""[\w.+-]+/[\w.+-]+(\s*;\s*(boundary="?[\w'()+,./:=?-]{1,70}"?|charset="?utf-?8"?))*\s*;?\s*""",
    re.ASCII | re.IGNORECASE,
)
# Safe to read, and refused by refuse_other_encodings.
REFUSED_CONTENT_TYPE = "text/plain; charset=latin-1"


def refuse_impossible_addresses(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """A path with a control character is nowhere: PostgreSQL would fail on the NUL that SQLite takes."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if any(ord(character) < 32 or 0x7F <= ord(character) < 0xA0 for character in request.path_info):
            return not_found(request, LookupError())
        return get_response(request)

    return middleware


def refuse_other_encodings(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Our forms are UTF-8. Other codecs, which a request may name, fail on reading it or smuggle in half characters."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if not is_plain_content_type(request.META.get("CONTENT_TYPE", "")):
            return bad_request(request, LookupError())
        return get_response(request)

    return middleware


def is_plain_content_type(value: str) -> bool:
    """Whether a content type is one that browsers send: no codec but UTF-8, no parameter encoded in its own way."""
    return len(value) <= 300 and (not value or _CONTENT_TYPE.fullmatch(value) is not None)


def drop_impossible_cookies(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """A session or form cookie that we cannot have set is as good as none: no database is asked for it."""
    possible = {
        settings.SESSION_COOKIE_NAME: re.compile(r"[a-z0-9]{1,64}"),
        settings.CSRF_COOKIE_NAME: re.compile(r"[A-Za-z0-9]{1,128}"),
    }

    def middleware(request: HttpRequest) -> HttpResponse:
        for name, pattern in possible.items():
            if name in request.COOKIES and not pattern.fullmatch(request.COOKIES[name]):
                del request.COOKIES[name]
        return get_response(request)

    return middleware


def refuse_huge_bodies(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Only staff upload files. Anybody else's would be kept on the disk until the request is answered."""

    def middleware(request: HttpRequest) -> HttpResponse:
        length = request.META.get("CONTENT_LENGTH") or "0"
        is_small = is_plain_digits(length) and len(length) < 10 and int(length) <= settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        if not is_small and not (request.user.is_active and request.user.is_staff):
            return bad_request(request, LookupError(), status=413)
        return get_response(request)

    return middleware


class LimitsMiddleware:
    """Whichever view finds that somebody does something too often: one page (429) says so."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        return too_many(request, exception) if isinstance(exception, LimitReached) else None


def bad_request(request: HttpRequest, exception: Exception, status: int = 400) -> HttpResponse:
    """The page for a request that makes no sense. It trusts nothing of the request, the host included."""
    return HttpResponse(render_to_string("400.html"), status=status)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The page for an address that leads nowhere; a plain one where the database does not answer."""
    try:
        return page_not_found(request, exception)
    except DatabaseError:
        return HttpResponse(render_to_string("404_plain.html"), status=404)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The page for a form whose token is missing or old: says how to try again, and leads there."""
    response = render(request, "403_csrf.html", {"again": request.get_full_path()}, status=403)
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex"
    return response
