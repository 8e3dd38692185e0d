"""Check a restored copy. Reads only, and sends nothing."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from clinic.ops.backup.archive import MissingProgram, unpack
from clinic.ops.backup.checks import problems
from clinic.ops.backup.manifest import Manifest, NotABackup


class Command(BaseCommand):
    help = (
        "Check the configured database and pictures: no visits that overlap, no message twice, no picture missing, "
        "and, with the file of a backup, the same number of rows. Reads only."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, nargs="?", help="The backup that was restored.")
        parser.add_argument("--identity", type=Path, help="The file with age's secret key, for an encrypted backup.")

    def handle(self, *args: Any, **options: Any) -> None:
        manifest = _manifest(options["file"], options["identity"]) if options["file"] else None
        found = list(problems(manifest))
        if found:
            raise CommandError("\n".join(found))
        compared = f" The {sum(manifest.rows.values())} rows of the backup are there." if manifest else ""
        self.stdout.write(f"Nothing is missing, and nothing is there twice.{compared}")


def _manifest(path: Path, identity: Path | None) -> Manifest:
    """Read a backup whole, which finds damage in it, too."""
    try:
        return unpack(path, None, identity)
    except (NotABackup, MissingProgram) as problem:
        raise CommandError(str(problem)) from problem
    except OSError as problem:
        raise CommandError(f"{path} cannot be read ({problem.strerror}).") from problem
