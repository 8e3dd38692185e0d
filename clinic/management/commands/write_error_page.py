"""Write the page that the front server shows while the site does not answer, with the clinic's name and phone."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from booking.models import Clinic
from clinic.ops.error_page import render_error_page, write_atomically


class Command(BaseCommand):
    help = "Write the page that the front server shows while the site doesn't answer, from the clinic's data."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("path", type=Path, help="Where to, such as /var/www/clinic/clinic-down.html.")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["path"]
        clinic = Clinic.objects.first()
        if clinic is None:
            raise CommandError("There's no clinic yet. Enter its name and phone in the office first.")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(path, render_error_page(clinic))
        except OSError as problem:
            raise CommandError(f"{path} cannot be written ({problem.strerror}).") from problem
        self.stdout.write(f"Written: {path}. Write it again when the clinic's name or phone changes.")
