"""Compare the worker's clock with what else tells the time, before it does what cannot be undone.

A worker whose clock is days ahead would drop reminders as too late, let waitlist offers lapse and delete data before
its time. Its clock is compared with:

- the database's clock (PostgreSQL; SQLite has none of its own);
- the last reading that was right plus the time since then, which the machine measures from its boot on, whatever the
  clock says. That works across restarts of the worker, and on one machine with SQLite;
- after a boot only with the last reading of any machine: the clock cannot be earlier. Where it is more than ``GAP``
  later, the worker waits until the machine has run for ``BOOT_WAIT``, in which time servers usually correct a clock.

A step of the clock may also be the correction of a wrong one, or a virtual machine that was paused. Nothing on the
machine tells these apart, so a clock that has kept its new time for ``SETTLING`` is trusted again, unless the database
contradicts it. ``manage.py trust_clock`` does so at once.
"""

import socket
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import connection
from django.utils import timezone

from booking.models import ClockReading

SETTLING = timedelta(hours=6).total_seconds()
BOOT_WAIT = timedelta(minutes=10).total_seconds()
GAP = timedelta(hours=1)
CHECK_INTERVAL = 30.0  # seconds; a step of the clock in between is noticed at once
SAVE_INTERVAL = timedelta(minutes=1)
STEP = 5.0  # seconds; a smaller step of the clock waits for the next check
KEPT = timedelta(hours=1)  # readings of machines that run no worker any more
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True)
class Readings:
    """What tells the time. ``database_now``: None if the database has no clock of its own."""

    now: datetime
    uptime: float
    database_now: datetime | None
    own: ClockReading | None
    last_known: datetime | None


def offset_of(readings: Readings, tolerance: timedelta) -> timedelta | None:
    """Return by how much the clock is off (above zero: ahead), or None if it is to be trusted."""
    now, own = readings.now, readings.own
    if readings.database_now is not None and abs(now - readings.database_now) > tolerance:
        return now - readings.database_now
    if own is None or own.uptime is None or readings.uptime < own.uptime:
        return _offset_after_boot(readings, tolerance)
    offset = now - (own.read_at + timedelta(seconds=readings.uptime - own.uptime))
    return None if abs(offset) <= tolerance or _has_settled(readings, offset, tolerance) else offset


def _offset_after_boot(readings: Readings, tolerance: timedelta) -> timedelta | None:
    if readings.last_known is None:
        return None
    offset = readings.now - readings.last_known
    is_behind = offset < -tolerance and readings.uptime < SETTLING
    is_waiting = offset > GAP and readings.uptime < BOOT_WAIT
    return offset if is_behind or is_waiting else None


def _has_settled(readings: Readings, offset: timedelta, tolerance: timedelta) -> bool:
    """Whether the clock has been off by as much since long ago."""
    own = readings.own
    if own is None or own.off_since is None or not _is_same(own.off_by, offset, tolerance):
        return False
    return readings.uptime - own.off_since >= SETTLING


def _is_same(offset: timedelta | None, other: timedelta, tolerance: timedelta) -> bool:
    return offset is not None and abs(offset - other) <= tolerance


class ClockGuard:
    """Says whether the clock can be trusted; for one thread. Reads the database every ``CHECK_INTERVAL``."""

    def __init__(self) -> None:
        self._problem = ""
        self._checked = float("-inf")
        self._offset = 0.0

    def problem(self) -> str:
        """Return what is wrong with the clock, or ""."""
        tolerance: timedelta | None = settings.CLOCK_TOLERANCE
        if tolerance is None:
            return ""
        uptime = system_uptime()
        offset = time.time() - uptime
        if uptime - self._checked >= CHECK_INTERVAL or abs(offset - self._offset) > STEP:
            self._problem = _check(uptime, tolerance)
            self._checked, self._offset = uptime, offset
        return self._problem


def _check(uptime: float, tolerance: timedelta) -> str:
    machine = machine_id()
    stored = list(ClockReading.objects.all())
    own = next((reading for reading in stored if reading.machine == machine), None)
    readings = Readings(timezone.now(), uptime, database_now(), own, _last_known(stored))
    offset = offset_of(readings, tolerance)
    if offset is None:
        _save_trusted(machine, readings)
        return ""
    return _save_offset(machine, readings, offset, tolerance).problem


def _last_known(stored: Iterable[ClockReading]) -> datetime | None:
    return max((reading.read_at for reading in stored), default=None)


def _save_trusted(machine: str, readings: Readings) -> None:
    own, now = readings.own, readings.now
    is_fresh = own is not None and own.uptime is not None and own.off_by is None
    if own is not None and is_fresh and timedelta(0) <= now - own.read_at < SAVE_INTERVAL:
        return
    fields = {"read_at": now, "uptime": readings.uptime, "checked_at": now, "off_by": None, "off_since": None}
    ClockReading.objects.update_or_create(machine=machine, defaults=fields)
    ClockReading.objects.exclude(machine=machine).filter(checked_at__lt=now - KEPT).delete()


def _save_offset(machine: str, readings: Readings, offset: timedelta, tolerance: timedelta) -> ClockReading:
    """Record that the clock is off. The last right reading stays."""
    own, uptime = readings.own, readings.uptime
    is_same = own is not None and _is_same(own.off_by, offset, tolerance)
    off_since = own.off_since if own is not None and is_same else uptime
    checked_at = readings.database_now or readings.now
    fields = {"off_by": offset, "off_since": off_since, "checked_at": checked_at}
    if own is None:
        read_at = readings.last_known or readings.database_now or readings.now
        own = ClockReading(machine=machine, read_at=read_at, uptime=None)
        ClockReading.objects.get_or_create(machine=machine, defaults={"read_at": read_at, **fields})
    else:
        ClockReading.objects.filter(pk=own.pk).update(**fields)
    own.off_by = offset
    return own


def forget_readings() -> None:
    """Let the next check take the clock as it is, unless the database contradicts it."""
    ClockReading.objects.all().delete()


def machine_id() -> str:
    """Return the id of this machine's boot, shared by its containers; elsewhere than on Linux, the host's name."""
    with suppress(OSError):
        return BOOT_ID.read_text().strip()[:64]
    return socket.gethostname()[:64]


def system_uptime() -> float:
    """Return the seconds since the machine started, sleep included."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


def database_now() -> datetime | None:
    """Return the time of the database's clock, or None on SQLite, which reads the clock of this machine."""
    if connection.vendor != "postgresql":
        return None
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement_timestamp()")
        (now,) = cursor.fetchone()
    assert isinstance(now, datetime)
    return now
