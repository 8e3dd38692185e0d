"""Figures about online booking: the steps, where bookings came from, the waitlist, reminders, the first free time."""

from typing import Any, NamedTuple

from django.db.models import Aggregate, Avg, CharField, Count, F, Q, QuerySet, Sum, Value

from booking.models import (
    Appointment,
    BookingStepCount,
    FirstFreeTime,
    Message,
    WaitlistOffer,
)
from booking.reports.scope import Scope
from booking.reports.visits import new_patient_case


class BookingCounts:
    """Steps of online booking, offers to people on the waitlist, and reminded visits. One query."""

    def __init__(self, scope: Scope) -> None:
        days = (scope.period.first_on, scope.period.last_on)
        steps = BookingStepCount.objects.filter(scope.at_location("location"), day__range=days)
        offers = WaitlistOffer.objects.filter(scope.instants("offered_at"), scope.at_location("entry__location"))
        reminders = Message.objects.filter(
            scope.at_location("appointment__location"),
            kind=Message.Kind.REMINDER,
            state__in=Message.LEFT,
            appointment__local_on__range=days,
        )
        rows = _totals(steps, _STEP, "step", Sum("count")).union(
            _totals(offers, _OFFER, "state", Count("pk")),
            _totals(reminders, _REMINDER, "channel", Count("appointment", distinct=True)),
            all=True,
        )
        self._totals = {(kind, name): total for kind, name, total in rows}

    def steps(self, step: str) -> int:
        return self._totals.get((_STEP, step), 0)

    def reminded(self, channel: str) -> int:
        """How many visits of the period had a reminder by this channel."""
        return self._totals.get((_REMINDER, channel), 0)

    @property
    def offered(self) -> int:
        """How many times were offered to people on the waitlist in the period."""
        return sum(total for (kind, _name), total in self._totals.items() if kind == _OFFER)

    @property
    def taken(self) -> int:
        return self._totals.get((_OFFER, WaitlistOffer.State.ACCEPTED), 0)


_STEP, _OFFER, _REMINDER = "step", "offer", "reminder"


def _totals(rows: QuerySet[Any], kind: str, name: str, number: Aggregate) -> QuerySet[Any, tuple[str, str, int]]:
    """The kind, each value of the field ``name`` and its number, in a form that other tables' can be united with."""
    named = rows.order_by().values(counted=Value(kind, CharField()), counted_by=F(name)).annotate(counted_number=number)
    return named.values_list("counted", "counted_by", "counted_number")


class Origin(NamedTuple):
    """Bookings that came from one page, or another way; "" if it is not known. ``first``: those of new patients."""

    name: str
    bookings: int
    first: int


def origins(scope: Scope) -> list[Origin]:
    """Where the bookings that were made in the period came from, most first. One query."""
    rows = Appointment.objects.agreed().filter(scope.instants("created_at"), scope.at_location("location")).order_by()
    counted = (
        rows.annotate(is_new_patient=new_patient_case())
        .values("booked_from")
        .annotate(bookings=Count("pk"), first=Count("pk", filter=Q(is_new_patient=True)))
    )
    found = [Origin(*row) for row in counted.values_list("booked_from", "bookings", "first")]
    return sorted(found, key=lambda row: (row.name == "", -row.bookings, row.name))


class Wait(NamedTuple):
    """``days``: the average of the days on which there was a free time; None if there never was. ``full``: the others.

    ``measured``: how many days there are in all, each counted once for each location.
    """

    practitioner: str
    service: str
    days: float | None
    full: int
    measured: int


def first_free_times(scope: Scope) -> list[Wait]:
    """The average days until the first free time of each practitioner and service in the period. One query."""
    days = (scope.period.first_on, scope.period.last_on)
    rows = FirstFreeTime.objects.filter(scope.at_location("location"), day__range=days).order_by()
    averages = rows.values("practitioner", "service", "practitioner__name", "service__name").annotate(
        wait=Avg("days_ahead"), full=Count("pk", filter=Q(days_ahead=None)), measured=Count("pk")
    )
    columns = ("practitioner__name", "service__name", "wait", "full", "measured")
    return sorted((Wait(*row) for row in averages.values_list(*columns)), key=lambda row: row[:2])
