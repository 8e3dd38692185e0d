"""Run the worker: sends messages, expires holds, offers freed slots to the waitlist, deletes old data."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from booking.ops.secret_key import require_secret_key
from booking.worker.loop import Worker, stopped_by_signals


class Command(BaseCommand):
    help = (
        "Send messages that are due, free holds that ran out and offer freed times to the waitlist. "
        "Runs until stopped; with --once, for cron, one round."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="Do all that is due now, then end.")

    def handle(self, *, once: bool, **options: Any) -> None:
        require_secret_key()
        worker = Worker()
        with stopped_by_signals(worker.stop):
            if once:
                worker.work_once()
            else:
                worker.work_until_stopped()
