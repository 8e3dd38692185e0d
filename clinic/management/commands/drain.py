"""Take this machine out of its balancer before the site is stopped."""

import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from clinic.ops.drain import drain_file


class Command(BaseCommand):
    help = "Let /readyz answer 503, so that balancers send no more requests, and wait until they have noticed."
    requires_system_checks = []  # Nothing may keep a site from being stopped.

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--wait",
            type=float,
            default=10,
            metavar="SECONDS",
            help="How long, at least the balancer's interval times the failures after which it reacts (10).",
        )
        parser.add_argument("--undo", action="store_true", help="Let /readyz answer 200 again.")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["undo"]:
                drain_file().unlink(missing_ok=True)
            else:
                drain_file().touch()
        except OSError as problem:
            raise CommandError(f"{drain_file()} cannot be changed ({problem.strerror}).") from problem
        if options["undo"]:
            self.stdout.write("Ready again.")
            return
        time.sleep(max(options["wait"], 0))
        self.stdout.write("Draining: /readyz answers 503 until gunicorn starts again, or until drain --undo.")
