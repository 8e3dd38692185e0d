"""Which numbers of visits the page of a report hides: its tables have totals in common."""

from collections.abc import Sequence

from booking.reports.small_numbers import Hidden, Line, Place, hide, table_lines
from booking.reports.visits import VISIT_COLUMNS, VISIT_SUMS

VISITS, WEEKS, REASONS = "visits", "weeks", "reasons"
WEEK_SUMS = ((3, (0, 1, 2)),)


def hidden_numbers(
    *, visits: Sequence[Sequence[int]], weeks: Sequence[Sequence[int]], reasons: Sequence[Sequence[int]]
) -> dict[Place, Hidden]:
    """The places of the numbers that are not shown: (table, row, column).

    ``visits``, ``weeks``, ``reasons``: the rows of the tables, the last with their totals.
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
    ]
    return hide(cells, lines)
