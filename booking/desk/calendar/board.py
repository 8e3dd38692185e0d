"""The calendar of one or several days: for each practitioner and day a column of visits, gaps and shading."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from booking.desk.calendar import grid
from booking.models import Appointment, Closure, Location, Practitioner, Status, Tag, WaitlistEntry


@dataclass(frozen=True)
class CalendarBlock:
    """Something in a column: a visit, a hold or a gap."""

    kind: str  # "visit", "hold" or "gap"
    starts_at: datetime  # In the location's time zone.
    ends_at: datetime
    location: Location
    cell: grid.Cell
    appointment: Appointment | None = None
    waiting: Sequence[WaitlistEntry] = ()

    @property
    def length(self) -> timedelta:
        return self.ends_at - self.starts_at

    @property
    def minutes(self) -> int:
        return self.length // timedelta(minutes=1)

    @property
    def status(self) -> str:
        return self.appointment.status if self.appointment else ""

    @property
    def arrived_at(self) -> datetime | None:
        """When the desk marked the patient as here, in the location's time zone."""
        arrivals = getattr(self.appointment, "arrivals", [])
        return arrivals[-1].at.astimezone(self.location.zone) if arrivals else None

    @property
    def has_note(self) -> bool:
        """Whether the visit has a note that the user may read."""
        return bool(getattr(self.appointment, "shown_notes", []))

    @property
    def alerts(self) -> Sequence[Tag]:
        """The patient's tags that stand in the calendar."""
        patient = self.appointment.patient if self.appointment else None
        return getattr(patient, "alert_tags", [])


@dataclass(frozen=True)
class Shade:
    """Time in which the practitioner sees nobody; ``label`` is empty outside their hours."""

    cell: grid.Cell
    label: str = ""
    detail: str = ""
    is_closure: bool = False
    time_off: int = 0  # The primary key of the time off, for the link to its panel.


@dataclass
class CalendarColumn:
    """One practitioner's day."""

    practitioner: Practitioner
    on: date
    hours: list[tuple[datetime, datetime]]
    late_by: timedelta | None = None  # As the practitioner said today.
    blocks: list[CalendarBlock] = field(default_factory=list)
    shades: list[Shade] = field(default_factory=list)

    @property
    def booked(self) -> int:
        return sum(block.kind == "visit" and block.status != Status.CANCELLED for block in self.blocks)

    @property
    def gaps(self) -> list[CalendarBlock]:
        return [block for block in self.blocks if block.kind == "gap"]


@dataclass
class Board:
    """The columns of a day or a week, and the hours that their grid shows."""

    columns: list[CalendarColumn]
    shown: grid.Span
    closures: dict[date, list[Closure]]
    visits: list[Appointment]  # Agreed ones, cancelled ones included, also where those are not drawn.
    waiting: list[WaitlistEntry]

    @property
    def hours(self) -> list[tuple[str, grid.Cell]]:
        """The labels of the hour column: "9 a.m."."""
        first, last = self.shown[0] // grid.HOUR, self.shown[1] // grid.HOUR
        return [
            (_hour_label(hour), grid.cell((hour * grid.HOUR, (hour + 1) * grid.HOUR), self.shown))
            for hour in range(first, last)
        ]

    @property
    def rows(self) -> int:
        return (self.shown[1] - self.shown[0]) // grid.ROW

    def late_by_of(self, practitioner: Practitioner, on: date) -> timedelta | None:
        """How late the practitioner said that they are on this day."""
        columns = (column for column in self.columns if (column.practitioner, column.on) == (practitioner, on))
        return next((column.late_by for column in columns), None)

    def gap_at(self, practitioner: Practitioner | None, at: time | None) -> CalendarBlock | None:
        """The gap of this practitioner that contains this local time."""
        if at is None:
            return None
        gaps = (gap for column in self.columns if column.practitioner == practitioner for gap in column.gaps)
        return next((gap for gap in gaps if gap.starts_at.time() <= at < gap.ends_at.time()), None)


def _hour_label(hour: int) -> str:
    return f"{hour % 12 or 12} {'a.m.' if hour % 24 < 12 else 'p.m.'}"
