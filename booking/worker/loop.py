"""The worker loop: periodic tasks, retries with exponential backoff, signal handling."""

import logging
import signal
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from types import FrameType
from typing import Any

from django.contrib.sessions.backends.db import SessionStore
from django.core.management.base import CommandError
from django.db import DatabaseError, InterfaceError, OperationalError, close_old_connections, connections
from django.utils import timezone

from booking import messages, rate_limits, scheduling
from booking.models import Channel, TaskRun
from booking.worker.clock_guard import ClockGuard
from booking.worker.periodic_tasks import periodic_tasks, task_failed

logger = logging.getLogger("booking.work")

PAUSE = 2.0  # seconds between two rounds
MAX_PAUSE = 60.0  # seconds; the limit of the backoff while the database or a service is unavailable
BATCH = 50  # messages
SEND_TIME_LIMIT = 30.0  # seconds; then a long queue lets the other tasks run
CLEANUP_INTERVAL = 600.0  # seconds
DELIVERY_INTERVAL = 30.0  # seconds
OFFER_INTERVAL = 10.0  # seconds; the search for freed slots costs several queries for each service with entries
DATABASE_UNAVAILABLE = (OperationalError, InterfaceError)  # The database itself, not an error of one task.
TASK_RUN_INTERVAL = 60.0  # seconds between two TaskRun updates of a task
SHUTDOWN_TIMEOUT = 10.0  # seconds to wait for a periodic task of another app when the worker stops


class Backoff:
    """Exponential backoff: doubles the pause after each failure, up to MAX_PAUSE."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self._pause = PAUSE
        self._not_before = time.monotonic()

    def fail(self) -> float:
        """Register a failure; returns the seconds until the next attempt."""
        self._pause = min(self._pause * 2, MAX_PAUSE)
        self._not_before = time.monotonic() + self._pause
        return self._pause

    def is_over(self) -> bool:
        return time.monotonic() >= self._not_before


@dataclass
class ScheduledTask:
    """A task of the loop. ``do`` returns a sentence for the log, or ""; ``every`` is in seconds.

    ``needs_clock``: it deletes, ends or sends something by the time, so it waits while the machine's clock is wrong.
    """

    name: str
    do: Callable[[], str]
    every: float = 0.0
    needs_clock: bool = True
    backoff: Backoff = field(default_factory=Backoff)
    recorded_at: float = float("-inf")
    next_at: float = float("-inf")

    def is_due(self) -> bool:
        return self.backoff.is_over() and time.monotonic() >= self.next_at


@dataclass
class Lane:
    """Tasks that run one after another in one thread, independently of the other lane."""

    tasks: list[ScheduledTask]
    database: Backoff = field(default_factory=Backoff)
    clock: ClockGuard = field(default_factory=ClockGuard)
    clock_problem: str = ""


class Worker:
    """Runs all due tasks, then pauses; the pause grows while the database is unavailable.

    A failing task does not stop the others. Each round that did something logs one line. Periodic tasks
    of other apps, such as image renditions, run in a separate thread, so that they do not delay messages.
    """

    def __init__(self) -> None:
        self._stop = threading.Event()
        self._send_time_limit = SEND_TIME_LIMIT
        self._mail = ScheduledTask("mail", lambda: self._send(Channel.EMAIL))
        tasks = [
            ScheduledTask("holds", self._expire_holds),
            ScheduledTask("old data", self._delete_old_data, every=CLEANUP_INTERVAL),
            ScheduledTask("waitlist", self._offer_slots, every=OFFER_INTERVAL),
            self._mail,
        ]
        if Channel.TEXT in messages.channels():
            tasks.append(ScheduledTask("text messages", lambda: self._send(Channel.TEXT)))
            tasks.append(ScheduledTask("delivery of texts", self._check_deliveries, every=DELIVERY_INTERVAL))
        lanes: dict[bool, list[ScheduledTask]] = {True: tasks, False: []}
        for task in periodic_tasks.values():
            lanes[task.with_messages].append(
                ScheduledTask(task.name, task.do, every=task.seconds, needs_clock=task.needs_clock)
            )
        self._own_lane, self._periodic_lane = Lane(lanes[True]), Lane(lanes[False])

    def stop(self) -> None:
        """Stop after the message that is being sent."""
        self._stop.set()

    def work_once(self) -> None:
        """Run all due tasks once. Raises CommandError at the end if something failed or was unavailable."""
        self._send_time_limit = float("inf")
        try:
            failures = [*self._run_tasks(self._own_lane), *self._run_tasks(self._periodic_lane)]
            failures += {lane.clock_problem for lane in (self._own_lane, self._periodic_lane) if lane.clock_problem}
        except DATABASE_UNAVAILABLE as error:
            raise CommandError(_database_message(error)) from error
        if failures:
            raise CommandError(" ".join(failures))

    def work_until_stopped(self) -> None:
        logger.info("The worker is running.")
        # A daemon thread: a task that does not end delays the process's exit by SHUTDOWN_TIMEOUT at most.
        thread = threading.Thread(target=self._run_periodic_lane, name="periodic-tasks", daemon=True)
        if self._periodic_lane.tasks:
            thread.start()
        self._run(self._own_lane)
        if self._periodic_lane.tasks:
            thread.join(SHUTDOWN_TIMEOUT)
        logger.info("The worker has stopped.")

    def _run_periodic_lane(self) -> None:
        try:
            self._run(self._periodic_lane)
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
        except DATABASE_UNAVAILABLE as error:
            pause = lane.database.fail()
            logger.warning("%s Next try in %d seconds.", _database_message(error), pause)
            return pause
        lane.database.reset()
        return PAUSE

    def _run_tasks(self, lane: Lane) -> list[str]:
        """Run the due tasks; returns their error messages. Raises if the database is unavailable."""
        reports, failures = [], []
        try:
            for task in lane.tasks:
                if self._stop.is_set() or not task.is_due() or (task.needs_clock and _is_clock_wrong(lane)):
                    continue
                try:
                    reports.append(task.do())
                    self._record_success(task)
                except DATABASE_UNAVAILABLE:
                    raise
                except messages.TransportUnavailable as error:
                    # Only this task backs off; the others run at their usual interval.
                    logger.warning("%s Next try in %d seconds.", error, task.backoff.fail())
                    failures.append(str(error))
                    task_failed.send_robust(sender=None, task=task.name)
                except Exception as error:
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
        tasks = [*self._own_lane.tasks, *self._periodic_lane.tasks]
        TaskRun.objects.exclude(name__in=[task.name for task in tasks]).delete()
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
        try:
            while not self._stop.is_set() and time.monotonic() - started < self._send_time_limit:
                if _is_clock_wrong(self._own_lane):
                    break
                before = tally.handled
                messages.send_batch(now=timezone.now(), by=by, limit=BATCH, stopping=self._stop.is_set, tally=tally)
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


def _is_clock_wrong(lane: Lane) -> bool:
    """Whether the machine's clock is wrong. Logs a change."""
    problem = lane.clock.problem()
    if problem and problem != lane.clock_problem:
        logger.error("%s Set it, or run manage.py trust_clock if the time is right.", problem)
    elif lane.clock_problem and not problem:
        logger.info("The clock is right again.")
    lane.clock_problem = problem
    return bool(problem)


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


def _database_message(error: Exception) -> str:
    # Only the error's type: its text may contain values of a row.
    return f"The database does not answer ({type(error).__name__}). Check that it runs and is migrated."


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
