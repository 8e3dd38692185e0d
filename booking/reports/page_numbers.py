"""Which numbers of visits the page of a report hides: its tables and tiles have totals in common.

All numbers that add up are one system, so that no subtraction between two tables tells a small number either. Some of
them stand nowhere, such as the new patients of the days that a month and the period share: they could be told, too.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from booking.reports.periods import ReportPeriod
from booking.reports.small_numbers import Hidden, Line, Place, hide, table_lines
from booking.reports.visits import VISIT_COLUMNS, VISIT_SUMS, DayGroup, is_new

VISITS, WEEKS, REASONS, NEW, TIME = "visits", "weeks", "reasons", "new", "time"
WEEK_SUMS = ((3, (0, 1, 2)),)
EVERYONE = ""
PERIOD, BEFORE = "period", "before"


def hidden_numbers(
    *,
    people: Sequence[str],
    visits: Sequence[Sequence[int]],
    weeks: Sequence[Sequence[int]],
    reasons: Sequence[Sequence[int]],
    new: Mapping[str, Mapping[str, int]],
) -> dict[Place, Hidden]:
    """The places of the numbers that are not shown: (table, row, column); of new patients and of time (table, name).

    ``visits``, ``weeks``, ``reasons``: the rows of the tables, the last with their totals. ``people``: the practitioner
    of each row of visits but the last. ``new``: see ``new_by_days``.
    """
    cells, lines = table_lines(VISITS, visits, VISIT_SUMS)
    for name, rows, sums in ((WEEKS, weeks, WEEK_SUMS), (REASONS, reasons, ())):
        more_cells, more_lines = table_lines(name, rows, sums)
        cells |= more_cells
        lines += more_lines
    total = {name: (VISITS, len(visits) - 1, column) for column, name in enumerate(VISIT_COLUMNS)}
    week, reason = len(weeks) - 1, len(reasons) - 1
    lines += [
        Line([total["held"]], (WEEKS, week, 0)),
        Line([total["no_show"]], (WEEKS, week, 1)),
        Line([total["early"], total["late"]], (WEEKS, week, 2)),
        Line([total["early"]], (REASONS, reason, 0)),
        Line([total["late"]], (REASONS, reason, 1)),
        Line([total["new"]], (NEW, PERIOD)),
    ]
    for name, days in new.items():
        # Days that several periods share have one place.
        shared: dict[Place, int] = {(NEW, "days", part): count for part, count in days.items()}
        cells |= shared | {(NEW, name): sum(days.values())}
        lines.append(Line(list(shared), (NEW, name)))
    time_cells, time_lines = _time(people, visits)
    return hide(cells | time_cells, lines + time_lines)


def _time(people: Sequence[str], visits: Sequence[Sequence[int]]) -> tuple[dict[Place, int], list[Line]]:
    """How many visits took each practitioner's booked hours: those that were not cancelled."""
    columns = [VISIT_COLUMNS.index(name) for name in ("new", "returning", "not_said")]
    rows: dict[str, list[int]] = {}
    for number, person in enumerate(people):
        rows.setdefault(person, []).append(number)
    cells: dict[Place, int] = {}
    lines = []
    for person, numbers in rows.items():
        cells[TIME, person] = sum(visits[row][column] for row in numbers for column in columns)
        lines.append(Line([(VISITS, row, column) for row in numbers for column in columns], (TIME, person)))
    cells[TIME, EVERYONE] = sum(visits[-1][column] for column in columns)
    lines.append(Line([(TIME, person) for person in rows], (TIME, EVERYONE)))
    lines.append(Line([(VISITS, len(visits) - 1, column) for column in columns], (TIME, EVERYONE)))
    return cells, lines


def new_by_days(groups: Iterable[DayGroup], periods: Mapping[str, ReportPeriod]) -> dict[str, dict[str, int]]:
    """By period, its new patients in groups of days: those of one group are in the same periods."""
    counts: Counter[tuple[str, ...]] = Counter()
    for group in groups:
        if is_new(group):
            days = tuple(name for name, one in periods.items() if one.first_on <= group.day <= one.last_on)
            counts[days] += group.number
    return {name: {"+".join(days): count for days, count in counts.items() if name in days} for name in periods}
