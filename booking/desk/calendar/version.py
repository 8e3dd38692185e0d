"""The version of everything that the calendar shows, in one query: it changes with each change by anyone.

Events, notes, waitlist and absences are told apart by their newest row and their number. Hours, closures, people and
services are covered by the content version. A page asks for it every few seconds, so each part must be cheap: the
appointments are those that end from yesterday on, which an index finds.
"""

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F, Func, QuerySet, Subquery

from booking.models import (
    PENDING,
    Appointment,
    AppointmentEvent,
    ContentVersion,
    ExternalCalendar,
    Message,
    PatientNote,
    RunningLate,
    TimeOff,
    WaitlistEntry,
    WaitlistOffer,
)

TICK = timedelta(minutes=5)  # The line that marks now, and gaps that begin now, move on.
RECENT = timedelta(days=1)


def calendar_version(users: QuerySet[Any], *, now: datetime) -> str | None:
    """The version for the one user of this queryset; None if it is empty."""
    parts = _parts(now)
    row = users.values_list(*parts.values()).first()
    if row is None:
        return None
    tick = int(now.timestamp() // TICK.total_seconds())
    return hashlib.sha256(repr((tick, *map(str, row))).encode()).hexdigest()[:20]


def _parts(now: datetime) -> Mapping[str, Subquery]:
    visits = Appointment.objects.filter(ends_at__gte=now - RECENT)
    pending = Appointment.objects.filter(status__in=PENDING, hold_expires_at__gt=now)
    waiting = WaitlistEntry.objects.waiting()
    offers = WaitlistOffer.objects.filter(state=WaitlistOffer.State.OPEN)
    parked = Message.objects.filter(state=Message.State.PARKED)
    return {
        "event": _aggregate(AppointmentEvent.objects.all(), "MAX", "pk"),
        "changed": _aggregate(visits, "MAX", "updated_at"),
        "visits": _aggregate(visits, "COUNT", "pk"),
        "pending": _aggregate(pending, "COUNT", "pk"),
        "note": _aggregate(PatientNote.objects.all(), "MAX", "updated_at"),
        "notes": _aggregate(PatientNote.objects.all(), "COUNT", "pk"),
        "entry": _aggregate(WaitlistEntry.objects.all(), "MAX", "pk"),
        "waiting": _aggregate(waiting, "COUNT", "pk"),
        "offer": _aggregate(WaitlistOffer.objects.all(), "MAX", "pk"),
        "offers": _aggregate(offers, "COUNT", "pk"),
        "absence": _aggregate(TimeOff.objects.all(), "MAX", "pk"),
        "absences": _aggregate(TimeOff.objects.all(), "COUNT", "pk"),
        "calendar": _aggregate(ExternalCalendar.objects.all(), "MAX", "last_read_at"),
        "calendars": _aggregate(ExternalCalendar.objects.all(), "COUNT", "pk"),
        "late": _aggregate(RunningLate.objects.all(), "MAX", "said_at"),
        "parked": _aggregate(parked, "COUNT", "pk"),
        "content": _aggregate(ContentVersion.objects.all(), "MAX", "number"),
    }


def _aggregate(rows: QuerySet[Any], function: str, field: str) -> Subquery:
    """One value of all these rows. ``Func``, because an aggregate in a subquery would be grouped by the outer row."""
    return Subquery(rows.order_by().annotate(value=Func(F(field), function=function)).values("value"))
