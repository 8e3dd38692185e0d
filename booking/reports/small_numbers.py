"""Small numbers: a count of 1 to 4 people is not shown, and neither is what would give it away.

A number is *under 5* in itself. Where other numbers would tell it by subtraction, the smallest other number of its line
is not shown either (*complementary suppression*, as statistics offices do it), until another value fits as well.
docs/decisions/small-numbers.md has the rule and its limits.
"""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple

LEAST_SHOWN = 5
MOST_SEARCHES = 100


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
    """The numbers that are not shown, so that none under 5 can be told from the others and what adds up."""
    hidden = {place: Hidden.UNDER_5 for place, value in cells.items() if 0 < value < LEAST_SHOWN}
    lines_of: dict[Place, list[Line]] = {place: [] for place in cells}
    for line in lines:
        for place in (*line.parts, line.total):
            lines_of[place].append(line)
    safe: set[Place] = set()  # For these another value fits. Hiding more numbers changes nothing about it.
    changed, searches_left = list(lines), MOST_SEARCHES
    while changed:
        line = changed.pop()
        while found := _to_hide(line, cells, hidden):
            hidden[found] = Hidden.NOT_SHOWN
            changed += lines_of[found]
        if not changed and (found := _told(cells, hidden, lines_of, safe)):
            hidden[found] = Hidden.NOT_SHOWN
            changed += lines_of[found]
            searches_left -= 1
            if not searches_left:  # Only a large page of which nearly all is hidden gets here.
                return {place: hidden.get(place, Hidden.NOT_SHOWN) for place, value in cells.items() if value}
    return hidden


def _to_hide(line: Line, cells: Mapping[Place, int], hidden: Mapping[Place, Hidden]) -> Place | None:
    """The next number of a line to hide; None if nothing in it can be told from the line alone."""
    unknown = [place for place in (*line.parts, line.total) if place in hidden]
    return _smallest([line], cells, hidden) if len(unknown) == 1 else None


def _smallest(lines: Iterable[Line], cells: Mapping[Place, int], hidden: Mapping[Place, Hidden]) -> Place | None:
    """The smallest number that is shown, of the parts if there is any; 0 is nobody, and hides nothing."""
    places = [(place, place == line.total) for line in lines for place in (*line.parts, line.total)]
    others = [(is_total, cells[place], place) for place, is_total in places if place not in hidden and cells[place]]
    return min(others, key=lambda other: other[:2])[2] if others else None


def _told(
    cells: Mapping[Place, int],
    hidden: Mapping[Place, Hidden],
    lines_of: Mapping[Place, list[Line]],
    safe: set[Place],
) -> Place | None:
    """Another number to hide for one under 5 that can be told from all lines together; None if there is none."""
    for place, kind in hidden.items():
        if kind != Hidden.UNDER_5 or place in safe:
            continue
        search = Alternative(cells, hidden, lines_of)
        changes = search.find(place)
        safe |= changes.keys()
        if not changes:
            found = _nearest(place, cells, hidden, lines_of, may_rename=not search.was_given_up)
            if found is not None:
                return found
            safe.add(place)  # Nothing more can be hidden for it.
    return None


def _nearest(
    place: Place,
    cells: Mapping[Place, int],
    hidden: Mapping[Place, Hidden],
    lines_of: Mapping[Place, list[Line]],
    *,
    may_rename: bool,
) -> Place | None:
    """The smallest shown number of the lines of a place, or of the lines of the hidden numbers there, and so on.

    If all are hidden, the words "under 5" themselves tell it: then the largest of those may be "not shown" instead.
    """
    places, seen = [place], {place}
    while places:
        lines = [line for one in places for line in lines_of[one]]
        if found := _smallest(lines, cells, hidden):
            return found
        around = {other for line in lines for other in (*line.parts, line.total) if other in hidden}
        places = sorted(around - seen, key=str)
        seen |= around
    around = {other for line in lines_of[place] for other in (*line.parts, line.total)} - {place}
    small = [other for other in around if hidden.get(other) == Hidden.UNDER_5]
    return max(small, key=lambda other: (cells[other], str(other))) if may_rename and small else None


class Alternative:
    """Look for other values of hidden numbers that fit as well: each line still adds up, and each is what it says.

    One number changes, then another one of a line that adds up no more, at most once each, and first those that leave
    the fewest lines to mend. A search that takes too long is given up: then more is hidden.
    """

    MOST_STEPS = 40

    def __init__(
        self, cells: Mapping[Place, int], hidden: Mapping[Place, Hidden], lines_of: Mapping[Place, list[Line]]
    ) -> None:
        self.cells, self.hidden, self.lines_of = cells, hidden, lines_of
        self.was_given_up = False
        self._changes: dict[Place, int] = {}
        self._broken: dict[int, tuple[Line, int]] = {}  # By how much the parts are more than the total.
        self._steps_left = 0

    def find(self, place: Place) -> dict[Place, int]:
        """The changes that give this number another value; empty if none were found."""
        for step in (1, -1, 2, -2, 3, -3):
            self._steps_left = self.MOST_STEPS
            if self._can_change(place, step):
                self._change(place, step)
                if self._mend():
                    return self._changes
                self._change_back(place)
        return {}

    def _can_change(self, place: Place, step: int) -> bool:
        before = self.cells[place]
        value = before + step
        if self.hidden[place] == Hidden.UNDER_5:
            return 0 < value < LEAST_SHOWN
        return value >= min(before, LEAST_SHOWN)

    def _mend(self) -> bool:
        if not self._broken:
            return True
        self._steps_left -= 1
        if self._steps_left < 0:
            self.was_given_up = True
            return False
        line, excess = next(iter(self._broken.values()))
        choices = []
        for place in (*line.parts, line.total):
            step = excess if place == line.total else -excess
            if place in self.hidden and place not in self._changes and self._can_change(place, step):
                choices.append((self._lines_left(place, step), place, step))
        for _left, place, step in sorted(choices, key=lambda choice: choice[0]):
            self._change(place, step)
            if self._mend():
                return True
            self._change_back(place)
        return False

    def _excess(self, line: Line, place: Place, step: int) -> int:
        before = self._broken[id(line)][1] if id(line) in self._broken else 0
        return before - step if place == line.total else before + step

    def _lines_left(self, place: Place, step: int) -> int:
        """How many more lines are to be mended after this change."""
        return sum((self._excess(line, place, step) != 0) - (id(line) in self._broken) for line in self.lines_of[place])

    def _change(self, place: Place, step: int) -> None:
        self._changes[place] = step
        self._apply(place, step)

    def _change_back(self, place: Place) -> None:
        self._apply(place, -self._changes.pop(place))

    def _apply(self, place: Place, step: int) -> None:
        for line in self.lines_of[place]:
            excess = self._excess(line, place, step)
            self._broken.pop(id(line), None)
            if excess:
                self._broken[id(line)] = (line, excess)
