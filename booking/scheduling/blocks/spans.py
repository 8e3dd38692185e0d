"""The span of a block, and the visits that are inside of one."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from booking import availability
from booking.availability import TimeOffSpan
from booking.models import Appointment, AppointmentQuerySet, Status, TimeOff

Absence = tuple[int, TimeOffSpan]  # A practitioner's id, and when they are away.


@dataclass(frozen=True)
class BlockSpan:
    """From a wall time to another at every location; without a time from the start or to the end of that day."""

    starts_on: date
    start_time: time | None
    ends_on: date
    end_time: time | None

    @property
    def is_empty(self) -> bool:
        begins, ends = self.start_time or time.min, self.end_time or time.max
        return (self.ends_on, ends) <= (self.starts_on, begins)

    @property
    def is_whole_days(self) -> bool:
        return self.start_time is None and self.end_time is None

    def later(self, weeks: int) -> "BlockSpan":
        """The same span some weeks later."""
        after = timedelta(weeks=weeks)
        return BlockSpan(self.starts_on + after, self.start_time, self.ends_on + after, self.end_time)

    def days(self) -> list[date]:
        return [self.starts_on + timedelta(days=count) for count in range((self.ends_on - self.starts_on).days + 1)]


def absences_of(rows: Iterable[TimeOff]) -> list[Absence]:
    return [
        (row.practitioner_id, TimeOffSpan(row.starts_on, row.start_time, row.ends_on, row.end_time)) for row in rows
    ]


def visits_inside(absences: Iterable[Absence], *, now: datetime) -> list[Appointment]:
    """The visits that are not over and that these absences interrupt, ordered by start. One query."""
    rows = Appointment.objects.filter(status__in=[Status.BOOKED, Status.ARRIVED], ends_at__gt=now)
    related = ("patient", "practitioner", "service", "location", "room")
    return sorted(_inside(rows.select_related(*related), list(absences)), key=lambda visit: (visit.starts_at, visit.pk))


def holds_inside(absences: Iterable[Absence], *, now: datetime) -> list[Appointment]:
    """The live holds that these absences interrupt, with their waitlist offers."""
    rows = Appointment.objects.filter(status=Status.HELD, hold_expires_at__gt=now)
    return _inside(rows.select_related("location", "waitlist_offer__appointment__location"), list(absences))


def _inside(rows: AppointmentQuerySet, absences: list[Absence]) -> list[Appointment]:
    if not absences:
        return []
    first = min(span.starts_on for _, span in absences) - availability.LOOK_BACK
    last = max(span.ends_on for _, span in absences)
    people = {person for person, _ in absences}
    return [
        row
        for row in rows.filter(practitioner__in=people, local_on__range=(first, last)).order_by("starts_at", "pk")
        if any(person == row.practitioner_id and _overlaps(span, row) for person, span in absences)
    ]


def _overlaps(span: TimeOffSpan, row: Appointment) -> bool:
    begins, ends = span.at(row.location.zone)
    return availability.floor_second(row.starts_at) < ends and availability.ceil_second(row.ends_at) > begins
