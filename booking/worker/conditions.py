"""What has to be in order before a task may do what cannot be undone."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

logger = logging.getLogger("booking.work")

REPEAT = 3600.0  # seconds


@dataclass
class Condition:
    """``find_problem`` returns what is wrong, or "". Logs a change at once, and a problem that stays every hour.

    ``advice``: what the operator does. ``restored``: the log's sentence when the problem is over.
    """

    find_problem: Callable[[], str]
    advice: str
    restored: str
    is_logged: bool = True
    problem: str = ""
    _logged_at: float = float("-inf")

    def is_met(self) -> bool:
        problem, before = self.find_problem(), self.problem
        self.problem = problem
        if self.is_logged:
            self._log(problem, before)
        return not problem

    def _log(self, problem: str, before: str) -> None:
        if problem and (problem != before or time.monotonic() - self._logged_at >= REPEAT):
            logger.error("%s %s", problem, self.advice)
            self._logged_at = time.monotonic()
        elif before and not problem:
            logger.info("%s", self.restored)
