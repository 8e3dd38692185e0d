"""Small numbers: a count of 1 to 4 people is not shown, and neither is what would give it away.

A number is *under 5* in itself. Where the total of its row or column would tell it by subtraction, the smallest other
number of that line is not shown either (*complementary suppression*, as statistics offices do it), until at least two
assignments of the hidden numbers fit. docs/decisions/small-numbers.md has the rule and its limits.
"""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple

LEAST_SHOWN = 5


class Hidden(StrEnum):
    UNDER_5 = "under 5"
    NOT_SHOWN = "not shown"


Shown = int | Hidden
Place = tuple[int, int]


class Line(NamedTuple):
    """Numbers that add up to a total, by row and column."""

    parts: Sequence[Place]
    total: Place


def people(count: int) -> Shown:
    """A number of people that no other number on the page adds up to."""
    return Hidden.UNDER_5 if 0 < count < LEAST_SHOWN else count


def protect(
    rows: Sequence[Sequence[int]],
    sums: Iterable[tuple[int, Sequence[int]]] = (),
    *,
    totals: Mapping[int, Shown] | None = None,
) -> list[list[Shown]]:
    """What a table shows. The last row has the totals of the columns.

    ``sums``: columns that add up to another: that of the total, and those of its parts. ``totals``: what another
    table shows of these totals, by column: a number that it hides is not shown here either.
    """
    sums, last = list(sums), len(rows) - 1
    width = len(rows[0]) if rows else 0
    lines = [Line([(row, column) for row in range(last)], (last, column)) for column in range(width)]
    lines += [Line([(row, part) for part in parts], (row, total)) for row in range(len(rows)) for total, parts in sums]
    cells = {(row, column): value for row, values in enumerate(rows) for column, value in enumerate(values)}
    hidden = {(last, column): shown for column, shown in (totals or {}).items() if isinstance(shown, Hidden)}
    hidden |= {place: Hidden.UNDER_5 for place, value in cells.items() if 0 < value < LEAST_SHOWN}
    while found := next((place for line in lines if (place := _to_hide(line, cells, hidden))), None):
        hidden[found] = Hidden.NOT_SHOWN
    return [
        [hidden.get((row, column), value) for column, value in enumerate(values)] for row, values in enumerate(rows)
    ]


def _to_hide(line: Line, cells: dict[Place, int], hidden: dict[Place, Hidden]) -> Place | None:
    """The next number of a line to hide; None if nothing in it can be told by subtraction."""
    unknown = [place for place in line.parts if place in hidden]
    if line.total in hidden:
        is_told = not unknown  # The parts add up to it.
    else:
        kinds, total = [hidden[place] for place in unknown], sum(cells[place] for place in unknown)
        is_told = bool(unknown) and not _is_ambiguous(kinds, total)
    if not is_told:
        return None
    others = [place for place in line.parts if place not in hidden and cells[place] > 0]
    if others:
        return min(others, key=lambda place: cells[place])
    return line.total if line.total not in hidden else None


def _is_ambiguous(kinds: Sequence[Hidden], total: int) -> bool:
    """Whether hidden numbers of these kinds can add up to ``total`` in more than one way for those under 5.

    One that is under 5 is 1 to 4, one that is not shown is 5 or more.
    """
    small = kinds.count(Hidden.UNDER_5)
    large = len(kinds) - small
    if not small:
        return True
    if not large:
        return small > 1 and small < total < small * (LEAST_SHOWN - 1)
    return total - LEAST_SHOWN * large > small
