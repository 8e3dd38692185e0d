"""Who is disposed of: patients with the rows that were merged into them, and what they were called and reached by."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q

from booking.models import ChangeLogEntry, Patient, PatientMerge

_NAMES, _EMAILS, _PHONES = ("name", "preferred_name"), ("email",), ("phone",)


@dataclass
class Identity:
    """The names, addresses and numbers of one person, now and earlier, folded to lower case."""

    names: set[str] = field(default_factory=set)
    emails: set[str] = field(default_factory=set)
    phones: set[str] = field(default_factory=set)

    def add(self, values: Mapping[str, Any]) -> None:
        """Add the fields of a patient, of a merge record or of a change log entry."""
        for words, keys in ((self.names, _NAMES), (self.emails, _EMAILS), (self.phones, _PHONES)):
            words |= {str(values[key]).casefold() for key in keys if values.get(key)}

    def is_called(self, name: str) -> bool:
        return name.casefold() in self.names

    def is_reached_by(self, email: str, phone: str) -> bool:
        return (email != "" and email.casefold() in self.emails) or (phone != "" and phone in self.phones)

    @property
    def is_reached(self) -> Q:
        """A filter of rows with an ``email`` and a ``phone``."""
        match = Q(phone__in=self.phones)
        for email in self.emails:
            match |= Q(email__iexact=email)
        return match

    @property
    def words(self) -> set[str]:
        return self.names | self.emails | self.phones


def rows_of(patients: Iterable[int]) -> Q:
    """A filter of these patients and the rows that were merged into them."""
    keys = list(patients)
    return Q(pk__in=keys) | Q(merged_into__in=keys)


def known_identities(rows: Iterable[Patient]) -> list[Identity]:
    """One identity for each person among these rows, with the values that the logs still hold."""
    people: dict[int, Identity] = {}
    owner: dict[int, int] = {}
    for row in rows:
        owner[row.pk] = row.merged_into_id or row.pk
        people.setdefault(owner[row.pk], Identity()).add(_values(row))
    merges = PatientMerge.objects.filter(Q(kept__in=owner) | Q(merged__in=owner))
    for merge in merges:
        for values in (merge.merged_values, merge.kept_values, merge.chosen):
            people[owner.get(merge.merged_id) or owner[merge.kept_id]].add(values)
    for change in ChangeLogEntry.objects.filter(patient__in=owner, model="booking.patient"):
        for values in (change.before, change.after):
            people[owner[change.patient_id or 0]].add(values)
    return list(people.values())


def _values(row: Patient) -> dict[str, Any]:
    return {name: str(getattr(row, name) or "") for name in (*_NAMES, *_EMAILS, *_PHONES)}
