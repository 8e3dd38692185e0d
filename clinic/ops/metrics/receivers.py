"""Count what happens in bookings and in the worker."""

from collections.abc import Callable
from typing import Any

from django.db import transaction
from django.db.models.signals import post_save
from django.dispatch import Signal

from booking.models import AppointmentEvent
from booking.rate_limits import limit_reached
from booking.scheduling import refused
from booking.worker.periodic_tasks import task_failed


def connect_receivers() -> None:
    for signal, receiver, sender in _RECEIVERS:
        signal.connect(receiver, sender=sender)


def disconnect_receivers() -> None:
    for signal, receiver, sender in _RECEIVERS:
        signal.disconnect(receiver, sender=sender)


def _count_event(instance: AppointmentEvent, created: bool, raw: bool = False, **kwargs: Any) -> None:
    """Count an event after its transaction has committed."""
    from clinic.ops.metrics.recorders import EVENTS

    if created and not raw:
        kind, by = str(instance.kind), str(instance.actor_kind)
        transaction.on_commit(lambda: EVENTS.labels(kind, by).inc(), robust=True)


def _count_refusal(kind: str, **kwargs: Any) -> None:
    from clinic.ops.metrics.recorders import REFUSALS

    REFUSALS.labels(kind).inc()


def _count_limit(kind: str, **kwargs: Any) -> None:
    _count_refusal(f"limit: {kind}")


def _count_failure(task: str, **kwargs: Any) -> None:
    from clinic.ops.metrics.recorders import TASK_FAILURES

    TASK_FAILURES.labels(task).inc()


_RECEIVERS: list[tuple[Signal, Callable[..., None], Any]] = [
    (post_save, _count_event, AppointmentEvent),
    (refused, _count_refusal, None),
    (limit_reached, _count_limit, None),
    (task_failed, _count_failure, None),
]
