"""Make the folders that commands write to, for the site's own user alone."""

from pathlib import Path

from django.core.management.base import CommandError
from django.db import connections


def make_private(folder: Path) -> None:
    """Make a folder and those above it that are missing. Raises OSError."""
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    for path in reversed(missing):
        path.mkdir(mode=0o700, exist_ok=True)


def make_for_command(folder: Path, variable: str) -> None:
    """As ``make_private``, for a command: raises CommandError with the variable that chooses another folder."""
    try:
        make_private(folder)
    except OSError as problem:
        raise CommandError(
            f"The folder {folder} cannot be made ({problem.strerror}). Set {variable} to one that this user may "
            "write to."
        ) from problem


def make_for_database(alias: str = "default") -> None:
    """Make the folder of a SQLite database: SQLite itself makes only the file."""
    connection = connections[alias]
    if connection.vendor == "sqlite":
        make_for_command(Path(connection.settings_dict["NAME"]).parent, "VAR_DIR or DATABASE_URL")
