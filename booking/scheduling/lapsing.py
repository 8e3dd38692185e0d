"""Holds that end without a visit: given back, lapsed, and forgotten a week later."""

from datetime import datetime, timedelta

from django.db import router, transaction

from booking.models import Appointment, AppointmentEvent, Status, WaitlistOffer
from booking.scheduling.actors import Actor
from booking.scheduling.record import expire, lapsed_holds

_Kind = AppointmentEvent.Kind
_KEPT = timedelta(days=7)  # How long a hold that came to nothing is kept for staff to see.


def release(*, appointment: Appointment, by: Actor, now: datetime) -> None:
    """Give a held time back. A hold that is gone already stays gone."""
    with transaction.atomic():
        expire([appointment], kind=_Kind.RELEASED, by=by, now=now)


def expire_holds(*, now: datetime) -> int:
    """Mark lapsed holds as expired, so that staff and guards see them as they are; how many."""
    freed = 0
    for lapsed in lapsed_holds(now)[:500]:
        # One at a time: whoever holds one lock and wants no other never waits in a circle.
        with transaction.atomic():
            freed += expire([lapsed], kind=_Kind.EXPIRED, by=Actor.system(), now=now)
    return freed


def forget_holds(*, now: datetime) -> int:
    """Delete holds that came to nothing a week ago, and what is recorded of them; how many.

    They belong to nobody: an appointment with a patient is never deleted.
    """
    old = list(
        Appointment.objects.filter(status=Status.EXPIRED, patient=None, updated_at__lt=now - _KEPT)
        .exclude(waitlist_offer__state=WaitlistOffer.State.OPEN)  # Nobody has said yet what became of it.
        .order_by("pk")
        .values_list("pk", flat=True)[:500]
    )
    events = AppointmentEvent.objects.filter(appointment__in=old)
    with transaction.atomic():
        events._raw_delete(router.db_for_write(AppointmentEvent))  # Past the queryset that refuses to delete.
        Appointment.objects.filter(pk__in=old, status=Status.EXPIRED, patient=None).delete()
    return len(old)
