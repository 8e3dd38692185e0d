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


def _spend_each(uses: Sequence[tuple[str, str]], now: datetime) -> None:
    """One after the other, up to the first that is used up: that raises, and what was counted stays counted.

    Several are one transaction: to make sure of what was written costs a database more than writing it.
    A power cut may forget the last counts.
    """
    with need_not_last(), transaction.atomic() if len(uses) > 1 else nullcontext():
        refused = next((use for use in uses if not _take(*use, now)), None)
    if refused is None:
        return
    kind, who = refused
    _, window = settings.BOOKING_LIMITS[kind]
    ends_at = Allowance.objects.filter(key=key_of(kind, who)).values_list("ends_at", flat=True).first()
    raise LimitReached(kind, max(ends_at - now, timedelta(seconds=1)) if ends_at else window)


# Use one, or begin a (new) stretch with one: a single statement, so that no two workers take the last.
# Written out, because Django's own upsert takes no condition. The same words serve both engines.
_USE_ONE = """
    INSERT INTO booking_allowance ("key", kind, used, ends_at) VALUES (%(key)s, %(kind)s, 1, %(until)s)
    ON CONFLICT ("key") DO UPDATE SET
        used = CASE WHEN booking_allowance.ends_at <= %(now)s THEN 1 ELSE booking_allowance.used + 1 END,
        ends_at = CASE WHEN booking_allowance.ends_at <= %(now)s THEN excluded.ends_at
                       ELSE booking_allowance.ends_at END
    WHERE booking_allowance.ends_at <= %(now)s OR booking_allowance.used < %(amount)s
"""


def _take(kind: str, who: str, now: datetime) -> bool:
    """Use one of somebody's, unless all are used."""
    amount, window = settings.BOOKING_LIMITS[kind]
    if amount <= 0:
        return False
    values: dict[str, Any] = {"key": key_of(kind, who), "kind": kind, "amount": amount}
    with connection.cursor() as cursor:
        cursor.execute(_USE_ONE, values | {"now": _instant(now), "until": _instant(now + window)})
        return bool(cursor.rowcount)


def give_back(kind: str, who: str, *, now: datetime) -> None:
    """Undo one ``spend``: what it was for did not happen."""
    Allowance.objects.filter(key=key_of(kind, who), used__gt=0, ends_at__gt=now).update(used=F("used") - 1)


def one_at_a_time(kind: str, who: str, *, now: datetime) -> None:
    """Inside a transaction: let no other such transaction about the same address pass until this one ends.

    For limits on what stands in other tables, which have to be counted: a count that begins after
    this sees all that was counted before. One statement makes the row or locks it, so a sweep
    in between takes nothing away.
    """
    values = {"key": key_of(kind, who), "kind": kind, "until": _instant(now + timedelta(minutes=1))}
    with connection.cursor() as cursor:
        cursor.execute(_TAKE_TURN, values)


_TAKE_TURN = """
    INSERT INTO booking_allowance ("key", kind, used, ends_at) VALUES (%(key)s, %(kind)s, 0, %(until)s)
    ON CONFLICT ("key") DO UPDATE SET ends_at = excluded.ends_at
"""


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
