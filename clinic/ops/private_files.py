"""Keep the SQLite database readable by the site's own user alone, whatever the umask."""

from pathlib import Path
from typing import Any

from django.db.backends.signals import connection_created
from django.dispatch import receiver

# SQLite creates the others with the mode of the database file; those of an earlier release may be there already.
_SUFFIXES = ("", "-wal", "-shm", "-journal")


@receiver(connection_created, dispatch_uid="clinic.ops.private_files")
def make_database_private(connection: Any, **kwargs: Any) -> None:
    """Take the permissions of group and others from the files of a SQLite database."""
    name = str(connection.settings_dict.get("NAME") or "")
    if connection.vendor != "sqlite":
        return
    for path in (Path(name + suffix) for suffix in _SUFFIXES):
        try:
            mode = path.stat().st_mode
            if mode & 0o077:
                path.chmod(mode & 0o700)
        except OSError:
            continue  # It does not exist, or belongs to somebody else, who decides who may read it.
