"""Load the sample clinic into an empty database, or remove it."""

import sys
from argparse import ArgumentParser, BooleanOptionalAction
from collections.abc import Iterable, Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import models, transaction
from django.utils import timezone

from booking.models import Appointment, Location, Practitioner, Service
from booking.sample_appointments import make_appointments
from booking.sample_clinic import load_clinic
from clinic.ops.sample_data import PlanChanged, RemovalPlan, mark, plan, real_rows, remove
from content.sample import loader as pages

MOST_NAMED = 12  # rows of one model in the list of what is removed


class Command(BaseCommand):
    help = "Load the sample clinic into an empty database, or --remove what no one has changed of it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--appointments", action=BooleanOptionalAction, default=True, help="Two weeks of them around today."
        )
        parser.add_argument("--remove", action="store_true", help="Remove the sample; what is yours stays.")
        parser.add_argument("--dry-run", action="store_true", help="With --remove: only list what goes and what stays.")
        parser.add_argument("--yes", action="store_true", help="With --remove: do not ask.")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["remove"]:
            self.remove(ask=not options["yes"], is_dry_run=options["dry_run"])
        elif options["dry_run"] or options["yes"]:
            raise CommandError("--dry-run and --yes belong to --remove.")
        else:
            self.load(with_appointments=options["appointments"])

    def load(self, *, with_appointments: bool) -> None:
        real = real_rows()
        if real:
            raise CommandError(
                f"This database holds real data ({', '.join(real)}). The sample clinic was not loaded, "
                "and nothing was changed."
            )
        now = timezone.now()
        with transaction.atomic():
            rows = list(load_clinic(timezone.localdate()))
            add_photos(row for row in rows if isinstance(row, Practitioner))
            pictures = pages.load_pictures()
            rows += pictures
            rows += pages.load_maps(locations=[row for row in rows if isinstance(row, Location)], pictures=pictures)
            new_pages = pages.load_pages(
                services=Service.objects.all(), practitioners=Practitioner.objects.all(), pictures=pictures, now=now
            )
            rows += [*new_pages, *pages.load_menu_entries(new_pages)]
            rows += pages.load_synonyms()
            if with_appointments:
                rows += add_appointments()
            mark(rows)
        self.stdout.write(f"The sample clinic is loaded ({len(rows)} new rows)." if rows else "Nothing was missing.")

    def remove(self, *, ask: bool, is_dry_run: bool) -> None:
        removal = plan()
        for line in plan_lines(removal):
            self.stdout.write(line)
        if is_dry_run or not (removal.going or removal.kept):
            return
        if ask and not self.confirm():
            self.stdout.write("Nothing was removed.")
            return
        try:
            remove(removal.digest)
        except PlanChanged:
            raise CommandError("The list has changed while you looked. Nothing was removed: run it again.") from None
        self.stdout.write("Removed.")

    def confirm(self) -> bool:
        if not sys.stdin.isatty():
            raise CommandError(
                "There is no terminal to ask on, so nothing was removed. Look with --dry-run first, then add --yes."
            )
        return input("Remove what is listed as going? [y/N] ").strip().lower() in {"y", "yes"}


def add_photos(practitioners: Iterable[Practitioner]) -> None:
    """Give each sample practitioner their portrait from content/sample/pictures."""
    for practitioner in practitioners:
        portrait = pages.drawing(practitioner.slug)
        if portrait is not None:
            practitioner.photo.save(str(portrait.name), portrait)


def add_appointments() -> list[models.Model]:
    """Create two weeks of sample appointments, unless there are appointments already."""
    location = Location.objects.first()
    if location is None or Appointment.objects.exists():
        return []
    return list(make_appointments(location, timezone.now()))


def plan_lines(removal: RemovalPlan) -> Iterator[str]:
    """Describe the plan: the rows to remove by model, and each kept row with its reason."""
    if not (removal.going or removal.kept):
        yield "There is no sample data here."
    if removal.going:
        yield "Going:"
    for counted, rows in removal.going_by_kind:
        names = f": {', '.join(map(str, rows))}" if len(rows) <= MOST_NAMED else ""
        yield f"  {counted}{names}"
    if removal.kept:
        yield "Staying:"
    for kept in removal.kept:
        yield f"  {kept.kind} “{kept.row}”: {kept.reason}"
