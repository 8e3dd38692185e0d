"""Restore a backup into an empty database and storage. The restored copy sends nothing until it is taken over."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from clinic.ops.backup.archive import MissingProgram, unpack, work_folder
from clinic.ops.backup.databases import check_empty, load
from clinic.ops.backup.manifest import NotABackup
from clinic.ops.backup.pictures import restore_pictures


class Command(BaseCommand):
    help = "Restore a backup into the configured database, which must be empty, and the pictures into their storage."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="The backup.")
        parser.add_argument("--identity", type=Path, help="The file with age's secret key, for an encrypted backup.")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        try:
            check_empty()
            with work_folder() as work:
                manifest = unpack(path, work, options["identity"])
                # Before the database, which is loaded once: if the storage fails, the command can be run again.
                pictures, taken = restore_pictures(work)
                load(work)
        except (NotABackup, MissingProgram) as problem:
            raise CommandError(str(problem)) from problem
        except OSError as problem:
            raise CommandError(f"{path} could not be restored ({problem.strerror}).") from problem
        self.stdout.write(
            f"Restored: {sum(manifest.rows.values())} rows and {pictures} files of pictures, as of {manifest.made_at}."
        )
        for name in taken:
            self.stdout.write(f"Left alone: the storage has another file with the name {name}.")
        self.stdout.write("Next: manage.py restore_check FILE, then manage.py migrate, then manage.py take_over.")
