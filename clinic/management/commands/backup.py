"""Make a backup: one file with the database, the pictures and a manifest, encrypted if you say to whom."""

import os
from argparse import ArgumentParser
from datetime import UTC
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.utils import timezone

from clinic.ops.backup.archive import ENCRYPTED, MissingProgram, work_folder, written
from clinic.ops.backup.databases import check_exists, dump
from clinic.ops.backup.manifest import Manifest, NotABackup, key_fingerprint
from clinic.ops.backup.pictures import add_pictures
from clinic.ops.folders import make_private

_NAME = "clinic-{:%Y%m%dT%H%M%SZ}.tar"
_PATTERN = "clinic-????????T??????Z.tar*"


class Command(BaseCommand):
    help = "Write the database and the pictures into one file. The site may run meanwhile. Secrets are not in it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--to", type=Path, required=True, help="The folder for the file.")
        parser.add_argument(
            "--encrypt-to", action="append", default=[], metavar="RECIPIENT",
            help="Encrypt it with age to this public key (age1...); may be given several times.",
        )  # fmt: skip
        parser.add_argument("--without-pictures", action="store_true", help="If they are copied in another way.")
        parser.add_argument("--keep", type=int, default=0, help="Delete older backups in that folder, but this many.")

    def handle(self, *args: Any, **options: Any) -> None:
        folder: Path = options["to"]
        made_at = timezone.now().astimezone(UTC)
        recipients = options["encrypt_to"]
        path = folder / (_NAME.format(made_at) + (ENCRYPTED if recipients else ""))
        try:
            check_exists()
            make_private(folder)
            with work_folder() as work, written(path, recipients) as tar:
                file, rows = dump(work)
                with file.open("rb") as content:
                    tar.add(file.name, content, file.stat().st_size)
                pictures = 0 if options["without_pictures"] else add_pictures(tar)
                key = key_fingerprint(settings.SECRET_KEY)
                tar.finish(Manifest(made_at.isoformat(), settings.SITE_URL, connection.vendor, rows, key))
        except (NotABackup, MissingProgram, ImproperlyConfigured) as problem:
            raise CommandError(str(problem)) from problem
        except OSError as problem:
            raise CommandError(f"The backup could not be written to {folder} ({problem.strerror}).") from problem
        size = path.stat().st_size / 1_000_000
        self.stdout.write(f"{path}: {sum(rows.values())} rows, {pictures} files of pictures, {size:.1f} MB.")
        if options["keep"] > 0:
            self._delete_older(folder, options["keep"])

    def _delete_older(self, folder: Path, keep: int) -> None:
        for path in sorted(folder.glob(_PATTERN), key=lambda path: path.name)[:-keep]:
            os.unlink(path)
            self.stdout.write(f"Deleted: {path}")
