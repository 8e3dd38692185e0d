"""Hours open for booking and hours booked, by practitioner."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from booking import scheduling
from booking.models import Practitioner
from booking.reports.periods import ReportPeriod
from booking.reports.scope import Scope
from booking.reports.visits import ON_THE_DIARY, VisitGroup

HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class TimeFilled:
    """A practitioner's hours, or everyone's. ``visits``: how many visits took the booked time."""

    name: str
    open: timedelta
    booked: timedelta
    visits: int

    @property
    def share(self) -> float | None:
        """Booked time over open time; above 1 if visits were booked outside hours; None without open time."""
        return self.booked / self.open if self.open else None


def time_filled(scope: Scope, groups: Sequence[VisitGroup], before: ReportPeriod) -> tuple[list[TimeFilled], timedelta]:
    """Each practitioner's time in the period, by name, and everyone's open time in the one before. Six queries.

    Those who have left count with the time of their visits: their hours are stored no more.
    """
    names = dict(Practitioner.objects.active().values_list("pk", "name"))
    period = scope.period
    now, earlier = scheduling.open_seconds(
        list(names),
        [(period.first_on, period.last_on), (before.first_on, before.last_on)],
        location=scope.location.pk if scope.location else None,
    )
    booked: dict[int, timedelta] = defaultdict(timedelta)
    visits: dict[int, int] = defaultdict(int)
    for group in groups:
        names.setdefault(group.practitioner, group.practitioner_name)
        if group.status in ON_THE_DIARY:
            booked[group.practitioner] += group.length
            visits[group.practitioner] += group.number
    rows = [
        TimeFilled(name, timedelta(seconds=now.get(person, 0)), booked[person], visits[person])
        for person, name in sorted(names.items(), key=lambda item: (item[1], item[0]))
    ]
    shown = [row for row in rows if row.open or row.visits]
    return shown, timedelta(seconds=sum(earlier.values()))


def hours(length: timedelta) -> str:
    """128; 7.5"""
    return f"{length / HOUR:.1f}".removesuffix(".0")
