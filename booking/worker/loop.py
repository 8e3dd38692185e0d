"""The worker loop: periodic tasks, retries with exponential backoff, signal handling."""

import logging
import signal
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from types import FrameType
from typing import Any

from django.contrib.sessions.backends.db import SessionStore
from django.core.management.base import CommandError
from django.db import DatabaseError, close_old_connections, connections
from django.utils import timezone

from booking import messages, rate_limits, scheduling
from booking.models import Channel, TaskRun
from booking.worker.database_errors import concerns_whole_database, explain_database_error
from booking.worker.lanes import PAUSE, Lane, ScheduledTask
from booking.worker.periodic_tasks import PeriodicTask, periodic_tasks, task_failed

logger = logging.getLogger("booking.work")

BATCH = 50  # messages
SEND_TIME_LIMIT = 30.0  # seconds; then a long queue lets the other tasks run
CLEANUP_INTERVAL = 600.0  # seconds
DELIVERY_INTERVAL = 30.0  # seconds
OFFER_INTERVAL = 10.0  # seconds; the search for freed slots costs several queries for each service with entries
TASK_RUN_INTERVAL = 60.0  # seconds between two TaskRun updates of a task
SHUTDOWN_TIMEOUT = 10.0  # seconds to wait for a periodic task of another app when the worker stops


