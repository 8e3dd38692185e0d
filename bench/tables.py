"""How the bench says what it found: numbers in columns, and under them each goal with what came of it."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any


@dataclass(frozen=True)
class Goal:
    """A number to reach. ``at_most`` says on which side of ``bound`` it is good; ``unit`` follows the numbers."""

    what: str
    found: float
    bound: float
    at_most: bool = False
    unit: str = "x"

    @property
    def is_reached(self) -> bool:
        return self.found <= self.bound if self.at_most else self.found >= self.bound

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"is_reached": self.is_reached}


def in_columns(lines: Sequence[Sequence[str]]) -> str:
    """The first column reads from the left, numbers line up at the right."""
    first, *others = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join([line[0].ljust(first), *(word.rjust(width) for word, width in zip(line[1:], others, strict=True))])
        for line in lines
    )


def verdicts(goals: Sequence[dict[str, Any]]) -> str:
    """A line a goal: reached or not, the number found, the bound, what it is about."""
    numbers = [
        (
            "  reached" if goal["is_reached"] else "  MISSED",
            f"{goal['found']:.2f}{goal['unit']}",
            f"at {'most' if goal['at_most'] else 'least'} {goal['bound']:g}{goal['unit']}",
        )
        for goal in goals
    ]
    lines = in_columns(numbers).splitlines()
    return "\n".join(f"{line}   {goal['what']}" for line, goal in zip(lines, goals, strict=True))


def p50(times: Sequence[float]) -> float:
    return median(times)


def p99(times: Sequence[float]) -> float:
    """The nearest rank: one in a hundred took longer."""
    return sorted(times)[min(len(times) - 1, len(times) * 99 // 100)]
