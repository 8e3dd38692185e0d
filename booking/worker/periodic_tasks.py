"""Periodic tasks of other apps. Register them in ``AppConfig.ready()``.

They run one after another in a separate thread, so that they do not delay messages. Quick ones that themselves send
mail may run between the worker's own tasks instead, and one that waits for other sites has a thread of its own.
"""

from collections.abc import Callable
from dataclasses import dataclass

from django.dispatch import Signal


@dataclass(frozen=True)
class PeriodicTask:
    """``do`` returns a sentence for the log, or ""; ``seconds`` is the interval between two runs.

    ``with_messages``: run it in the thread that sends messages. ``has_own_thread``: it waits for servers elsewhere, and
    nothing else may wait with it. ``needs_clock``: do not run it while the machine's
    clock is wrong, because it deletes something by its age. ``needs_site``: do not run it on a copy of the database
    that nobody has taken over, because it tells people something, or deletes what the site still has. It includes
    ``needs_clock``, because a wrong clock must not decide whether this is a copy.
    """

    name: str
    do: Callable[[], str]
    seconds: float
    with_messages: bool = False
    has_own_thread: bool = False
    needs_clock: bool = False
    needs_site: bool = False


task_failed = Signal()  # For statistics. Argument: ``task``, the name of the task.
periodic_tasks: dict[str, PeriodicTask] = {}


def register_periodic_task(
    seconds: float,
    name: str,
    do: Callable[[], str],
    *,
    with_messages: bool = False,
    has_own_thread: bool = False,
    needs_clock: bool = False,
    needs_site: bool = False,
) -> None:
    """Run ``do`` in the worker every ``seconds``; 0: in every round."""
    periodic_tasks[name] = PeriodicTask(name, do, seconds, with_messages, has_own_thread, needs_clock, needs_site)
