"""How often may somebody try to log in? Counted by ``booking.limits``, so that all workers agree.

Three counts, each spent before the try and given back when it succeeds:

- ``login``: of one network address, whatever the names;
- ``login by name``: of one name from one address;
- ``login of one account``: of one name from everywhere, but only from browsers in which that
  person has never logged in. Guessing from many addresses ends here, and cannot lock out the
  Owner at their own computer. A passkey names nobody before it has succeeded: it stays open, too.
"""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone

from booking import limits

COOKIE = "__Secure-staff-browser" if settings.IS_HTTPS else "staff-browser"
COOKIE_LASTS = timedelta(days=180)
_SALT = "clinic.staff.browser"

Tries = list[tuple[str, str]]


def spend(request: HttpRequest, name: str) -> Tries:
    """Count one try to log in with this name, or LimitReached. What was counted, to be given back."""
    name, address = folded(name), limits.network_of(request.META.get("REMOTE_ADDR", ""))
    tries = [("login", address), ("login by name", f"{address} {name}")] if address else []
    if _mark(name) not in marks_in(request):
        tries.append(("login of one account", name))
    return _spend(tries)


def spend_without_name(request: HttpRequest) -> Tries:
    address = limits.network_of(request.META.get("REMOTE_ADDR", ""))
    return _spend([("login", address)] if address else [])


def spend_code(user: Any) -> Tries:
    """Count one try at a second factor. Only who knows the password gets this far."""
    return _spend([("second factor", str(user.pk))])


def give_back(tries: Tries) -> None:
    now = timezone.now()
    for kind, who in tries:
        limits.give_back(kind, who, now=now)


def use_up_code(user: Any, code: str) -> bool:
    """True for the first who shows this code: it opens the door once, whichever worker is asked."""
    try:
        _spend([("code once", f"{user.pk} {''.join(code.split())}")])
    except limits.LimitReached:
        return False
    return True


def remember_browser(request: HttpRequest, response: HttpResponseBase, user: Any) -> None:
    """Leave a mark in this browser, for the login pages alone, that this person has logged in here."""
    marks = marks_in(request) | {_mark(folded(name)) for name in (user.username, user.email) if name}
    response.set_cookie(
        COOKIE,
        signing.dumps(sorted(marks)[:20], salt=_SALT),
        max_age=COOKIE_LASTS,
        path="/staff/",
        secure=settings.IS_HTTPS,
        httponly=True,
        samesite="Lax",
    )


def marks_in(request: HttpRequest) -> set[str]:
    """What this browser's cookie holds: a keyed hash of each name that has logged in here."""
    try:
        return set(signing.loads(request.COOKIES.get(COOKIE, ""), salt=_SALT, max_age=COOKIE_LASTS))
    except signing.BadSignature:
        return set()


def folded(name: str) -> str:
    return name.strip().casefold()[:150]


def _mark(name: str) -> str:
    return limits.key_of("staff browser", name)[:32]


def _spend(tries: Tries) -> Tries:
    now = timezone.now()
    for kind, who in tries:
        limits.spend(kind, who, now=now)
    return tries