class Worker:
    """Runs all due tasks, then pauses; the pause grows while the database is unavailable.

    A failing task does not stop the others. Each round that did something logs one line. What may take long runs in a
    thread of its own, so that e-mail does not wait for it: text messages, whose gateway may be slow, and periodic tasks
    of other apps, such as image renditions. One that reads calendars at other sites has another.
    """

    def __init__(self) -> None:
        self._stop = threading.Event()
        self._send_time_limit = SEND_TIME_LIMIT
        self._own_lane, self._text_lane = Lane("messages", logs_conditions=True), Lane("text messages")
        self._periodic_lane = Lane("periodic tasks")
        self._lanes = [self._own_lane, self._text_lane, self._periodic_lane]
        self._mail = ScheduledTask("mail", lambda: self._send(Channel.EMAIL))
        self._own_lane.tasks = [
            ScheduledTask("holds", self._expire_holds, needs_site=False),
            ScheduledTask("old data", self._delete_old_data, every=CLEANUP_INTERVAL),
            ScheduledTask("waitlist", self._offer_slots, every=OFFER_INTERVAL),
            self._mail,
        ]
        if Channel.TEXT in messages.channels():
            self._texts = ScheduledTask("text messages", lambda: self._send(Channel.TEXT))
            checks = ScheduledTask("delivery of texts", self._check_deliveries, every=DELIVERY_INTERVAL)
            self._text_lane.tasks = [self._texts, checks]
        for task in periodic_tasks.values():
            self._lane_of(task).tasks.append(
                ScheduledTask(task.name, task.do, task.seconds, task.needs_clock, needs_site=task.needs_site)
            )

    def _lane_of(self, task: PeriodicTask) -> Lane:
        if task.has_own_thread:
            self._lanes.append(Lane(task.name))
            return self._lanes[-1]
        return self._own_lane if task.with_messages else self._periodic_lane

    def stop(self) -> None:
        """Stop after the message that is being sent."""
        self._stop.set()

    def work_once(self) -> None:
        """Run all due tasks once. Raises CommandError at the end if something failed or was unavailable."""
        self._send_time_limit = float("inf")
        try:
            failures = [failure for lane in self._lanes for failure in self._run_tasks(lane)]
        except DatabaseError as error:
            raise CommandError(explain_database_error(error)) from error
        failures += sorted(set().union(*(lane.problems() for lane in self._lanes)))
        if failures:
            raise CommandError(" ".join(failures))

    def work_until_stopped(self) -> None:
        logger.info("The worker is running.")
        # Daemon threads: a task that does not end delays the process's exit by SHUTDOWN_TIMEOUT at most.
        threads = [
            threading.Thread(target=self._run_beside, args=[lane], name=lane.name, daemon=True)
            for lane in self._lanes
            if lane is not self._own_lane and lane.tasks
        ]
        for thread in threads:
            thread.start()
        self._run(self._own_lane)
        stopped_at = time.monotonic()
        for thread in threads:
            thread.join(max(0.0, SHUTDOWN_TIMEOUT - (time.monotonic() - stopped_at)))
        logger.info("The worker has stopped.")

    def _run_beside(self, lane: Lane) -> None:
        try:
            self._run(lane)
        finally:
            connections.close_all()  # Database connections are thread-local.

    def _run(self, lane: Lane) -> None:
        while not self._stop.is_set():
            self._stop.wait(self._round(lane))

    def _round(self, lane: Lane) -> float:
        """Run the due tasks; returns the seconds to wait before the next round."""
        try:
            close_old_connections()  # Do not reuse a connection that failed in the last round.
            self._run_tasks(lane)
        except DatabaseError as error:
            pause = lane.database.fail()
            logger.warning("%s Next try in %d seconds.", explain_database_error(error), pause)
            return pause
        lane.database.reset()
        return PAUSE

    def _run_tasks(self, lane: Lane) -> list[str]:
        """Run the due tasks; returns their error messages. Raises DatabaseError if the database itself fails."""
        reports, failures = [], []
        try:
            for task in lane.tasks:
                if self._stop.is_set() or not task.is_due() or not lane.may_run(task):
                    continue
                try:
                    reports.append(task.do())
                    self._record_success(task)
                except messages.TransportUnavailable as error:
                    # Only this task backs off; the others run at their usual interval.
                    logger.warning("%s Next try in %d seconds.", error, task.backoff.fail())
                    failures.append(str(error))
                    task_failed.send_robust(sender=None, task=task.name)
                except Exception as error:
                    if concerns_whole_database(error):
                        raise
                    task.backoff.fail()
                    failures.append(_failure_message(task, error))
                    logger.error("%s", failures[-1])
                    task_failed.send_robust(sender=None, task=task.name)
        finally:
            if any(reports):
                logger.info("%s", " ".join(filter(None, reports)))
        return failures

    def _record_success(self, task: ScheduledTask) -> None:
        task.backoff.reset()
        task.next_at = time.monotonic() + task.every
        if time.monotonic() - task.recorded_at >= TASK_RUN_INTERVAL:
            run = TaskRun(name=task.name, went_well_at=timezone.now(), interval=timedelta(seconds=task.every))
            TaskRun.objects.bulk_create(
                [run], update_conflicts=True, unique_fields=["name"], update_fields=["went_well_at", "interval"]
            )
            task.recorded_at = time.monotonic()

    def _expire_holds(self) -> str:
        freed = scheduling.expire_holds(now=timezone.now())
        return f"Holds that ran out: {freed}." if freed else ""

    def _delete_old_data(self) -> str:
        """Delete expired sessions, holds, sources, rate limit buckets, waitlist entries and bodies of messages."""
        now = timezone.now()
        SessionStore.clear_expired()
        scheduling.delete_old_holds(now=now)
        scheduling.delete_lapsed_bookings(now=now)
        scheduling.forget_sources(now=now)
        scheduling.forget_imports(now=now)
        rate_limits.delete_expired_buckets(now=now)
        scheduling.delete_old_entries(now=now)
        messages.delete_old_bodies(now=now)
        names = [task.name for lane in self._lanes for task in lane.tasks]
        TaskRun.objects.exclude(name__in=names).delete()
        repaired = messages.repair_after_clock_jump(now=now)
        return f"Messages that a wrong clock had put off: {repaired}." if repaired else ""

    def _offer_slots(self) -> str:
        """Settle expired waitlist offers, then offer freed slots to the next entries."""
        if not self._mail.backoff.is_over():
            return ""  # While e-mail cannot be sent, offers would expire unseen.
        settled = scheduling.settle_waitlist(now=timezone.now())
        offered = scheduling.offer_available_slots(now=timezone.now())
        if not offered and not any(settled):
            return ""
        return f"Waitlist: {offered} offered, {settled.lapsed} offers lapsed, {settled.ended} entries ended."

    def _send(self, by: Channel) -> str:
        """Send batches until no message is due. Terminates, because failed messages become due later."""
        tally, started = messages.Tally(), time.monotonic()
        lane, task = (self._own_lane, self._mail) if by == Channel.EMAIL else (self._text_lane, self._texts)
        try:
            while not self._stop.is_set() and time.monotonic() - started < self._send_time_limit:
                before = tally.handled
                messages.send_batch(
                    now=timezone.now(),
                    by=by,
                    limit=BATCH,
                    stopping=lambda: self._stop.is_set() or not lane.may_run(task),
                    tally=tally,
                )
                if tally.handled == before:
                    break
        except (messages.TransportUnavailable, DatabaseError):
            if tally.handled:
                logger.info("%s", _tally_message(by, tally))
            raise
        return _tally_message(by, tally) if tally.handled else ""

    def _check_deliveries(self) -> str:
        """Ask the SMS gateway what became of the text messages that it accepted."""
        arrived, failed = messages.check_deliveries(now=timezone.now(), limit=BATCH, stopping=self._stop.is_set)
        return f"Text messages: {arrived} delivered, {failed} not delivered." if arrived or failed else ""


def _tally_message(by: Channel, tally: messages.Tally) -> str:
    label = "Text messages" if by == Channel.TEXT else "Messages"
    return (
        f"{label}: {tally.sent} sent, {tally.dropped} no longer needed, {tally.postponed} to try again, "
        f"{tally.parked} parked."
    )


def _failure_message(task: ScheduledTask, error: Exception) -> str:
    """The log message of a failed task: the error's type and line, not its text, which may contain personal data."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f", {frames[-1].filename.rpartition('/')[2]} line {frames[-1].lineno}" if frames else ""
    return f"The step “{task.name}” failed ({type(error).__name__}{where}). Tell whoever runs the site."


@contextmanager
def stopped_by_signals(stop: Any) -> Iterator[None]:
    """Make SIGTERM and SIGINT call ``stop``, so that the process does not end while sending an e-mail."""

    def handle(number: int, frame: FrameType | None) -> None:
        stop()

    previous = {number: signal.signal(number, handle) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
