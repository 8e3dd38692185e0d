"""What a patient's page tells besides their own fields: visits, messages, who may be the same person."""

from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q
from django.utils import timezone
from phonenumber_field.phonenumber import PhoneNumber

from booking.admin.patient_merging import address
from booking.admin.words import clock, moment, phone_in_words, short_day
from booking.models import Appointment, Message, Patient, PatientMerge
from booking.text import fold

MOST = 100  # rows of each table: more than anybody reads


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
        return moment(self.message.sent_at or self.message.due_at, self.message.appointment)

    @property
    def about(self) -> str:
        visit = self.message.appointment
        return VisitRow(visit).when if visit else ""


@dataclass(frozen=True)
class Twin:
    """Somebody who may be the same person, and where to compare the two."""

    patient: Patient
    compare: str

    @property
    def phone(self) -> str:
        return phone_in_words(self.patient.phone)


@dataclass(frozen=True)
class MergeRow:
    merge: PatientMerge

    @property
    def when(self) -> str:
        return moment(self.merge.at)

    @property
    def was(self) -> str:
        """The merged one's values, in a line."""
        old = self.merge.merged_values
        names = ("name", "preferred_name", "pronouns", "date_of_birth", "phone", "email", "contact_name")
        words = {name: old.get(name) or "" for name in names}
        number = PhoneNumber.from_string(words["phone"]) if words["phone"] else None
        words["phone"] = phone_in_words(number) if number else ""
        return ", ".join(filter(None, words.values()))

    @property
    def visits(self) -> int:
        return len(self.merge.moved.get("appointment", []))


@dataclass
class PatientRecord:
    ahead: list[VisitRow] = field(default_factory=list)
    past: list[VisitRow] = field(default_factory=list)
    messages: list[MessageRow] = field(default_factory=list)
    twins: list[Twin] = field(default_factory=list)
    merges: list[MergeRow] = field(default_factory=list)
    may_see_visits: bool = False
    may_see_messages: bool = False


def record_of(patient: Patient, user: Any) -> PatientRecord:
    """Only what this person may look at; a query each, however much there is."""
    record = PatientRecord()
    record.may_see_visits = user.has_perm("booking.view_appointment") or user.has_perm("booking.change_appointment")
    record.may_see_messages = user.has_perm("booking.view_message") or user.has_perm("booking.change_message")
    if record.may_see_visits:
        now = timezone.now()
        visits = patient.appointments.select_related("service", "practitioner", "location")
        rows = [VisitRow(visit) for visit in visits.order_by("-starts_at")[:MOST]]
        record.ahead = [row for row in reversed(rows) if row.visit.ends_at > now]
        record.past = [row for row in rows if row.visit.ends_at <= now]
    if record.may_see_messages:
        about = Message.objects.filter(appointment__patient=patient).exclude(kind=Message.Kind.CLINIC_NOTICE)
        found = about.select_related("appointment__location").order_by("-due_at", "-pk")[:MOST]
        record.messages = [MessageRow(message) for message in found]
    if user.has_perm("booking.merge_patient"):
        record.twins = [Twin(twin, address(patient.pk, twin.pk)) for twin in possible_twins(patient)]
        merges = PatientMerge.objects.filter(kept=patient).select_related("actor").order_by("-at", "-pk")
        record.merges = [MergeRow(merge) for merge in merges]
    return record


def possible_twins(patient: Patient) -> list[Patient]:
    """Others of the same name, or with the same phone number and a name in common."""
    name = fold(patient.name)
    reached_alike = Q(phone=patient.phone)
    if patient.email:
        reached_alike |= Q(email__iexact=patient.email)
    others = Patient.objects.current().exclude(pk=patient.pk).order_by("pk")
    found = others.filter(Q(search_key__startswith=f"{name}\n") | reached_alike)[:MOST]
    # Families share phones: somebody else's first name and surname are not this person's.
    words = set(name.split())
    return [twin for twin in found if words & set(fold(twin.name).split())][:10]
