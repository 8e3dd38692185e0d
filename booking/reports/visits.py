"""Figures about visits: by person and service, by week or month, and the reasons of those that were cancelled."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import NamedTuple

from django.db.models import (
    BooleanField,
    Case,
    Count,
    DurationField,
    Exists,
    ExpressionWrapper,
    F,
    OuterRef,
    Q,
    Subquery,
    Sum,
    Value,
    When,
)

from booking.models import Appointment, AppointmentEvent, Status
from booking.reports.periods import ReportPeriod, add_months
from booking.reports.scope import Scope

HELD = (Status.ARRIVED, Status.FULFILLED)
ON_THE_DIARY = (Status.BOOKED, *HELD, Status.NOSHOW)  # What takes time.
MOST_WEEKS = 14  # More are shown as months.


class VisitGroup(NamedTuple):
    """Visits that have all of this in common, and the number of them."""

    practitioner: int
    service: int
    status: str
    is_first: bool | None
    reason: str | None
    is_late: bool
    practitioner_name: str
    service_name: str
    number: int
    fees: Decimal
    length: timedelta
    confirmed: int

    @property
    def is_held(self) -> bool:
        return self.status in HELD


class DayGroup(NamedTuple):
    """Visits of one day, status and kind."""

    day: date
    status: str
    is_first: bool | None
    number: int
    length: timedelta


def visit_groups(scope: Scope) -> list[VisitGroup]:
    """Every visit of the period that was agreed, in groups. One query."""
    cancelled = AppointmentEvent.objects.filter(appointment=OuterRef("pk"), kind=AppointmentEvent.Kind.CANCELLED)
    last = Subquery(cancelled.order_by("-at", "-pk").values("at")[:1])
    deadline = F("starts_at") - F("cancellation_window")
    is_late = Case(
        # A patient whom the clinic has asked to move may cancel until the start: see Appointment.changes_until.
        When(status=Status.CANCELLED, asked_to_move_at__isnull=True, cancelled_at__gt=deadline, then=Value(True)),
        default=Value(False),
        output_field=BooleanField(),
    )
    rows = Appointment.objects.agreed().filter(scope.visits()).order_by()
    rows = rows.annotate(cancelled_at=last).annotate(is_late=is_late, is_new_patient=new_patient_case())
    keys = ("practitioner", "service", "status", "is_new_patient", "cancel_category__name", "is_late")
    named = rows.values(*keys, "practitioner__name", "service__name")
    groups = named.annotate(
        number=Count("pk"), fees=Sum("price"), length=Sum(_LENGTH), confirmed=Count("attendance_confirmed_at")
    )
    columns = (*keys, "practitioner__name", "service__name", "number", "fees", "length", "confirmed")
    return [VisitGroup(*row) for row in groups.values_list(*columns)]


def day_groups(scope: Scope, periods: Iterable[ReportPeriod]) -> list[DayGroup]:
    """The visits of these periods and of the days between them, by day. One query."""
    periods = list(periods)
    span = ReportPeriod(min(period.first_on for period in periods), max(period.last_on for period in periods))
    rows = Appointment.objects.agreed().filter(scope.visits(span)).order_by()
    groups = (
        rows.annotate(is_new_patient=new_patient_case())
        .values("local_on", "status", "is_new_patient")
        .annotate(number=Count("pk"), length=Sum(_LENGTH))
    )
    columns = ("local_on", "status", "is_new_patient", "number", "length")
    return [DayGroup(*row) for row in groups.values_list(*columns)]


def new_patient_case() -> Case:
    """The expression of ``is_new_patient``: as ``is_first_visit``, but True for one visit of a patient only.

    Who books six visits in one form as a new patient is one: the others are returning. Of those that were not
    cancelled, the earliest is the first visit.
    """
    is_earlier = Q(starts_at__lt=OuterRef("starts_at")) | Q(starts_at=OuterRef("starts_at"), pk__lt=OuterRef("pk"))
    earlier = Appointment.objects.filter(
        is_earlier, patient=OuterRef("patient"), is_first_visit=True, status__in=ON_THE_DIARY
    )
    return Case(
        When(Q(is_first_visit=True) & Exists(earlier.order_by()), then=Value(False)),
        default=F("is_first_visit"),
        output_field=BooleanField(null=True),
    )


_LENGTH = ExpressionWrapper(F("ends_at") - F("starts_at"), output_field=DurationField())


class VisitNumbers:
    """Counts of some groups, by what the table's columns ask for."""

    def __init__(self, groups: Iterable[VisitGroup]) -> None:
        self.groups = list(groups)

    def row(self) -> list[int]:
        """The numbers of ``VISIT_COLUMNS``, in their order."""
        counts: Counter[str] = Counter()
        for group in self.groups:
            counts["booked"] += group.number
            counts[_outcome(group)] += group.number
            if group.status != Status.CANCELLED:
                counts[{True: "new", False: "returning", None: "not_said"}[group.is_first]] += group.number
        return [counts[name] for name in VISIT_COLUMNS]

    @property
    def fees(self) -> Decimal:
        return sum((group.fees for group in self.groups if group.is_held), Decimal(0))


