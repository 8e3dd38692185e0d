"""Write the page that the front server shows while the site does not answer, with the clinic's name and phone."""

import os
import tempfile
from argparse import ArgumentParser
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.template.loader import render_to_string

from booking.models import Clinic


class Command(BaseCommand):
    help = "Write the page that the front server shows while the site doesn't answer, from the clinic's data."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("path", type=Path, help="Where to, such as /var/www/clinic/clinic-down.html.")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["path"]
        clinic = Clinic.objects.first()
        if clinic is None:
            raise CommandError("There's no clinic yet. Enter its name and phone in the office first.")
        content = render_to_string("front_server_error.html", {"clinic": clinic})
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            _write_atomically(path, content)
        except OSError as problem:
            raise CommandError(f"{path} cannot be written ({problem.strerror}).") from problem
        self.stdout.write(f"Written: {path}. Write it again when the clinic's name or phone changes.")


def _write_atomically(path: Path, content: str) -> None:
    """Rename the file when it is complete, because the front server may read it at any time."""
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, delete=False) as file:
        try:
            file.write(content)
            file.flush()
            os.chmod(file.name, 0o644)
            os.replace(file.name, path)
        except BaseException:
            with suppress(FileNotFoundError):
                os.unlink(file.name)
            raise
