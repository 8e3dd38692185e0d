"""Files in VAR_DIR with a key that a local site makes for itself."""

import os
import tempfile
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured


def make_key_file(path: Path, key: str) -> None:
    """Write the key, unless there is a file. Raises OSError.

    The file appears with its content, so that another process never reads half a key; of two that make one at once,
    the first wins.
    """
    if path.exists():
        return
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # Readable by its owner alone.
    try:
        with os.fdopen(handle, "w") as file:
            file.write(key + "\n")
            file.flush()
            os.fsync(handle)
        os.link(temporary, path)
    except FileExistsError:
        pass
    finally:
        os.unlink(temporary)


def read_key_file(path: Path) -> str:
    """Return its text; "" if there is no such file. Raises ImproperlyConfigured for an empty one."""
    try:
        key = path.read_text(encoding="utf-8").strip()
    except (FileNotFoundError, NotADirectoryError):
        return ""
    except OSError as problem:
        raise ImproperlyConfigured(
            f"{path} cannot be read ({problem.strerror}). Let this user read it, or set {path.name.upper()}."
        ) from problem
    if not key:
        raise ImproperlyConfigured(f"{path} does not hold a key. Delete it, or set {path.name.upper()}.")
    return key