VISIT_COLUMNS = ("booked", "held", "no_show", "early", "late", "open", "new", "returning", "not_said")
# The column of a total, and those of its parts.
# Those who are new and so on are counted without cancelled visits.
VISIT_SUMS = ((0, (1, 2, 3, 4, 5)), (0, (6, 7, 8, 3, 4)))


def _outcome(group: VisitGroup) -> str:
    if group.status == Status.CANCELLED:
        return "late" if group.is_late else "early"
    return "held" if group.is_held else "no_show" if group.status == Status.NOSHOW else "open"


def by_person_and_service(groups: Iterable[VisitGroup]) -> dict[tuple[str, str], VisitNumbers]:
    """The groups by the names of the practitioner and the service, in their order."""
    found: dict[tuple[str, str], list[VisitGroup]] = defaultdict(list)
    for group in groups:
        found[group.practitioner_name, group.service_name].append(group)
    return {names: VisitNumbers(found[names]) for names in sorted(found)}


def cancellation_reasons(groups: Iterable[VisitGroup]) -> dict[str, tuple[int, int]]:
    """By reason: how many were cancelled in time, and how many late. "" for those without a reason."""
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for group in groups:
        if group.status == Status.CANCELLED:
            counts[group.reason or ""][group.is_late] += group.number
    return {reason: (early, late) for reason, (early, late) in sorted(counts.items())}


@dataclass(frozen=True)
class Totals:
    """The visits of a period."""

    held: int
    no_shows: int
    new: int
    length: timedelta

    @property
    def expected(self) -> int:
        """Visits that were held or missed."""
        return self.held + self.no_shows


def totals_of(groups: Iterable[DayGroup], period: ReportPeriod) -> Totals:
    rows = [group for group in groups if period.first_on <= group.day <= period.last_on]
    taking = [group for group in rows if group.status in ON_THE_DIARY]
    return Totals(
        held=sum(group.number for group in rows if group.status in HELD),
        no_shows=sum(group.number for group in rows if group.status == Status.NOSHOW),
        new=sum(group.number for group in taking if group.is_first),
        length=sum((group.length for group in taking), timedelta(0)),
    )


def spans_of(period: ReportPeriod) -> list[ReportPeriod]:
    """The weeks of a period, Monday to Sunday, or its months if the weeks are many; the ends may be parts."""
    spans, first_on = [], period.first_on
    is_long = period.days > MOST_WEEKS * 7
    while first_on <= period.last_on:
        following = add_months(first_on.replace(day=1), 1) if is_long else first_on + timedelta(7 - first_on.weekday())
        spans.append(ReportPeriod(first_on, min(following - timedelta(1), period.last_on)))
        first_on = following
    return spans


def outcomes_by_span(groups: Sequence[DayGroup], spans: Sequence[ReportPeriod]) -> list[list[int]]:
    """Held, missed and cancelled visits of each span, and last of them all."""
    rows = []
    for span in [*spans, ReportPeriod(spans[0].first_on, spans[-1].last_on)]:
        counts: Counter[str] = Counter()
        for group in groups:
            if span.first_on <= group.day <= span.last_on:
                counts[group.status] += group.number
        rows.append([sum(counts[status] for status in HELD), counts[Status.NOSHOW], counts[Status.CANCELLED]])
    return rows
