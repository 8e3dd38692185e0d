"""The calendar of one or several days: for each practitioner and day a column of visits, gaps and shading."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from booking.availability import Reason
from booking.desk.calendar import grid
from booking.desk.calendar.waiting import WaitingPeople
from booking.models import Appointment, Closure, Location, Practitioner, Status, Tag, WaitlistEntry

TWO_LINES = 30  # Minutes whose rows have room for two lines of text.


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
    def is_short(self) -> bool:
        """Whether there is room for one line of text only."""
        return self.minutes < TWO_LINES

    @property
    def minutes(self) -> int:
        return self.length // timedelta(minutes=1)

    @property
    def status(self) -> str:
        return self.appointment.status if self.appointment else ""

    @property
    def arrived_at(self) -> datetime | None:
        """When the desk marked the patient as here, in the location's time zone."""
        arrived_at: datetime | None = getattr(self.appointment, "arrived_at", None)
        return arrived_at.astimezone(self.location.zone) if arrived_at else None

    @property
    def has_note(self) -> bool:
        """Whether the visit has a note that the user may read."""
        return bool(getattr(self.appointment, "has_note", False))

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
    span: grid.Span = (0, 0)
    reason: Reason | None = None
    time_off: int = 0  # The primary key of the time off, for the link to its panel.

    @property
    def is_closure(self) -> bool:
        return self.reason == Reason.CLOSURE

    @property
    def is_own_calendar(self) -> bool:
        return self.reason == Reason.OWN_CALENDAR

    @property
    def hours(self) -> str:
        """9:00–9:45."""
        return "–".join(f"{minute // 60 % 12 or 12}:{minute % 60:02}" for minute in self.span)


@dataclass(eq=False)
class CalendarColumn:
    """One practitioner's day."""

    practitioner: Practitioner
    on: date
    hours: list[tuple[datetime, datetime]]
    late_by: timedelta | None = None  # As the practitioner said today.
    blocks: list[CalendarBlock] = field(default_factory=list)
    shades: list[Shade] = field(default_factory=list)
    working: timedelta = timedelta(0)  # Hours without breaks, time off and closures.
    filled: timedelta = timedelta(0)  # How much of it is booked.

    @property
    def key(self) -> str:
        """Names the column in the page."""
        return f"c{self.practitioner.pk}-{self.on:%m%d}"

    @property
    def is_off(self) -> bool:
        """Whether there are neither hours nor visits."""
        return not self.hours and not self.blocks

    @property
    def is_closed(self) -> bool:
        return any(shade.is_closure for shade in self.shades)

    @property
    def is_away(self) -> bool:
        """Whether the practitioner is away for a part of the day."""
        return any(shade.reason == Reason.TIME_OFF for shade in self.shades)

    @property
    def booked(self) -> int:
        return sum(block.kind == "visit" and block.status != Status.CANCELLED for block in self.blocks)

    @property
    def gaps(self) -> list[CalendarBlock]:
        return [block for block in self.blocks if block.kind == "gap"]

    @property
    def free(self) -> timedelta:
        return sum((gap.length for gap in self.gaps), timedelta(0))


@dataclass
class Board:
    """The columns of a day or a week, and the hours that their grid shows."""

    columns: list[CalendarColumn]
    shown: grid.Span
    closures: dict[date, list[Closure]]
    visits: list[Appointment]  # Agreed ones, cancelled ones included, also where those are not drawn.
    waiting: WaitingPeople
    day: date  # The day whose gap the address may name.
    not_shown: list[tuple[Practitioner, int]]  # Practitioners with visits who are not shown, and how many visits.
    unread: Sequence[Practitioner] = ()  # Whose own calendar has not been read for an hour.

    @property
    def people(self) -> list[Appointment | WaitlistEntry]:
        """Whom the board names, for the access log: of a time on offer, who may take it."""
        holds = [block.appointment for column in self.columns for block in column.blocks if block.kind == "hold"]
        offers = [getattr(hold, "waitlist_offer", None) for hold in holds if hold and hold.status == Status.HELD]
        unconfirmed = [hold for hold in holds if hold and hold.status == Status.UNCONFIRMED]
        return [*self.visits, *unconfirmed, *(offer.entry for offer in offers if offer)]

    @property
    def hours(self) -> list[tuple[str, grid.Cell]]:
        """The labels of the hour column: "9 a.m."."""
        first, last = self.shown[0] // grid.HOUR, self.shown[1] // grid.HOUR
        return [
            (_hour_label(hour), grid.cell((hour * grid.HOUR, (hour + 1) * grid.HOUR), self.shown))
            for hour in range(first, last)
        ]

    @property
    def has_hours(self) -> bool:
        return any(column.hours for column in self.columns)

    @property
    def has_closure(self) -> bool:
        return any(self.closures.values())

    @property
    def rows(self) -> int:
        return (self.shown[1] - self.shown[0]) // grid.ROW

    def late_by_of(self, practitioner: Practitioner, on: date) -> timedelta | None:
        """How late the practitioner said that they are on this day."""
        columns = (column for column in self.columns if (column.practitioner, column.on) == (practitioner, on))
        return next((column.late_by for column in columns), None)

    def gap_at(self, practitioner: Practitioner | None, at: time | None) -> CalendarBlock | None:
        """The gap of this practitioner that contains this local time of ``day``."""
        if at is None:
            return None
        columns = [column for column in self.columns if column.practitioner == practitioner and column.on == self.day]
        gaps = (gap for column in columns for gap in column.gaps)
        return next((gap for gap in gaps if gap.starts_at.time() <= at < gap.ends_at.time()), None)


def _hour_label(hour: int) -> str:
    return f"{hour % 12 or 12} {'a.m.' if hour % 24 < 12 else 'p.m.'}"
