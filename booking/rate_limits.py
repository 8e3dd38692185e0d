"""Rate limits: fixed windows for each network or e-mail address, counted in the database.

``settings.BOOKING_LIMITS`` gives each kind its limit and its window; a window starts with the first
use. A view calls ``consume_for_request()`` with the kind; the middleware turns ``RateLimitExceeded``
into a page with status 429 that offers to submit the same form again::

    rate_limits.consume_for_request(request, "contact", now=now)
    rate_limits.consume_for_request(request, "waitlist", email=form.cleaned_data["email"], now=now)

Consume after the form is valid, so that typing mistakes do not count, and outside any transaction:
the bucket's row stays locked until the transaction ends. Logged-in staff are not rate limited: the
front desk books for callers all day.
"""

import hashlib
import ipaddress
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import F
from django.dispatch import Signal
from django.http import HttpRequest
from django.utils.crypto import salted_hmac
from django.utils.module_loading import import_string

from booking.models import RateLimitBucket

RateLimitKey = tuple[str, str]  # The kind, and the network or e-mail address that is counted.
UNKNOWN_NETWORK = "unknown"
_SALT = "booking.rate_limits"
_NETWORK_BITS = 64  # A household or phone is assigned a whole IPv6 /64 and may use any address in it.
_SITE_BITS = 48  # A subscriber may be assigned as much as an IPv6 /48, which is 65,536 networks (RFC 6177).
SITE_FACTOR = 4  # times the limit of one network


limit_reached = Signal()  # For statistics. Argument: ``kind``, as in BOOKING_LIMITS.


class RateLimitExceeded(Exception):
    """Raised when the limit of a kind is reached; ``retry_after`` is the rest of the window."""

    def __init__(self, kind: str, retry_after: timedelta) -> None:
        super().__init__(kind)
        self.kind, self.retry_after = kind, retry_after
        limit_reached.send_robust(sender=None, kind=kind)


def consume_for_request(request: HttpRequest, kind: str, *, now: datetime, email: str = "") -> None:
    """Count one use by this visitor, and by this e-mail address if one is given.

    Raises RateLimitExceeded if the limit of either is reached.
    """
    _consume_each(_uses(request, kind, email), now)


@contextmanager
def consuming(request: HttpRequest, kind: str, *, now: datetime, email: str = "") -> Iterator[None]:
    """``consume_for_request()`` as a context manager: refunds the use if its body raises.

    A limit that the body meets is not refunded: whoever learns of it has to pay for each guess.
    """
    consume_for_request(request, kind, email=email, now=now)
    try:
        yield
    except RateLimitExceeded:
        raise
    except Exception:
        refund_for_request(request, kind, email=email, now=now)
        raise


def refund_for_request(request: HttpRequest, kind: str, *, now: datetime, email: str = "") -> None:
    """Undo ``consume_for_request()``."""
    for use in _uses(request, kind, email):
        refund(*use, now=now)


def _uses(request: HttpRequest, kind: str, email: str) -> list[RateLimitKey]:
    """What a request is counted for: its network, the wider one of IPv6, the e-mail address. Nothing for staff."""
    uses = [(kind, network) for network in networks_of(client_address(request))]
    if email and not _is_staff(request):
        uses.append((f"{kind} by e-mail", email.casefold()))
    return uses


def client_address(request: HttpRequest) -> str:
    """The visitor's IPv4 address or IPv6 /64 network; "" for staff, who are not counted.

    REMOTE_ADDR is the client's: the middleware accepts X-Forwarded-For from TRUSTED_PROXIES only.
    """
    return "" if _is_staff(request) else client_network(request.META.get("REMOTE_ADDR", ""))


