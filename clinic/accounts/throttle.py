"""Rate limits of login attempts, counted in the database by ``booking.rate_limits``, so that all processes share them.

Three limits, each consumed before the attempt and refunded when it succeeds:

- ``login``: attempts of one network address, with any name;
- ``login by name``: attempts of one name from one address;
- ``login of one account``: attempts of one name from any address, except in browsers in which that name
  has logged in before (a signed cookie). It stops distributed guessing without locking the owner out of their own
  computer. Passkey logins do not count, because they name no user until they succeed.
"""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone

from booking import rate_limits

COOKIE = "__Secure-staff-browser" if settings.IS_HTTPS else "staff-browser"
COOKIE_LASTS = timedelta(days=180)
_SALT = "clinic.accounts.browser"

Attempts = list[tuple[str, str]]


def throttle_login(request: HttpRequest, name: str) -> Attempts:
    """Consume one login attempt with this name, and return what ``refund_login`` takes.

    Raises RateLimitExceeded.
    """
    name, address = normalized_name(name), rate_limits.client_network(request.META.get("REMOTE_ADDR", ""))
    attempts = [*_from_networks(address), ("login by name", f"{address} {name}")]
    if known_names(request).isdisjoint(_name_hashes(name)):
        attempts.append(("login of one account", name))
    return _consume(attempts)


def throttle_passkey_login(request: HttpRequest) -> Attempts:
    address = rate_limits.client_network(request.META.get("REMOTE_ADDR", ""))
    return _consume(_from_networks(address))


def throttle_code(user: Any) -> Attempts:
    """Consume one attempt at a second factor, which comes after the right password."""
    return _consume([("second factor", str(user.pk))])


def refund_login(attempts: Attempts) -> None:
    now = timezone.now()
    for kind, who in attempts:
        rate_limits.refund(kind, who, now=now)


def consume_code(user: Any, code: str) -> bool:
    """Return whether this code has not been used before. Codes are single-use across all processes."""
    try:
        _consume([("code once", f"{user.pk} {''.join(code.split())}")])
    except rate_limits.RateLimitExceeded:
        return False
    return True


def remember_browser(request: HttpRequest, response: HttpResponseBase, user: Any) -> None:
    """Record in a signed cookie, sent to the login pages alone, that this user has logged in from this browser."""
    names = {normalized_name(name) for name in (user.username, user.email) if name}
    hashes = known_names(request) | {_name_hashes(name)[0] for name in names}
    response.set_cookie(
        COOKIE,
        signing.dumps(sorted(hashes)[:20], salt=_SALT),
        max_age=COOKIE_LASTS,
        path="/staff/",
        secure=settings.IS_HTTPS,
        httponly=True,
        samesite="Lax",
    )


def known_names(request: HttpRequest) -> set[str]:
    """Return the keyed hashes of the names that have logged in from this browser, from its cookie."""
    try:
        return set(signing.loads(request.COOKIES.get(COOKIE, ""), salt=_SALT, max_age=COOKIE_LASTS))
    except signing.BadSignature:
        return set()


def normalized_name(name: str) -> str:
    return name.strip().casefold()[:150]


def _name_hashes(name: str) -> list[str]:
    """Return the hashes of a name by the current key and by each earlier one, so that a new key forgets no browser."""
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return [rate_limits.bucket_key("staff browser", name, secret=key)[:32] for key in keys]


def _from_networks(address: str) -> Attempts:
    return [("login", network) for network in rate_limits.networks_of(address)]


def _consume(attempts: Attempts) -> Attempts:
    now = timezone.now()
    for kind, who in attempts:
        rate_limits.consume(kind, who, now=now)
    return attempts
