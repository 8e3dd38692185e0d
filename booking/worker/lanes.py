"""The worker's tasks, and the lanes in which they run one after another."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from booking import site_identity
from booking.worker.clock_guard import ClockGuard
from booking.worker.conditions import Condition
from booking.worker.site_guard import SiteGuard

PAUSE = 2.0  # seconds between two rounds
MAX_PAUSE = 60.0  # seconds; the limit of the backoff while the database or a service is unavailable


class Backoff:
    """Exponential backoff: doubles the pause after each failure, up to MAX_PAUSE."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self._pause = PAUSE
        self._not_before = time.monotonic()

    def fail(self) -> float:
        """Register a failure; returns the seconds until the next attempt."""
        self._pause = min(self._pause * 2, MAX_PAUSE)
        self._not_before = time.monotonic() + self._pause
        return self._pause

    def is_over(self) -> bool:
        return time.monotonic() >= self._not_before


@dataclass
class ScheduledTask:
    """A task of the loop. ``do`` returns a sentence for the log, or ""; ``every`` is in seconds.

    ``needs_clock``: it deletes, ends or sends something by the time, so it waits while the machine's clock is wrong.
    ``needs_site``: it tells people something or deletes what the site still has, so it waits on a copy of the database,
    and, as only the right time can tell a copy, for the clock.
    """

    name: str
    do: Callable[[], str]
    every: float = 0.0
    needs_clock: bool = True
    needs_site: bool = True
    backoff: Backoff = field(default_factory=Backoff)
    recorded_at: float = float("-inf")
    next_at: float = float("-inf")

    def is_due(self) -> bool:
        return self.backoff.is_over() and time.monotonic() >= self.next_at


class Lane:
    """Tasks that run one after another in one thread, independently of the other lanes."""

    def __init__(self, name: str, *, logs_conditions: bool = False) -> None:
        """``logs_conditions``: for one of the lanes, so that the log says a thing once."""
        self.name = name
        self.tasks: list[ScheduledTask] = []
        self.database = Backoff()
        self._clock = Condition(
            ClockGuard().problem,
            "Set it, or run manage.py trust_clock if the time is right.",
            "The clock is right again.",
            logs_conditions,
        )
        self._site = Condition(
            SiteGuard().problem, site_identity.ADVICE, "This database is the site's: messages leave.", logs_conditions
        )

    def may_run(self, task: ScheduledTask) -> bool:
        """Whether everything is in order that the task needs. A wrong clock must not decide whose database this is."""
        if (task.needs_clock or task.needs_site) and not self._clock.is_met():
            return False
        return not task.needs_site or self._site.is_met()

    def problems(self) -> set[str]:
        """Why tasks were not run."""
        return {condition.problem for condition in (self._clock, self._site) if condition.problem}
