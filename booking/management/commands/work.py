"""The worker: sends what is due, frees holds that ran out, offers freed times to the waitlist, forgets what is old."""

import logging
import signal
import threading
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from django.contrib.sessions.backends.db import SessionStore
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, close_old_connections
from django.utils import timezone

from booking import limits, messages, scheduling

logger = logging.getLogger("booking.work")

PAUSE = 2.0  # seconds between two rounds
LONGEST_PAUSE = 60.0  # seconds, while the database or the mail server is away
BATCH = 50
BETWEEN_FORGETTING = 600.0  # seconds
BETWEEN_OFFERS = 10.0  # seconds: looking for freed times costs some queries for each service waited for.


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


class Worker:
    """Rounds of work with a pause between them, longer while something it needs is away."""

    def __init__(self) -> None:
        self._stop = threading.Event()
        self._database = Patience()
        self._mail = Patience()
        self._forget_at = self._offer_at = time.monotonic()

    def stop(self) -> None:
        """End after the message that is just being sent."""
        self._stop.set()

    def work_once(self) -> None:
        """All that is due now; CommandError if the database or the mail server is away."""
        try:
            self._free_holds()
            self._forget_sessions()
            self._offer_times()
            self._send_all()
        except messages.MailServerAway as away:
            raise CommandError(str(away)) from away
        except DatabaseError as problem:
            raise CommandError(_database_away(problem)) from problem

    def work_until_stopped(self) -> None:
        logger.info("The worker is running.")
        while not self._stop.is_set():
            self._stop.wait(self._round())
        logger.info("The worker has stopped.")

    def _round(self) -> float:
        """One round; how many seconds to wait before the next."""
        try:
            close_old_connections()  # One that failed in the last round is not used again.
            self._free_holds()
            self._forget_sessions()
            if self._mail.is_over():
                self._offer_times()  # Only while mail leaves: an offer nobody hears of helps nobody.
                self._send_all()
                self._mail.is_back()
        except messages.MailServerAway as away:
            # Holds go on lapsing at their usual pace; only mail waits longer.
            logger.warning("%s Next try in %d seconds.", away, self._mail.wait_longer())
        except DatabaseError as problem:
            pause = self._database.wait_longer()
            logger.warning("%s Next try in %d seconds.", _database_away(problem), pause)
            return pause
        self._database.is_back()
        return PAUSE

    def _free_holds(self) -> None:
        freed = scheduling.expire_holds(now=timezone.now())
        if freed:
            logger.info("Holds that ran out: %d.", freed)

    def _forget_sessions(self) -> None:
        """Delete, now and then, what visitors typed or held and left behind, and counts that are over."""
        if time.monotonic() >= self._forget_at:
            SessionStore.clear_expired()
            scheduling.forget_holds(now=timezone.now())
            limits.sweep(now=timezone.now())
            scheduling.forget_waitlist(now=timezone.now())
            self._forget_at = time.monotonic() + BETWEEN_FORGETTING

    def _offer_times(self) -> None:
        """Settle what the waitlist's offers have come to, then offer what is free to whoever comes next."""
        if time.monotonic() < self._offer_at:
            return
        settled = scheduling.settle_waitlist(now=timezone.now())
        offered = scheduling.offer_freed_times(now=timezone.now())
        if offered or any(settled):
            logger.info(
                "Waitlist: %d offered, %d offers lapsed, %d entries ended.", offered, settled.lapsed, settled.ended
            )
        self._offer_at = time.monotonic() + BETWEEN_OFFERS

    def _send_all(self) -> None:
        """Batch after batch: what fails is due later, so this ends."""
        done = messages.Tally()
        try:
            while not self._stop.is_set():
                batch = messages.send_batch(now=timezone.now(), limit=BATCH, stopping=self._stop.is_set)
                done += batch
                if not batch.handled:
                    break
        finally:
            if done.handled:
                logger.info(
                    "Messages: %d sent, %d no longer needed, %d to try again, %d parked.",
                    done.sent, done.dropped, done.postponed, done.parked,
                )  # fmt: skip


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


def _database_away(problem: DatabaseError) -> str:
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
