"""The calendar's gaps while a visit is being moved: where it would fit, and why not elsewhere."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, timedelta

from django.utils.translation import gettext

from booking.desk.calendar.board import CalendarBlock, CalendarColumn
from booking.desk.visit_times.time_form import TimeChoice
from booking.models import Appointment, Practitioner

_STEP = timedelta(minutes=5)


@dataclass(frozen=True)
class MoveTarget:
    """A gap: the start that the visit would get there, or why it does not fit."""

    choice: TimeChoice | None = None
    why_not: str = ""


@dataclass(frozen=True)
class MoveGaps:
    """A visit to move, and the ids of the practitioners who may give its service."""

    visit: Appointment
    practitioners: frozenset[int]

    @classmethod
    def among(cls, visit: Appointment, offering: Iterable[Practitioner]) -> "MoveGaps":
        """``offering``: those who are active and offer the service."""
        needs_authorisation = visit.service.needs_needling_authorisation
        able = [each for each in offering if each.authorised_for_needling or not needs_authorisation]
        return cls(visit, frozenset(each.pk for each in able))

    def target(self, column: CalendarColumn, gap: CalendarBlock) -> MoveTarget:
        if column.practitioner.pk not in self.practitioners:
            return MoveTarget(why_not=gettext("other service"))
        # A gap that begins now begins at any second.
        starts_at = gap.starts_at.astimezone(UTC)
        starts_at += (-timedelta(minutes=starts_at.minute, seconds=starts_at.second)) % _STEP
        starts_at = starts_at.replace(microsecond=0)
        if starts_at + self.visit.duration > gap.ends_at:
            return MoveTarget(why_not=gettext("too short"))
        return MoveTarget(TimeChoice(starts_at.astimezone(gap.location.zone), column.practitioner, gap.location))
