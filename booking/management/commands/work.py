"""The worker: sends what is due, frees holds that ran out, offers freed times to the waitlist, forgets what is old."""

import logging
import signal
import threading
import time
import traceback
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

from django.contrib.sessions.backends.db import SessionStore
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, InterfaceError, OperationalError, close_old_connections
from django.utils import timezone

from booking import limits, messages, scheduling
from booking.chores import chores
from booking.models import Channel, WorkerStep

logger = logging.getLogger("booking.work")

PAUSE = 2.0  # seconds between two rounds
LONGEST_PAUSE = 60.0  # seconds, while the database or a service is away
BATCH = 50
TURN = 30.0  # seconds: then a long queue lets the other steps have a turn
BETWEEN_FORGETTING = 600.0  # seconds
BETWEEN_OFFERS = 10.0  # seconds: looking for freed times costs some queries for each service waited for.
AWAY = (OperationalError, InterfaceError)  # The database itself, and not one step's mistake.
BETWEEN_TRACES = 60.0  # seconds between two notes that a step went well


class Command(BaseCommand):
    help = (
        "Send messages that are due, free holds that ran out and offer freed times to the waitlist. "
        "Runs until stopped; with --once, for cron, one round."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="Do all that is due now, then end.")

    def handle(self, *, once: bool, **options: Any) -> None:
        worker = Worker()
        with stopped_by_signals(worker.stop):
            if once:
                worker.work_once()
            else:
                worker.work_until_stopped()


class Patience:
    """How long to wait for something that is away: twice as long each time, up to a limit."""

    def __init__(self) -> None:
        self.is_back()

    def is_back(self) -> None:
        self._pause = PAUSE
        self._not_before = time.monotonic()

    def wait_longer(self) -> float:
        """Seconds until the next try."""
        self._pause = min(self._pause * 2, LONGEST_PAUSE)
        self._not_before = time.monotonic() + self._pause
        return self._pause

    def is_over(self) -> bool:
        return time.monotonic() >= self._not_before


@dataclass
class Step:
    """One part of a round. ``do`` says in a sentence what it did, or nothing; ``every`` is in seconds."""

    name: str
    do: Callable[[], str]
    every: float = 0.0
    patience: Patience = field(default_factory=Patience)
    traced_at: float = float("-inf")
    next_at: float = float("-inf")

    def is_due(self) -> bool:
        return self.patience.is_over() and time.monotonic() >= self.next_at


