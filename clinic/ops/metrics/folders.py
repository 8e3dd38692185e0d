"""The folder of the files in which processes count: ``web`` for gunicorn's, ``commands`` for the worker's."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

_PROCESS = re.compile(r"\w+_(\d+)\.db", re.ASCII)


def prepare_folder(folder: str | Path) -> None:
    """Make the folder. Empty it unless a process that counts there is running: a sum may not lose a part of itself.

    gunicorn's master empties the folder of the web processes (``clinic/ops/gunicorn.py``).
    """
    path = Path(folder)
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    if path.name == "commands" and not any(map(_is_running, _processes(path))):
        for file in path.glob("*.db"):
            file.unlink(missing_ok=True)


def count_files(root: Path) -> list[str]:
    """Return the files of all processes, of those that have ended as well."""
    return sorted(str(path) for path in root.glob("*/*.db"))


def _processes(path: Path) -> Iterator[int]:
    for file in path.glob("*.db"):
        match = _PROCESS.fullmatch(file.name)
        if match:
            yield int(match[1])


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # Somebody else's process.
    return True
