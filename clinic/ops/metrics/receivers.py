"""Count what happens in bookings and in the worker."""

from typing import Any

from django.db import transaction
from django.db.models.signals import post_save

from booking.models import AppointmentEvent
from booking.rate_limits import limit_reached
from booking.scheduling import refused
from booking.worker.periodic_tasks import task_failed


def connect_receivers() -> None:
    post_save.connect(_count_event, sender=AppointmentEvent, dispatch_uid="clinic.metrics")
    refused.connect(_count_refusal, dispatch_uid="clinic.metrics")
    limit_reached.connect(_count_limit, dispatch_uid="clinic.metrics")
    task_failed.connect(_count_failure, dispatch_uid="clinic.metrics")


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
