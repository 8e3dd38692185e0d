"""Figures that are read from the database and the disk when Prometheus asks for them."""

import shutil
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connections
from django.db.models import Count
from django.utils import timezone
from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily
from prometheus_client.registry import Collector

from booking import messages
from booking.models import ClockReading, ExternalCalendar, Message, TaskRun
from clinic.ops.version import site_version
from content.models import PictureFile

SLOW_INTERVAL = 60.0  # seconds between two readings of what costs a scan of a table or of the pictures


class DatabaseFigures(Collector):
    """Collects the figures of one site. If the database does not answer, ``clinic_database_up`` is 0 and alone."""

    def __init__(self) -> None:
        self._slow: list[Metric] = []
        self._slow_at = float("-inf")

    def describe(self) -> Iterator[Metric]:
        return iter(())  # Not read from the database when the collector is registered.

    def collect(self) -> Iterator[Metric]:
        yield InfoMetricFamily("clinic_build", "The version of the site.", {"version": site_version()})
        yield disk_space()
        try:
            figures = [*messages_due(timezone.now()), *worker_tasks(), clock_offset(), unread_calendars(timezone.now())]
            figures += self._slow_figures()
        except (DatabaseError, InterfaceError):
            figures = []
        finally:
            connections.close_all()  # Each request of Prometheus runs in a thread of its own.
        yield GaugeMetricFamily("clinic_database_up", "1 if the database answered.", value=bool(figures))
        yield from figures

    def _slow_figures(self) -> list[Metric]:
        if time.monotonic() - self._slow_at >= SLOW_INTERVAL:
            self._slow = [messages_by_state(), pictures_waiting()]
            self._slow_at = time.monotonic()
        return self._slow


def disk_space() -> Metric:
    family = GaugeMetricFamily(
        "clinic_disk_free_ratio", "Free space where the site writes, from 0 to 1.", labels=["folder"]
    )
    for label, folder in (("var", settings.VAR_DIR), ("media", settings.MEDIA_ROOT)):
        if folder and Path(folder).exists():
            usage = shutil.disk_usage(folder)
            family.add_metric([label], usage.free / usage.total if usage.total else 0)
    return family


def messages_due(now: datetime) -> Iterator[Metric]:
    due = Message.objects.filter(state=Message.State.WAITING, due_at__lte=now)
    oldest = messages.oldest_due_at()
    age = max(now - oldest, timedelta()) if oldest is not None else timedelta()
    yield GaugeMetricFamily("clinic_messages_due", "Messages that should have left by now.", value=due.count())
    yield GaugeMetricFamily(
        "clinic_messages_oldest_due_seconds", "How long the oldest due message has waited.", value=age.total_seconds()
    )


def messages_by_state() -> Metric:
    family = GaugeMetricFamily(
        "clinic_messages", "Messages in the database by kind, channel and state.", labels=["kind", "channel", "state"]
    )
    rows = Message.objects.order_by().values_list("kind", "channel", "state").annotate(count=Count("pk"))
    for kind, channel, state, count in rows:
        family.add_metric([kind, channel, state], count)
    return family


def worker_tasks() -> Iterator[Metric]:
    success = GaugeMetricFamily(
        "clinic_worker_task_last_success_timestamp_seconds",
        "When a task of the worker last succeeded.",
        labels=["task"],
    )
    interval = GaugeMetricFamily(
        "clinic_worker_task_interval_seconds", "How often a task of the worker runs.", labels=["task"]
    )
    for run in TaskRun.objects.order_by("name"):
        success.add_metric([run.name], run.went_well_at.timestamp())
        interval.add_metric([run.name], run.interval.total_seconds())
    yield from (success, interval)


def clock_offset() -> Metric:
    """The clock that is furthest off. Machines are not named: their number is not bounded."""
    offsets = ClockReading.objects.filter(off_by__isnull=False).values_list("off_by", flat=True)
    furthest = max((abs(offset) for offset in offsets if offset is not None), default=timedelta())
    return GaugeMetricFamily(
        "clinic_clock_offset_seconds", "How far the clock of a worker is off; 0 if all are right.",
        value=furthest.total_seconds(),
    )  # fmt: skip


def unread_calendars(now: datetime) -> Metric:
    unread = ExternalCalendar.objects.unread(now=now)
    return GaugeMetricFamily(
        "clinic_own_calendars_unread",
        "Practitioners' own calendars that have not been read for an hour.",
        value=unread.count(),
    )


def pictures_waiting() -> Metric:
    waiting = PictureFile.objects.filter(state=PictureFile.State.WAITING)
    return GaugeMetricFamily(
        "clinic_pictures_waiting", "Pictures whose renditions are still to be made.", value=waiting.count()
    )
