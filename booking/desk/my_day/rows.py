"""Divide a practitioner's day into the visit that is on, what comes, and what is over. Queries nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo

from booking.desk.calendar import grid
from booking.desk.calendar.board import CalendarBlock, CalendarColumn, Shade
from booking.models import Status

# A visit that ran over its end and was not marked as done stays on the card for so long.
OVERRUN = timedelta(minutes=30)
_OPEN = (Status.BOOKED, Status.ARRIVED)


@dataclass(frozen=True)
class OwnDayRow:
    """One line: a visit, a hold or a gap (``block``), or time in which nobody is seen (``shade``)."""

    starts_at: datetime
    ends_at: datetime
    block: CalendarBlock | None = None
    shade: Shade | None = None

    @property
    def kind(self) -> str:
        return self.block.kind if self.block else "away"

    @property
    def length(self) -> timedelta:
        return self.ends_at - self.starts_at


@dataclass(frozen=True)
class OwnDay:
    """The parts of a practitioner's day."""

    card: CalendarBlock | None  # The visit that is on, else the next one.
    is_on: bool  # Whether the card's visit has begun.
    coming: Sequence[OwnDayRow]
    earlier: Sequence[OwnDayRow]
    ends_at: datetime | None  # The end of the working hours.

    @property
    def left(self) -> int:
        """The visits after the card's."""
        return sum(row.kind == "visit" for row in self.coming)

    @property
    def total(self) -> int:
        return self.left + len(self.earlier) + bool(self.card)

    @property
    def no_shows(self) -> int:
        return sum(row.block is not None and row.block.status == Status.NOSHOW for row in self.earlier)

    @property
    def next_block(self) -> CalendarBlock | None:
        """The next visit that has not begun."""
        if self.card and not self.is_on:
            return self.card
        return next((row.block for row in self.coming if row.kind == "visit"), None)


def divide(column: CalendarColumn, shown: grid.Span, *, now: datetime, zone: tzinfo) -> OwnDay:
    """Divide the column at ``now``; ``zone`` is the clinic's, in which the shades' rows are counted."""
    visits = [block for block in column.blocks if block.kind == "visit"]
    on = next((block for block in visits if _is_on(block, now)), None)
    card = on or next((block for block in visits if block.status in _OPEN and block.starts_at > now), None)
    rows = [OwnDayRow(block.starts_at, block.ends_at, block) for block in column.blocks if block != card]
    rows += [_shade_row(shade, column, shown, zone) for shade in column.shades if shade.label]
    rows.sort(key=lambda row: row.starts_at)
    coming = [row for row in rows if _is_coming(row, now)]
    earlier = [row for row in rows if row.kind == "visit" and row not in coming]
    return OwnDay(card, on is not None, coming, earlier, max((end for _start, end in column.hours), default=None))


def _is_on(block: CalendarBlock, now: datetime) -> bool:
    overrun = OVERRUN if block.status == Status.ARRIVED else timedelta(0)
    return block.status in _OPEN and block.starts_at <= now < block.ends_at + overrun


def _is_coming(row: OwnDayRow, now: datetime) -> bool:
    if row.kind == "visit" and row.block is not None:
        return row.block.status in _OPEN and (row.ends_at > now or _is_on(row.block, now))
    return row.ends_at > now


def _shade_row(shade: Shade, column: CalendarColumn, shown: grid.Span, zone: tzinfo) -> OwnDayRow:
    first = shown[0] + (shade.cell.row - 1) * grid.ROW
    midnight = datetime.combine(column.on, time.min)
    start, end = (
        (midnight + timedelta(minutes=minute)).replace(tzinfo=zone)
        for minute in (first, first + shade.cell.rows * grid.ROW)
    )
    return OwnDayRow(start, end, shade=shade)
