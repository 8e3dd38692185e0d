"""A patient's record: appointments, messages, possible duplicates and merges."""

from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q
from django.utils import timezone
from phonenumber_field.phonenumber import PhoneNumber

from booking.admin.patient_merging import merge_url
from booking.models import Appointment, Message, Patient, PatientMerge
from booking.staff.formats import clock, format_instant, format_phone, short_day
from booking.text_cleaning import normalize_for_search

MAX_ROWS = 100  # of each table


@dataclass(frozen=True)
class VisitRow:
    visit: Appointment

    @property
    def when(self) -> str:
        local = self.visit.local_start
        return f"{short_day(local)}, {clock(local)}"


@dataclass(frozen=True)
class MessageRow:
    message: Message

    @property
    def when(self) -> str:
        return format_instant(self.message.sent_at or self.message.due_at, self.message.appointment)

    @property
    def about(self) -> str:
        visit = self.message.appointment
        return VisitRow(visit).when if visit else ""


@dataclass(frozen=True)
class PossibleDuplicate:
    """A patient who may be the same person; ``compare`` is the URL of the comparison."""

    patient: Patient
    compare: str

    @property
    def phone(self) -> str:
        return format_phone(self.patient.phone)


@dataclass(frozen=True)
class MergeRow:
    merge: PatientMerge

    @property
    def when(self) -> str:
        return format_instant(self.merge.at)

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
    ahead: list[VisitRow] = field(default_factory=list)
    past: list[VisitRow] = field(default_factory=list)
    messages: list[MessageRow] = field(default_factory=list)
    twins: list[PossibleDuplicate] = field(default_factory=list)
    merges: list[MergeRow] = field(default_factory=list)
    may_see_visits: bool = False
    may_see_messages: bool = False


def load_record(patient: Patient, user: Any) -> PatientRecord:
    """Load the parts of the record that this user may view, with a constant number of queries."""
    record = PatientRecord()
    record.may_see_visits = user.has_perm("booking.view_appointment") or user.has_perm("booking.change_appointment")
    record.may_see_messages = user.has_perm("booking.view_message") or user.has_perm("booking.change_message")
    if record.may_see_visits:
        now = timezone.now()
        visits = patient.appointments.select_related("service", "practitioner", "location")
        rows = [VisitRow(visit) for visit in visits.order_by("-starts_at")[:MAX_ROWS]]
        record.ahead = [row for row in reversed(rows) if row.visit.ends_at > now]
        record.past = [row for row in rows if row.visit.ends_at <= now]
    if record.may_see_messages:
        queryset = Message.objects.filter(appointment__patient=patient).exclude(kind=Message.Kind.CLINIC_NOTICE)
        messages = queryset.select_related("appointment__location").order_by("-due_at", "-pk")[:MAX_ROWS]
        record.messages = [MessageRow(message) for message in messages]
    if user.has_perm("booking.merge_patient"):
        record.twins = [
            PossibleDuplicate(duplicate, merge_url(patient.pk, duplicate.pk))
            for duplicate in possible_duplicates(patient)
        ]
        merges = PatientMerge.objects.filter(kept=patient).select_related("actor").order_by("-at", "-pk")
        record.merges = [MergeRow(merge) for merge in merges]
    return record


def possible_duplicates(patient: Patient) -> list[Patient]:
    """Patients of the same name, or with the same phone or e-mail address and a name in common. At most 10."""
    name = normalize_for_search(patient.name)
    same_contact = Q(phone=patient.phone)
    if patient.email:
        same_contact |= Q(email__iexact=patient.email)
    candidates = Patient.objects.current().exclude(pk=patient.pk).order_by("pk")
    rows = candidates.filter(Q(search_key__startswith=f"{name}\n") | same_contact)[:MAX_ROWS]
    # Families share contact details, so a match needs a word of the name in common.
    name_words = set(name.split())
    return [duplicate for duplicate in rows if name_words & set(normalize_for_search(duplicate.name).split())][:10]