def client_network(address: str) -> str:
    """The network that shares one bucket with this IP address. All unknown addresses share one: UNKNOWN_NETWORK."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return UNKNOWN_NETWORK
    if parsed.version == 6 and parsed.ipv4_mapped:
        parsed = parsed.ipv4_mapped
    if parsed.version == 4:
        return str(parsed)
    return str(ipaddress.ip_network((parsed, _NETWORK_BITS), strict=False))


def site_network(network: str) -> str:
    """The IPv6 /48 that a /64 from ``client_network()`` is part of, whose limit is ``SITE_FACTOR`` times as high.

    "" for any other network.
    """
    if ":" not in network:
        return ""
    return str(ipaddress.ip_network(network).supernet(new_prefix=_SITE_BITS))


def networks_of(network: str) -> list[str]:
    """The networks that are counted for one from ``client_network()``: itself and, of IPv6, its /48."""
    return [counted for counted in (network, site_network(network)) if counted]


def limit_of(kind: str, who: str) -> tuple[int, timedelta]:
    """The number of uses and the window of a kind; ``SITE_FACTOR`` times the number for an IPv6 /48."""
    amount, window = settings.BOOKING_LIMITS[kind]
    return amount * SITE_FACTOR if who.endswith(f"::/{_SITE_BITS}") else amount, window


def consume(kind: str, who: str, *, now: datetime) -> None:
    """Count one use. Raises RateLimitExceeded if the limit is reached."""
    _consume_each([(kind, who)], now)


def _consume_each(uses: Sequence[RateLimitKey], now: datetime) -> None:
    """Count uses in order, as if one after the other: the first that exceeds its limit raises.

    Uses before that one stay counted. All are counted in one statement; those after it are refunded.
    """
    if not uses:
        return
    counted = _count(uses, now)
    exceeded = next((use for use in uses if use not in counted), None)
    if exceeded is None:
        return
    for use in uses[uses.index(exceeded) :]:
        if use in counted:
            refund(*use, now=now)
    kind, who = exceeded
    _, window = limit_of(kind, who)
    ends_at = RateLimitBucket.objects.filter(key=bucket_key(kind, who)).values_list("ends_at", flat=True).first()
    raise RateLimitExceeded(kind, max(ends_at - now, timedelta(seconds=1)) if ends_at else window)


# Upsert: increment the count, or start a new window at 1. A single statement, so that concurrent
# requests cannot exceed the limit. Raw SQL, because bulk_create(update_conflicts=True) accepts no
# condition. Works on PostgreSQL and SQLite.
_COUNT_EACH = """
    INSERT INTO booking_allowance ("key", kind, used, ends_at) VALUES {rows}
    ON CONFLICT ("key") DO UPDATE SET
        used = CASE WHEN booking_allowance.ends_at <= %s THEN 1 ELSE booking_allowance.used + 1 END,
        ends_at = CASE WHEN booking_allowance.ends_at <= %s THEN excluded.ends_at ELSE booking_allowance.ends_at END
    WHERE booking_allowance.ends_at <= %s OR booking_allowance.used < CASE excluded."key" {amounts} END
"""


def _count(uses: Sequence[RateLimitKey], now: datetime) -> list[RateLimitKey]:
    """Count each use whose limit is not reached; returns those that were counted."""
    limits = {use: limit_of(*use) for use in uses}
    keys = {bucket_key(*use): use for use in uses if limits[use][0] > 0}
    if not keys:
        return []
    rows = [value for key, use in keys.items() for value in (key, use[0], _instant(now + limits[use][1]))]
    amounts = [value for key, use in keys.items() for value in (key, limits[use][0])]
    sql = _COUNT_EACH.format(
        rows=", ".join(["(%s, %s, 1, %s)"] * len(keys)), amounts=" ".join(["WHEN %s THEN %s"] * len(keys))
    )
    values = [*rows, *[_instant(now)] * 3, *amounts]
    with connection.cursor() as cursor:
        cursor.execute(f'{sql} RETURNING "key"', values)
        return [keys[key] for (key,) in cursor.fetchall()]


def refund(kind: str, who: str, *, now: datetime) -> None:
    """Undo one ``consume()``, if its window has not ended."""
    RateLimitBucket.objects.filter(key=bucket_key(kind, who), used__gt=0, ends_at__gt=now).update(used=F("used") - 1)


def advisory_lock(kind: str, who: str) -> None:
    """Take a PostgreSQL advisory lock for this kind and address until the transaction ends.

    For limits on the number of rows in other tables: a COUNT after this sees all rows of the
    transactions that had the lock before. SQLite allows only one write transaction at a time anyway.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [lock_id(kind, who)])


def lock_id(kind: str, who: str) -> int:
    """The 64-bit id of an advisory lock. A hash collision only makes two transactions wait for each other."""
    digest = hashlib.sha256(f"{kind}:{who}".encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)


def delete_expired_buckets(*, now: datetime) -> int:
    """Delete buckets whose window has ended; returns the number of rows."""
    return RateLimitBucket.objects.filter(ends_at__lte=now).delete()[0]


def bucket_key(kind: str, who: str, *, secret: str | None = None) -> str:
    """A bucket's key: a keyed hash (HMAC) of the address, different for each kind. By default with SECRET_KEY."""
    return salted_hmac(_SALT, f"{kind}:{who}", secret=secret, algorithm="sha256").hexdigest()


def _instant(at: datetime) -> Any:
    """Convert a datetime to a parameter for raw SQL."""
    return RateLimitBucket._meta.get_field("ends_at").get_db_prep_value(at, connection)


def _is_staff(request: HttpRequest) -> bool:
    """Ask the project's function ``settings.BOOKING_IS_STAFF``, which knows what a login needs besides a password."""
    return bool(import_string(settings.BOOKING_IS_STAFF)(request))
