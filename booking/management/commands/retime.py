"""After a tzdata update: recompute the instants of future appointments from their wall times, and report."""

from argparse import ArgumentParser
from collections import Counter
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from booking import scheduling
from booking.formatting import clock, day, duration, full_stop
from booking.scheduling import Retimed, SchedulingError


class Command(BaseCommand):
    help = (
        "Work out again when appointments begin, after a government changed its clocks and the zone data was "
        "updated. Run it when the site and its worker have been restarted. It can be run at any time, and again."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="Say what would be done, and write nothing.")

    def handle(self, *, dry_run: bool, **options: Any) -> None:
        try:
            report = scheduling.retime(now=timezone.now(), dry_run=dry_run)
        except SchedulingError as error:
            raise CommandError(error.message) from error
        if dry_run:
            self.stdout.write("This is a dry run: nothing was written.")
        for line in report_lines(report):
            self.stdout.write(line)


def report_lines(report: Retimed) -> list[str]:
    """The report as lines of text, with appointment references and without patients' data."""
    lines = [f"Appointments that moved: {len(report.moved)}."]
    shifts = Counter((moved.time_zone, moved.shift) for moved in report.moved)
    for (zone, shift), count in sorted(shifts.items()):
        lines.append(f"  {zone}: {count} begin {_shift_text(shift)}, at the same time on the clock as before.")
    if report.holds_moved or report.holds_released:
        lines.append(f"Held times that moved: {report.holds_moved}; given up: {report.holds_released}.")
    if report.other_room:
        lines.append(f"In another room now: {', '.join(report.other_room)}.")
    lines.append(f"Now at the same time as another, and marked as overbooked: {len(report.collided)}.")
    for collided in report.collided:
        local = collided.starts_at.astimezone(ZoneInfo(collided.time_zone))
        lines.append(
            full_stop(f"  {collided.reference} with {', '.join(collided.others)}: {day(local)} at {clock(local)}")
        )
    for vanished in report.vanished:
        lines.append(
            f"The clock skips {clock(vanished.promised)} on {day(vanished.promised)}: "
            f"{vanished.reference} is at {clock(vanished.becomes)}, and the patient is told."
        )
    if report.shown_twice:
        lines.append(
            f"The clock shows these times twice; call and say which is meant: {', '.join(report.shown_twice)}."
        )
    if report.moved:
        lines.append("Moved, in order of time:")
        lines += [f"  {moved.reference}" for moved in report.moved]
    return lines


def _shift_text(shift: timedelta) -> str:
    return f"{duration(abs(shift))} {'earlier' if shift < timedelta(0) else 'later'}"