class Worker:
    """Rounds of work with a pause between them, longer while something they need is away.

    A step that fails stops no other. Each round that did something says so in one line.
    """

    def __init__(self) -> None:
        self._stop = threading.Event()
        self._database = Patience()
        self._mail = Step("mail", lambda: self._send(Channel.EMAIL))
        self._steps = [
            Step("holds", self._free_holds),
            Step("old data", self._forget, every=BETWEEN_FORGETTING),
            Step("waitlist", self._offer_times, every=BETWEEN_OFFERS),
            self._mail,
        ]
        if Channel.TEXT in messages.channels():
            self._steps.append(Step("text messages", lambda: self._send(Channel.TEXT)))
        self._steps += [Step(chore.name, chore.do, every=chore.seconds) for chore in chores.values()]

    def stop(self) -> None:
        """End after the message that is just being sent."""
        self._stop.set()

    def work_once(self) -> None:
        """All that is due now. CommandError, once all else is done, if something was away or failed."""
        self._turn = float("inf")
        try:
            failures = self._do_all()
        except AWAY as problem:
            raise CommandError(_database_away(problem)) from problem
        if failures:
            raise CommandError(" ".join(failures))

    def work_until_stopped(self) -> None:
        logger.info("The worker is running.")
        while not self._stop.is_set():
            self._stop.wait(self._round())
        logger.info("The worker has stopped.")

    def _round(self) -> float:
        """One round; how many seconds to wait before the next."""
        self._turn = TURN
        try:
            close_old_connections()  # One that failed in the last round is not used again.
            self._do_all()
        except AWAY as problem:
            pause = self._database.wait_longer()
            logger.warning("%s Next try in %d seconds.", _database_away(problem), pause)
            return pause
        self._database.is_back()
        return PAUSE

    def _do_all(self) -> list[str]:
        """Every step that is due; what went wrong. A database that is away stops them all: the caller hears."""
        said, failures = [], []
        try:
            for step in self._steps:
                if self._stop.is_set() or not step.is_due():
                    continue
                try:
                    said.append(step.do())
                except AWAY:
                    raise
                except messages.ServiceAway as away:
                    # The others go on at their usual pace; only this waits longer.
                    logger.warning("%s Next try in %d seconds.", away, step.patience.wait_longer())
                    failures.append(str(away))
                except Exception as problem:
                    step.patience.wait_longer()
                    failures.append(_failed(step, problem))
                    logger.error("%s", failures[-1])
                else:
                    self._went_well(step)
        finally:
            if any(said):
                logger.info("%s", " ".join(filter(None, said)))
        return failures

    def _went_well(self, step: Step) -> None:
        step.patience.is_back()
        step.next_at = time.monotonic() + step.every
        if time.monotonic() - step.traced_at >= BETWEEN_TRACES:
            trace = WorkerStep(name=step.name, went_well_at=timezone.now())
            WorkerStep.objects.bulk_create(
                [trace], update_conflicts=True, unique_fields=["name"], update_fields=["went_well_at"]
            )
            step.traced_at = time.monotonic()

    def _free_holds(self) -> str:
        freed = scheduling.expire_holds(now=timezone.now())
        return f"Holds that ran out: {freed}." if freed else ""

    def _forget(self) -> str:
        """Delete what visitors typed or held and left behind, counts that are over, and words that have arrived."""
        now = timezone.now()
        SessionStore.clear_expired()
        scheduling.forget_holds(now=now)
        limits.sweep(now=now)
        scheduling.forget_waitlist(now=now)
        messages.forget(now=now)
        WorkerStep.objects.exclude(name__in=[step.name for step in self._steps]).delete()
        mended = messages.after_a_clock_jump(now=now)
        return f"Messages that a wrong clock had put off: {mended}." if mended else ""

    def _offer_times(self) -> str:
        """Settle what the waitlist's offers have come to, then offer what is free to whoever comes next."""
        if not self._mail.patience.is_over():
            return ""  # Only while mail leaves: an offer nobody hears of helps nobody.
        settled = scheduling.settle_waitlist(now=timezone.now())
        offered = scheduling.offer_freed_times(now=timezone.now())
        if not offered and not any(settled):
            return ""
        return f"Waitlist: {offered} offered, {settled.lapsed} offers lapsed, {settled.ended} entries ended."

    def _send(self, by: Channel) -> str:
        """Batch after batch: what fails is due later, so this ends."""
        done, began = messages.Tally(), time.monotonic()
        try:
            while not self._stop.is_set() and time.monotonic() - began < self._turn:
                before = done.handled
                messages.send_batch(now=timezone.now(), by=by, limit=BATCH, stopping=self._stop.is_set, tally=done)
                if done.handled == before:
                    break
        except (messages.ServiceAway, DatabaseError):
            if done.handled:
                logger.info("%s", _what_became(by, done))
            raise
        return _what_became(by, done) if done.handled else ""


def _what_became(by: Channel, done: messages.Tally) -> str:
    what = "Text messages" if by == Channel.TEXT else "Messages"
    return (
        f"{what}: {done.sent} sent, {done.dropped} no longer needed, {done.postponed} to try again, "
        f"{done.parked} parked."
    )


def _failed(step: Step, problem: Exception) -> str:
    """Where a step failed. The error's own words may hold anybody's data: only what kind it is, and where."""
    frames = traceback.extract_tb(problem.__traceback__)
    where = f", {frames[-1].filename.rpartition('/')[2]} line {frames[-1].lineno}" if frames else ""
    return f"The step “{step.name}” failed ({type(problem).__name__}{where}). Tell whoever runs the site."


def _database_away(problem: Exception) -> str:
    # Its own words may hold a row's values: only what kind of trouble it is.
    return f"The database does not answer ({type(problem).__name__}). Check that it runs and is migrated."


@contextmanager
def stopped_by_signals(stop: Any) -> Iterator[None]:
    """SIGTERM and SIGINT call ``stop`` instead of ending the process in the middle of a mail."""

    def handle(number: int, frame: FrameType | None) -> None:
        stop()

    before = {number: signal.signal(number, handle) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
