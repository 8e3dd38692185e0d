"""What the workers on this machine have seen of each database: its take-overs, and the largest count of each.

Kept in a file in VAR_DIR, so that a database that was restored in place is noticed after a restart. Where the file
cannot be written, a worker that keeps running notices it all the same.
"""

import json
import os
import threading
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from django.conf import settings

from booking.models import SiteIdentity

FILE = "site-memory.json"
SLACK = 5  # Heartbeats. A power cut may lose the last transactions of a database that does not wait for its disk.
KEPT = 20  # Take-overs of one database.


class Seen(NamedTuple):
    """Of one take-over: the largest count, and when it was done (a Unix time)."""

    heartbeats: int
    recorded_at: float


SeenByDatabase = dict[str, dict[str, Seen]]  # Database: token of each take-over, oldest first.


class SiteMemory:
    """For one thread."""

    def __init__(self) -> None:
        self._path = Path(settings.VAR_DIR) / FILE
        self._seen: SeenByDatabase = {}
        self._load()

    def knows(self, database: str) -> bool:
        return database in self._seen

    def is_ahead_of(self, identity: SiteIdentity) -> bool:
        """Whether a worker has seen a later state. An unknown token is a take-over from another machine."""
        seen = self._seen.get(identity.database, {})
        if identity.token not in seen:
            return False
        is_last = next(reversed(seen)) == identity.token
        return not is_last or identity.heartbeats + SLACK < seen[identity.token].heartbeats

    def was_taken_over_since(self, database: str, moment: datetime) -> bool:
        times = [seen.recorded_at for seen in self._seen.get(database, {}).values()]
        return bool(times) and datetime.fromtimestamp(max(times), UTC) > moment

    def remember(self, identity: SiteIdentity) -> None:
        """Remember the count as it was read, that is, after its commit."""
        self._load()
        seen = self._seen.setdefault(identity.database, {})
        recorded_at = identity.recorded_at.timestamp() if identity.recorded_at else 0.0
        new = Seen(identity.heartbeats, recorded_at)
        seen[identity.token] = max(seen.get(identity.token, new), new)
        self._seen[identity.database] = dict(list(seen.items())[-KEPT:])
        with suppress(OSError):
            self._save()

    def _load(self) -> None:
        for database, seen in _read(self._path).items():
            own = self._seen.setdefault(database, {})
            for token, new in seen.items():
                own[token] = max(own.get(token, new), new)

    def _save(self) -> None:
        new = self._path.with_name(f"{FILE}.{os.getpid()}-{threading.get_ident()}")
        try:
            new.write_text(json.dumps(self._seen), encoding="utf-8")
            os.replace(new, self._path)
        finally:
            new.unlink(missing_ok=True)


def _read(path: Path) -> SeenByDatabase:
    """Return what the file says, or nothing if it cannot be read or is damaged."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return {
            str(name): {str(token): Seen(int(count), float(time)) for token, (count, time) in seen.items()}
            for name, seen in content.items()
        }
    except (OSError, ValueError, AttributeError, TypeError):
        return {}
