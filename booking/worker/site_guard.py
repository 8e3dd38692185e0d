"""Notice that this database is a copy, or has gone back to an earlier state, before anything is sent from it."""

import time

from django.utils import timezone

from booking import site_identity
from booking.models import SiteIdentity

CHECK_INTERVAL = 1.0  # seconds
HEARTBEAT_INTERVAL = 60.0  # seconds


class SiteGuard:
    """Says whether this database is the site's; for one thread. Records the place in a database that has none."""

    def __init__(self) -> None:
        self._problem = ""
        self._checked = self._counted = float("-inf")
        self._memory = site_identity.SiteMemory()

    def problem(self) -> str:
        """Return why nothing may be sent, or ""."""
        if time.monotonic() - self._checked >= CHECK_INTERVAL:
            self._problem = self._check()
            self._checked = time.monotonic()
        return self._problem

    def _check(self) -> str:
        identity, place, now = site_identity.load_identity(), site_identity.current_place(), timezone.now()
        problem = site_identity.find_problem(identity, place, now=now, memory=self._memory)
        if identity is not None and not identity.database and problem is None:
            site_identity.adopt(place, now=now)
            return self._check()  # Another worker may have recorded its own place.
        if problem is None and identity is not None:
            self._count(identity, place)
        elif identity is not None:
            went_back = problem is site_identity.WENT_BACK
            site_identity.record_mute(identity, place, self._memory, went_back=went_back, now=now)
        return str(problem or "")

    def _count(self, identity: SiteIdentity, place: site_identity.Place) -> None:
        if time.monotonic() - self._counted >= HEARTBEAT_INTERVAL:
            self._memory.remember(identity)
            site_identity.count_heartbeat(identity, place)
            self._counted = time.monotonic()
