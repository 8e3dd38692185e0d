"""Load a patient's record: visits, series, messages, possible duplicates and merges."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from phonenumber_field.phonenumber import PhoneNumber

from booking import scheduling
from booking.models import AGREED, Appointment, Message, Patient, PatientMerge, Status
from booking.staff.access import own_practitioner
from booking.staff.formats import clock, format_instant, format_phone, short_day

MAX_ROWS = 100  # Of each list.


@dataclass(frozen=True)
class RecordVisit:
    """A visit; ``url`` is the calendar with its panel, empty for one that the user may not open."""

    visit: Appointment
    url: str

    @property
    def when(self) -> str:
        local = self.visit.local_start
        return f"{short_day(local)}, {clock(local)}"


@dataclass(frozen=True)
class RecordSeries:
    """The visits of one series."""

    visits: list[RecordVisit]
    now: datetime

    @property
    def first(self) -> Appointment:
        return self.visits[0].visit

    @property
    def done(self) -> int:
        return sum(row.visit.status == Status.FULFILLED for row in self.visits)

    @property
    def ahead(self) -> int:
        return sum(row.visit.status == Status.BOOKED and row.visit.ends_at > self.now for row in self.visits)


@dataclass(frozen=True)
class RecordMessage:
    message: Message

    @property
    def when(self) -> str:
        return format_instant(self.message.sent_at or self.message.due_at, self.message.appointment)

    @property
    def about(self) -> str:
        visit = self.message.appointment
        return f"{short_day(visit.local_start)}, {clock(visit.local_start)}" if visit else ""


@dataclass(frozen=True)
class PossibleDuplicate:
    """A patient who may be the same person; ``compare`` is the address of the comparison."""

    patient: Patient
    compare: str


@dataclass(frozen=True)
class RecordMerge:
    merge: PatientMerge

    @property
    def was(self) -> str:
        """The merged patient's values in one line."""
        values = self.merge.merged_values
        names = ("name", "preferred_name", "pronouns", "date_of_birth", "phone", "email", "contact_name")
        labels = {name: values.get(name) or "" for name in names}
        number = PhoneNumber.from_string(labels["phone"]) if labels["phone"] else None
        labels["phone"] = format_phone(number) if number else ""
        return ", ".join(filter(None, labels.values()))

    @property
    def visits(self) -> int:
        return len(self.merge.moved.get("appointment", []))


@dataclass
class PatientRecord:
    ahead: list[RecordVisit] = field(default_factory=list)
    past: list[RecordVisit] = field(default_factory=list)
    series: list[RecordSeries] = field(default_factory=list)
    messages: list[RecordMessage] = field(default_factory=list)
    duplicates: list[PossibleDuplicate] = field(default_factory=list)
    merges: list[RecordMerge] = field(default_factory=list)
    may_see_visits: bool = False
    may_see_messages: bool = False


def compare_url(one: int, other: int) -> str:
    """The address of the comparison; the patient who was added first is the one that is kept."""
    keep, merged = sorted((one, other))
    return f"{reverse('desk:merge_patients')}?{urlencode({'keep': keep, 'merged': merged})}"


def load_record(patient: Patient, request: HttpRequest) -> PatientRecord:
    """Load the parts of the record that this user may view, with a constant number of queries."""
    user: Any = request.user
    record = PatientRecord()
    own = own_practitioner(request)
    record.may_see_visits = own is not None or _may_see(user, "appointment")
    record.may_see_messages = _may_see(user, "message")
    if record.may_see_visits:
        _load_visits(record, patient, request)
    if record.may_see_messages:
        queryset = Message.objects.filter(appointment__patient=patient).exclude(kind=Message.Kind.CLINIC_NOTICE)
        messages = queryset.select_related("appointment__location").order_by("-due_at", "-pk")[:MAX_ROWS]
        record.messages = [RecordMessage(message) for message in messages]
    if user.has_perm("booking.merge_patient"):
        record.duplicates = [
            PossibleDuplicate(row, compare_url(patient.pk, row.pk)) for row in scheduling.possible_duplicates(patient)
        ]
        merges = PatientMerge.objects.filter(kept=patient).select_related("actor").order_by("-at", "-pk")
        record.merges = [RecordMerge(merge) for merge in merges]
    return record


def _may_see(user: Any, model: str) -> bool:
    return bool(user.has_perm(f"booking.view_{model}") or user.has_perm(f"booking.change_{model}"))


def _load_visits(record: PatientRecord, patient: Patient, request: HttpRequest) -> None:
    own, now = own_practitioner(request), timezone.now()
    statuses = [*AGREED, Status.UNCONFIRMED]
    visits = patient.appointments.filter(status__in=statuses).select_related("service", "practitioner", "location")
    rows = [
        RecordVisit(visit, _visit_url(visit) if own is None or visit.practitioner_id == own.pk else "")
        for visit in visits.order_by("-starts_at", "-pk")[:MAX_ROWS]
    ]
    record.ahead = [row for row in reversed(rows) if row.visit.ends_at > now]
    record.past = [row for row in rows if row.visit.ends_at <= now]
    series: dict[UUID, list[RecordVisit]] = {}
    for row in reversed(rows):
        if row.visit.series is not None:
            series.setdefault(row.visit.series, []).append(row)
    record.series = [RecordSeries(members, now) for members in series.values()]


def _visit_url(visit: Appointment) -> str:
    query = urlencode({"day": visit.local_on.isoformat(), "appointment": visit.reference})
    return f"{reverse('desk:day')}?{query}"
