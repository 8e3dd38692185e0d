"""Place spans of local time in the rows and lanes of a calendar grid. Pure: no Django, no database, no clock.

Times are minutes since the local midnight. A row is five minutes.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

HOUR, DAY = 60, 24 * 60
ROW = 5
Span = tuple[int, int]  # Start and end, in minutes since midnight.
USUAL = (8 * HOUR, 18 * HOUR)  # Shown if nobody works and nothing is booked.


@dataclass(frozen=True)
class Cell:
    """The place of a span: its first row and number of rows, and its lane among those that overlap."""

    row: int
    rows: int
    lane: int = 1
    lanes: int = 1

    @property
    def row_classes(self) -> str:
        """The CSS classes of its rows. A string, because templates localize numbers, which takes longer."""
        return f"r{self.row} s{self.rows}"

    @property
    def lane_class(self) -> str:
        return f"n{self.lanes}l{self.lane}"


def minute_of(moment: datetime) -> int:
    return moment.hour * HOUR + moment.minute


def minute_on(moment: datetime, on: date) -> int:
    """Minutes since the local midnight of ``on``; 0 and 1440 for an earlier and a later day."""
    if moment.date() != on:
        return 0 if moment.date() < on else DAY
    return minute_of(moment)


def span_on(start: datetime, end: datetime, on: date) -> Span:
    return minute_on(start, on), minute_on(end, on)


def shown_range(spans: Iterable[Span]) -> Span:
    """The whole hours that cover all spans."""
    starts, ends = zip(*spans, strict=True) if (spans := list(spans)) else ((USUAL[0],), (USUAL[1],))
    return min(starts) // HOUR * HOUR, -(-max(ends) // HOUR) * HOUR


def overlap(first: Span, second: Span) -> bool:
    """Whether two half-open spans have time in common."""
    return first[0] < second[1] and second[0] < first[1]


def cell(span: Span, shown: Span, lane: int = 1, lanes: int = 1) -> Cell:
    """The cell of a span, cut to the range that is shown. A span has at least one row."""
    start, end = max(span[0], shown[0]), min(span[1], shown[1])
    first = (start - shown[0]) // ROW
    last = -(-(end - shown[0]) // ROW)
    return Cell(first + 1, max(last - first, 1), lane, lanes)


def lanes(spans: Sequence[Span]) -> list[tuple[int, int]]:
    """For each span, sorted by start, its lane and the number of lanes of its group of overlapping spans."""
    placed: list[tuple[int, int]] = []
    group: list[int] = []  # The ends of the group's lanes.
    group_starts_at = 0
    for index, (start, end) in enumerate(spans):
        if group and start >= max(group):
            placed[group_starts_at:] = [(lane, len(group)) for lane, _ in placed[group_starts_at:]]
            group, group_starts_at = [], index
        free = next((lane for lane, lane_end in enumerate(group) if lane_end <= start), None)
        if free is None:
            group.append(end)
            free = len(group) - 1
        else:
            group[free] = end
        placed.append((free + 1, 0))
    placed[group_starts_at:] = [(lane, len(group)) for lane, _ in placed[group_starts_at:]]
    return placed


def uncovered(shown: Span, spans: Iterable[Span]) -> list[Span]:
    """The parts of the range that no span covers."""
    result, position = [], shown[0]
    for start, end in sorted(spans):
        if start > position:
            result.append((position, min(start, shown[1])))
        position = max(position, end)
    if position < shown[1]:
        result.append((position, shown[1]))
    return [(start, end) for start, end in result if start < end]
