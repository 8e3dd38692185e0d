"""Messages that another site has sent, of whose database this one is a copy: withhold them.

What they say has reached the recipient, so they count as sent for what is queued later, and staff can send them again.
"""

from datetime import datetime

from django.db.models import Count, Max, Q, QuerySet

from booking.models import Message

Delivery, Kind, State = Message.Delivery, Message.Kind, Message.State


def last_sent_at() -> datetime | None:
    """Return when this database's newest message was sent, as far as it knows."""
    return Message.objects.aggregate(newest=Max("sent_at"))["newest"]


def count_sent_elsewhere(*, until: datetime, made_here_since: datetime | None) -> dict[str, int]:
    """Count the messages to withhold by the name of their kind."""
    counts = _sent_elsewhere(until, made_here_since).order_by().values("kind").annotate(count=Count("pk"))
    return {str(Kind(row["kind"]).label): row["count"] for row in counts.order_by("kind")}


def delivery_checks_due(until: datetime) -> QuerySet[Message]:
    """Text messages about which the other site has asked the gateway, and which it has sent as an e-mail if need be."""
    return Message.objects.filter(state=State.SENT, delivery_check_at__lte=until)


def withhold_sent_elsewhere(*, until: datetime, made_here_since: datetime | None, reason: str) -> None:
    """Withhold what was due by ``until``, unless it was queued here, and end every lease. In the caller's transaction.

    A message whose next attempt was due later stays: the other site did not come to it.
    """
    sent_elsewhere = _sent_elsewhere(until, made_here_since)
    # Privacy: the address of a person who requested links, as when such a message is dropped.
    sent_elsewhere.filter(kind=Kind.LOST_LINK).update(content={})
    sent_elsewhere.update(state=State.WITHHELD, leased_until=None, last_error=reason)
    Message.objects.filter(state=State.WAITING, leased_until__isnull=False).update(leased_until=None)
    delivery_checks_due(until).update(delivery=Delivery.UNCONFIRMED, delivery_check_at=None)


def _sent_elsewhere(until: datetime, made_here_since: datetime | None) -> QuerySet[Message]:
    queued_there = Q() if made_here_since is None else Q(created_at__lt=made_here_since)
    return Message.objects.filter(queued_there, state=State.WAITING, due_at__lte=until)
