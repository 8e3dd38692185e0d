"""Patients who may be the one that is about to be added: the same phone or email, or nearly the same name."""

from dataclasses import dataclass
from difflib import SequenceMatcher

from django.db.models import Q

from booking.models import Patient
from booking.text_cleaning import normalize_for_search

SHOWN = 5
CANDIDATES = 100  # Read at most, to compare their names.
ALIKE = 0.85  # The share of letters from which on two names are nearly the same.


@dataclass(frozen=True)
class SimilarPatient:
    """``is_same_contact``: with the same phone or email, not only a similar name."""

    patient: Patient
    is_same_contact: bool


def possible_duplicates(*, name: str, phone: str = "", email: str = "") -> list[SimilarPatient]:
    """Those with the same phone or email first. ``phone`` is in E.164 form. Two queries."""
    contact = Q(phone=phone) if phone else Q(pk__in=[])
    if email:
        contact |= Q(email__iexact=email)
    same = list(Patient.objects.current().filter(contact).order_by("name", "pk")[:SHOWN])
    found = [SimilarPatient(patient, is_same_contact=True) for patient in same]
    known = {patient.pk for patient in same}
    alike = [patient for patient in _candidates(name) if patient.pk not in known and _is_alike(patient, name)]
    return (found + [SimilarPatient(patient, is_same_contact=False) for patient in alike])[:SHOWN]


def _candidates(name: str) -> list[Patient]:
    """Patients whose names have words that begin like the first and the last word of this one."""
    words = normalize_for_search(name).split()
    if len(words) < 2:
        return []
    begins = [
        Q(search_key__startswith=word[:2]) | Q(search_key__contains=f" {word[:2]}") for word in {words[0], words[-1]}
    ]
    return list(Patient.objects.current().filter(*begins).order_by("name", "pk")[:CANDIDATES])


def _is_alike(patient: Patient, name: str) -> bool:
    """Whether the name differs by a letter or two, or in the order of its words."""
    typed = _sorted_words(name)
    names = [_sorted_words(own) for own in (patient.name, patient.preferred_name) if own]
    return any(SequenceMatcher(None, typed, own).ratio() >= ALIKE for own in names)


def _sorted_words(name: str) -> str:
    return " ".join(sorted(normalize_for_search(name).split()))
