"""Rows of the report: measurement, target, and whether it is met."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median


@dataclass(frozen=True)
class Row:
    """One line of the report. ``is_met`` is None without a target or a measurement."""

    what: str
    measured: str
    target: str = ""
    is_met: bool | None = None
    numbers: dict[str, float] = field(default_factory=dict)  # in the results file only

    @property
    def verdict(self) -> str:
        return {True: "met", False: "NOT MET", None: "-"}[self.is_met]


def at_most(what: str, value: float, bound: float, unit: str, more: str = "", **numbers: float) -> Row:
    target = f"at most {bound:g}{unit}"
    return Row(what, _measured(value, unit, more), target, value <= bound, {"found": value, **numbers})


def at_least(what: str, value: float, bound: float, unit: str, more: str = "", **numbers: float) -> Row:
    target = f"at least {bound:g}{unit}"
    return Row(what, _measured(value, unit, more), target, value >= bound, {"found": value, **numbers})


def same_queries(what: str, counts: Sequence[int], bound: int) -> Row:
    """Return a row that is met if all query counts are equal and at most ``bound``."""
    fewest, most = min(counts), max(counts)
    measured = f"{most}" if fewest == most else " and ".join(map(str, counts))
    return Row(what, measured, f"at most {bound}, the same", most <= bound and fewest == most, {"found": most})


def _measured(value: float, unit: str, more: str) -> str:
    digits = 0 if value >= 100 else 1 if value >= 10 else 2
    return f"{value:.{digits}f}{unit}" + (f" ({more})" if more else "")


def report(rows: Sequence[tuple[str, Row]]) -> str:
    """Format rows, each with the name of its database, as a table."""
    lines = [("what", "database", "measured", "target", "met")]
    lines += [(row.what, database, row.measured, row.target or "-", row.verdict) for database, row in rows]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(word.ljust(width) for word, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )


def in_columns(lines: Sequence[Sequence[str]]) -> str:
    """Format lines with the first column aligned left, the others right."""
    first, *others = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join([line[0].ljust(first), *(word.rjust(width) for word, width in zip(line[1:], others, strict=True))])
        for line in lines
    )


def p50(times: Sequence[float]) -> float:
    return median(times)


def p99(times: Sequence[float]) -> float:
    """The 99th percentile, by nearest rank."""
    return sorted(times)[min(len(times) - 1, len(times) * 99 // 100)]
