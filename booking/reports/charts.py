"""Charts as SVG: where each bar stands and what is written on it. The templates draw them.

A number that is not shown is drawn as a bar of one height, whatever it is, or as what the total of its column leaves.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from booking.reports.small_numbers import Hidden, Shown

HEIGHT, TOP, BOTTOM, LEFT = 200, 24, 28, 44
STEP, BAR = 62, 44
HIDDEN_AS = 2.5


@dataclass(frozen=True)
class Segment:
    """One part of a bar, from the bottom up. ``kind`` is a modifier of its CSS class."""

    y: float
    height: float
    kind: str


@dataclass(frozen=True)
class ChartColumn:
    x: int
    label: str
    value: str
    value_y: float
    segments: list[Segment]

    @property
    def middle(self) -> int:
        return self.x + BAR // 2


@dataclass(frozen=True)
class GridLine:
    y: float
    label: str


@dataclass(frozen=True)
class ColumnChart:
    """``sentence``: what the chart shows, for who cannot see it."""

    sentence: str
    columns: list[ChartColumn]
    lines: list[GridLine]

    height = TOP + HEIGHT + BOTTOM
    base = TOP + HEIGHT
    label_y = TOP + HEIGHT + 20
    left = LEFT
    bar = BAR

    @property
    def width(self) -> int:
        return LEFT + len(self.columns) * STEP

    @property
    def text_x(self) -> int:
        return LEFT - 8


@dataclass(frozen=True)
class Bar:
    """A row of a bar chart: ``share`` of the full width, in percent; ``note`` stands at the end of the row."""

    label: str
    value: str
    share: float
    note: str = ""
    kind: str = ""


@dataclass(frozen=True)
class BarChart:
    sentence: str
    bars: list[Bar]


def column_chart(
    sentence: str,
    labels: Sequence[str],
    stacks: Sequence[Sequence[Shown]],
    totals: Sequence[Shown],
    kinds: Sequence[str],
) -> ColumnChart:
    """A chart with a column for each label. ``stacks``: its parts, from the bottom up, of these ``kinds``."""
    sizes = [_sizes(stack, total) for stack, total in zip(stacks, totals, strict=True)]
    top = _round_up(max([1.0, *map(sum, sizes)]))
    scale = HEIGHT / top
    columns = []
    for number, (label, parts, total) in enumerate(zip(labels, sizes, totals, strict=True)):
        y, segments = float(TOP + HEIGHT), []
        for part, kind in zip(parts, kinds, strict=True):
            height = round(part * scale, 1)
            y = round(y - height, 1)
            if height:
                segments.append(Segment(y, height, kind))
        columns.append(ChartColumn(LEFT + number * STEP + (STEP - BAR) // 2, label, written(total), y - 7, segments))
    lines = [GridLine(round(TOP + HEIGHT - part * HEIGHT / 2, 1), f"{top * part // 2:,}") for part in range(3)]
    return ColumnChart(sentence, columns, lines)


def _sizes(stack: Sequence[Shown], total: Shown) -> list[float]:
    """How high the parts of a column are drawn."""
    left_out = stack.count(Hidden.NOT_SHOWN)
    if not left_out or isinstance(total, Hidden):
        return [size(value) for value in stack]
    rest = total - sum(size(value) for value in stack if value is not Hidden.NOT_SHOWN)
    return [rest / left_out if value is Hidden.NOT_SHOWN else size(value) for value in stack]


def size(value: Shown) -> float:
    return HIDDEN_AS if isinstance(value, Hidden) else float(value)


def written(value: Shown) -> str:
    return str(value) if isinstance(value, Hidden) else f"{value:,}"


def share_of(value: Shown, most: float) -> float:
    """In percent of ``most``, at most 100."""
    return round(min(100.0, 100 * size(value) / most), 1) if most else 0.0


def _round_up(value: float) -> int:
    """The next even number of two leading digits, so that half of it is whole: 83 to 84, 123 to 140."""
    step = 2 * 10 ** max(0, len(str(int(value))) - 2)
    return int(-(-value // step) * step)
