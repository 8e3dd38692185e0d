"""Compare the recorded place with the present one, and say in plain words what is wrong."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from booking.models import SiteIdentity, TaskRun
from booking.site_identity.memory import SiteMemory
from booking.site_identity.place import Place, current_place
from booking.site_identity.record import load_identity

UPDATE_PAUSE = timedelta(hours=1)  # Between the last mail of the release before this record and the first of this one.
MUTE = "Until someone takes it over, nothing is sent, offered to the waitlist or deleted by its age."
ADVICE = "Run manage.py take_over: docs/operations/restore.md says how."


@dataclass(frozen=True)
class SiteProblem:
    """``text`` is for staff and logs."""

    text: str

    def __str__(self) -> str:
        return f"{self.text} {MUTE}"


MISSING = SiteProblem("The record of where this database is served from is missing, as while a backup is restored.")
UNKNOWN = SiteProblem("This database may be a copy: it does not say where it was served when it last sent messages.")
WENT_BACK = SiteProblem("This database has gone back to an earlier state, as after a backup was restored.")


def site_problem() -> str:
    """What is wrong, for pages and the health check; "" if nothing. At most four queries."""
    problem = find_problem(load_identity(), current_place(), now=timezone.now())
    return str(problem) if problem else ""


def find_problem(
    identity: SiteIdentity | None, place: Place, *, now: datetime, memory: SiteMemory | None = None
) -> SiteProblem | None:
    """Return why this database must not send, or None. ``memory`` is what workers on this machine have seen of it."""
    if identity is None:
        return MISSING
    if not identity.database:
        return _origin_problem(place, memory, now)
    if identity.database != place.database:
        return SiteProblem(f"This database is a copy, or has moved: it was served {_where(identity)} before.")
    if identity.site_url not in {"", place.site_url}:
        here = f"now it is {place.site_url}" if place.site_url else "here it is an address of this machine alone"
        return SiteProblem(f"This database may be a copy: it was served as {identity.site_url}, and {here}.")
    if identity.went_back or (memory is not None and memory.is_ahead_of(identity)):
        return WENT_BACK
    return None


def _origin_problem(place: Place, memory: SiteMemory | None, now: datetime) -> SiteProblem | None:
    """Nothing is recorded: the database is new, or of an earlier release, or a backup of an earlier release.

    A worker that sent messages a moment ago was replaced by this one; if it was long ago, this may be a backup.
    """
    last_run = TaskRun.objects.filter(name="mail").values_list("went_well_at", flat=True).first()
    if last_run is None:
        return None
    is_known = memory is not None and memory.knows(place.database)
    return UNKNOWN if is_known or abs(now - last_run) > UPDATE_PAUSE else None


def _where(identity: SiteIdentity) -> str:
    return f"as {identity.site_url} from another place" if identity.site_url else "from another place"
