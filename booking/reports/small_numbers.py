"""Small numbers: a count of 1 to 4 people is not shown, and neither is what would give it away by one subtraction.

A number is *under 5* in itself. Where the rest of a row or column would tell it, the smallest other number there is
not shown either (*complementary suppression*, as statistics offices do it). docs/decisions/small-numbers.md has the
rule and its limits.
"""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple

LEAST_SHOWN = 5


class Hidden(StrEnum):
    UNDER_5 = "under 5"
    NOT_SHOWN = "not shown"


Shown = int | Hidden
Place = Hashable


class Line(NamedTuple):
    """Numbers that add up to a total, by their places."""

    parts: Sequence[Place]
    total: Place


def people(count: int) -> Shown:
    """A number of people that no other number on the page adds up to."""
    return Hidden.UNDER_5 if 0 < count < LEAST_SHOWN else count


def table_lines(
    name: str, rows: Sequence[Sequence[int]], sums: Iterable[tuple[int, Sequence[int]]] = ()
) -> tuple[dict[Place, int], list[Line]]:
    """The numbers of a table, whose last row has the totals of the columns, and what adds up in it.

    The place of a number is (name, row, column). ``sums``: columns that add up to another: that of the total, and
    those of its parts.
    """
    last, width = len(rows) - 1, len(rows[0]) if rows else 0
    lines = [Line([(name, row, column) for row in range(last)], (name, last, column)) for column in range(width)]
    for total, parts in sums:
        lines += [Line([(name, row, part) for part in parts], (name, row, total)) for row in range(len(rows))]
    cells: dict[Place, int] = {
        (name, row, column): value for row, values in enumerate(rows) for column, value in enumerate(values)
    }
    return cells, lines


def protect(rows: Sequence[Sequence[int]], sums: Iterable[tuple[int, Sequence[int]]] = ()) -> list[list[Shown]]:
    """What a table shows that has nothing in common with others. See ``table_lines``."""
    cells, lines = table_lines("", rows, sums)
    return shown_rows("", rows, hide(cells, lines))


def shown_rows(name: str, rows: Sequence[Sequence[int]], hidden: Mapping[Place, Hidden]) -> list[list[Shown]]:
    return [
        [hidden.get((name, row, column), value) for column, value in enumerate(values)]
        for row, values in enumerate(rows)
    ]


def hide(cells: Mapping[Place, int], lines: Sequence[Line]) -> dict[Place, Hidden]:
    """The numbers that are not shown, so that no line alone tells one under 5."""
    hidden = {place: Hidden.UNDER_5 for place, value in cells.items() if 0 < value < LEAST_SHOWN}
    lines_of: dict[Place, list[Line]] = {place: [] for place in cells}
    for line in lines:
        for place in (*line.parts, line.total):
            lines_of[place].append(line)
    waiting = list(lines)
    while waiting:
        line = waiting.pop()
        if _tells(line, cells, hidden) and (found := _smallest_shown(line, cells, hidden)):
            hidden[found] = Hidden.NOT_SHOWN
            waiting += lines_of[found]
    return hidden


def _tells(line: Line, cells: Mapping[Place, int], hidden: Mapping[Place, Hidden]) -> bool:
    """Whether a single number is hidden in the line, or parts that can only be the least, or the most, they may be."""
    parts = [place for place in line.parts if place in hidden]
    if line.total in hidden:
        return not parts
    if len(parts) < 2:
        return bool(parts)
    small = [place for place in parts if hidden[place] == Hidden.UNDER_5]
    together = sum(cells[place] for place in parts)
    least = len(small) + (len(parts) - len(small)) * LEAST_SHOWN
    are_most = len(small) == len(parts) and together == len(parts) * (LEAST_SHOWN - 1)
    return together == least or are_most


def _smallest_shown(line: Line, cells: Mapping[Place, int], hidden: Mapping[Place, Hidden]) -> Place | None:
    """The smallest part that is shown, or else the total; 0 is nobody, and hides nothing."""
    parts = [place for place in line.parts if place not in hidden and cells[place]]
    if parts:
        return min(parts, key=lambda place: cells[place])
    return line.total if line.total not in hidden and cells[line.total] else None
