"""How often is too often? Allowances for each address, spent by one conditional update.

Every kind has an amount and a stretch of time in ``settings.BOOKING_LIMITS``; the stretch begins
with the first use. Most kinds count the visitor's network address, some an e-mail address. A view
says what it is about to do, and needs no more than that: ``LimitReached`` becomes a page (429) by
itself that says when to come back, whom to call, and sends the same answers again::

    limits.spend_for(request, "contact", now=now)
    limits.spend_for(request, "waitlist", email=form.cleaned_data["email"], now=now)

Spend when the form is valid and something is about to happen, so that slips cost nothing, and
outside any transaction: a row that is spent from stays locked until the transaction ends. Staff
who are logged in are never counted: the front desk books for callers all day.
"""

import hashlib
import ipaddress
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F
from django.http import HttpRequest
from django.utils.crypto import salted_hmac

from booking.lasting import need_not_last
from booking.models import Allowance

Use = tuple[str, str]  # Of what kind, and by whom.
_SALT = "booking.limits"
_NETWORK_BITS = 64  # One household or phone gets a whole /64 of IPv6 addresses, and may use any of them.


class LimitReached(Exception):
    """Too often, for now. Nothing was done."""

    def __init__(self, kind: str, retry_after: timedelta) -> None:
        super().__init__(kind)
        self.kind, self.retry_after = kind, retry_after


def spend_for(request: HttpRequest, kind: str, *, now: datetime, email: str = "") -> None:
    """Count one use by this visitor, and by this e-mail address if one is given, or LimitReached."""
    uses = [(kind, client_of(request))]
    if email and not _is_staff(request):
        uses.append((f"{kind} by e-mail", email.casefold()))
    _spend_each([use for use in uses if use[1]], now)


@contextmanager
def spending(request: HttpRequest, kind: str, *, now: datetime, email: str = "") -> Iterator[None]:
    """As ``spend_for``; what is refused inside has cost nothing."""
    spend_for(request, kind, email=email, now=now)
    try:
        yield
    except Exception:
        give_back_for(request, kind, email=email, now=now)
        raise


def give_back_for(request: HttpRequest, kind: str, *, now: datetime, email: str = "") -> None:
    """Take back what ``spend_for`` counted."""
    who = client_of(request)
    if who:
        give_back(kind, who, now=now)
    if email and not _is_staff(request):
        give_back(f"{kind} by e-mail", email.casefold(), now=now)


def client_of(request: HttpRequest) -> str:
    """Whom a visitor is counted as: their IPv4 address, or their /64 of IPv6; "" for staff and for nobody.

    REMOTE_ADDR is the client's own: forwarded addresses are believed only from TRUSTED_PROXIES.
    """
    return "" if _is_staff(request) else network_of(request.META.get("REMOTE_ADDR", ""))


def network_of(address: str) -> str:
    """What shares one allowance with this address; "" for what is no address."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return ""
    if parsed.version == 6 and parsed.ipv4_mapped:
        parsed = parsed.ipv4_mapped
    if parsed.version == 4:
        return str(parsed)
    return str(ipaddress.ip_network((parsed, _NETWORK_BITS), strict=False))


def spend(kind: str, who: str, *, now: datetime) -> None:
    """Count one use by somebody, or LimitReached when their allowance is used up."""
    _spend_each([(kind, who)], now)


def _spend_each(uses: Sequence[Use], now: datetime) -> None:
    """One after the other, up to the first that is used up: that raises, and what was counted stays counted.

    All in one statement, and what stands behind the one that is used up is given back. A power cut may
    forget the last counts.
    """
    if not uses:
        return
    with need_not_last():
        taken = _take(uses, now)
    refused = next((use for use in uses if use not in taken), None)
    if refused is None:
        return
    for use in uses[uses.index(refused) :]:
        if use in taken:
            give_back(*use, now=now)
    kind, who = refused
    _, window = settings.BOOKING_LIMITS[kind]
    ends_at = Allowance.objects.filter(key=key_of(kind, who)).values_list("ends_at", flat=True).first()
    raise LimitReached(kind, max(ends_at - now, timedelta(seconds=1)) if ends_at else window)


# Use one, or begin a (new) stretch with one: a single statement, so that no two workers take the last.
# Written out, because Django's own upsert takes no condition. The same words serve both engines.
_USE_ONE_OF_EACH = """
    INSERT INTO booking_allowance ("key", kind, used, ends_at) VALUES {rows}
    ON CONFLICT ("key") DO UPDATE SET
        used = CASE WHEN booking_allowance.ends_at <= %s THEN 1 ELSE booking_allowance.used + 1 END,
        ends_at = CASE WHEN booking_allowance.ends_at <= %s THEN excluded.ends_at ELSE booking_allowance.ends_at END
    WHERE booking_allowance.ends_at <= %s OR booking_allowance.used < CASE excluded.kind {amounts} END
"""


def _take(uses: Sequence[Use], now: datetime) -> list[Use]:
    """Use one of each, unless all of it are used; which there were."""
    limits = {kind: settings.BOOKING_LIMITS[kind] for kind, _ in uses}
    keys = {key_of(*use): use for use in uses if limits[use[0]][0] > 0}
    if not keys:
        return []
    rows = [value for key, (kind, _) in keys.items() for value in (key, kind, _instant(now + limits[kind][1]))]
    amounts = [value for kind, _ in keys.values() for value in (kind, limits[kind][0])]
    sql = _USE_ONE_OF_EACH.format(
        rows=", ".join(["(%s, %s, 1, %s)"] * len(keys)), amounts=" ".join(["WHEN %s THEN %s"] * len(keys))
    )
    values = [*rows, *[_instant(now)] * 3, *amounts]
    if len(keys) == 1:
        with connection.cursor() as cursor:
            cursor.execute(sql, values)
            return list(keys.values()) if cursor.rowcount else []
    # SQLite ends a statement that returns rows when the last is read: only then may the next writer have its turn.
    with transaction.atomic() if connection.vendor == "sqlite" else nullcontext(), connection.cursor() as cursor:
        cursor.execute(f'{sql} RETURNING "key"', values)
        return [keys[key] for (key,) in cursor.fetchall()]


def give_back(kind: str, who: str, *, now: datetime) -> None:
    """Undo one ``spend``: what it was for did not happen."""
    Allowance.objects.filter(key=key_of(kind, who), used__gt=0, ends_at__gt=now).update(used=F("used") - 1)


def one_at_a_time(kind: str, who: str) -> None:
    """Inside a transaction: let no other such transaction about the same address pass until this one ends.

    For limits on what stands in other tables, which have to be counted: a count that begins after
    this sees all that was counted before. SQLite lets only one transaction write anyway.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [turn_of(kind, who)])


def turn_of(kind: str, who: str) -> int:
    """The number under which PostgreSQL keeps a turn: two that share one by chance only wait for one another."""
    digest = hashlib.sha256(f"{kind}:{who}".encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)


def sweep(*, now: datetime) -> int:
    """Forget what no longer counts; how many rows."""
    return Allowance.objects.filter(ends_at__lte=now).delete()[0]


def key_of(kind: str, who: str) -> str:
    """What stands for an address in the database: different for each kind, and useless without our key."""
    return salted_hmac(_SALT, f"{kind}:{who}", algorithm="sha256").hexdigest()


def _instant(at: datetime) -> Any:
    """As the database has it."""
    return connection.ops.adapt_datetimefield_value(at)


def _is_staff(request: HttpRequest) -> bool:
    user = getattr(request, "user", None)
    return bool(user and user.is_active and user.is_staff)
