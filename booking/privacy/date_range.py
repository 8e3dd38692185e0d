"""Days of a time zone, from one to another, as instants."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo

NIGHT_BEGINS, NIGHT_ENDS = time(22), time(6)
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class DateRange:
    """The days ``first_on`` to ``last_on``, both included; None leaves that side open."""

    first_on: date | None
    last_on: date | None
    zone: tzinfo

    @property
    def starts_at(self) -> datetime | None:
        return datetime.combine(self.first_on, time(), self.zone) if self.first_on else None

    @property
    def ends_at(self) -> datetime | None:
        """The first instant after the last day."""
        return datetime.combine(self.last_on + _DAY, time(), self.zone) if self.last_on else None

    def nights(self) -> list[tuple[datetime, datetime]]:
        """From 10 p.m. of each day to 6 a.m. of the next one. Both ends must be set.

        Instants rather than the database's hours, because a database has time zone data of its own.
        """
        assert self.first_on is not None
        assert self.last_on is not None
        days = [self.first_on + n * _DAY for n in range((self.last_on - self.first_on).days + 1)]
        return [
            (datetime.combine(day, NIGHT_BEGINS, self.zone), datetime.combine(day + _DAY, NIGHT_ENDS, self.zone))
            for day in days
        ]
