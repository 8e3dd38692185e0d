"""What the workers on this machine have seen of each database: the largest count of each of its take-overs.

Kept in a file in VAR_DIR, so that a database that was restored in place is noticed after a restart. Where the file
cannot be written, a worker that keeps running notices it all the same.
"""

import json
import os
import threading
from contextlib import suppress
from pathlib import Path

from django.conf import settings

from booking.models import SiteIdentity

FILE = "site-memory.json"
SLACK = 5  # Heartbeats. A power cut may lose the last transactions of a database that does not wait for its disk.
KEPT = 20  # Take-overs of one database.

Seen = dict[str, dict[str, int]]  # Database: token of each take-over, oldest first: largest count.


class SiteMemory:
    """For one thread."""

    def __init__(self) -> None:
        self._path = Path(settings.VAR_DIR) / FILE
        self._seen: Seen = {}
        self._load()

    def knows(self, database: str) -> bool:
        return database in self._seen

    def is_ahead_of(self, identity: SiteIdentity) -> bool:
        """Whether a worker has seen a later state. An unknown token is a take-over from another machine."""
        seen = self._seen.get(identity.database, {})
        if identity.token not in seen:
            return False
        is_last = next(reversed(seen)) == identity.token
        return not is_last or identity.heartbeats + SLACK < seen[identity.token]

    def remember(self, identity: SiteIdentity) -> None:
        """Remember the count as it was read, that is, after its commit."""
        self._load()
        seen = self._seen.setdefault(identity.database, {})
        seen[identity.token] = max(seen.get(identity.token, 0), identity.heartbeats)
        self._seen[identity.database] = dict(list(seen.items())[-KEPT:])
        with suppress(OSError):
            self._save()

    def _load(self) -> None:
        for database, seen in _read(self._path).items():
            own = self._seen.setdefault(database, {})
            for token, heartbeats in seen.items():
                own[token] = max(own.get(token, 0), heartbeats)

    def _save(self) -> None:
        new = self._path.with_name(f"{FILE}.{os.getpid()}-{threading.get_ident()}")
        try:
            new.write_text(json.dumps(self._seen), encoding="utf-8")
            os.replace(new, self._path)
        finally:
            new.unlink(missing_ok=True)


def _read(path: Path) -> Seen:
    """Return what the file says, or nothing if it cannot be read or is damaged."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return {
            str(name): {str(token): int(heartbeats) for token, heartbeats in seen.items()}
            for name, seen in content.items()
        }
    except (OSError, ValueError, AttributeError, TypeError):
        return {}
