"""What other apps have the worker do besides its own work. They call ``every`` when they are ready."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Chore:
    """``do`` says in a sentence what it did, or nothing; ``seconds`` pass between two times."""

    name: str
    do: Callable[[], str]
    seconds: float


chores: dict[str, Chore] = {}


def every(seconds: float, name: str, do: Callable[[], str]) -> None:
    """Have the worker do this now and then."""
    chores[name] = Chore(name, do, seconds)
