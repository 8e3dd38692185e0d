"""Take the present time as right, after a step of the clock that was a correction."""

from typing import Any

from django.core.management.base import BaseCommand

from booking.worker import clock_guard


class Command(BaseCommand):
    help = (
        "Take the time of the workers' clocks as right, after a step that was a correction. The workers go on within "
        "a minute. A clock that differs from the database's clock has to be set instead."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        clock_guard.forget_readings()
        self.stdout.write("The workers take their clocks as right from now on.")
