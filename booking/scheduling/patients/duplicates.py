"""Find patient rows that may be the same person."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from django.db.models import Q

from booking.models import Patient
from booking.text_cleaning import normalize_for_search

CANDIDATES = 100  # Rows that are compared.
MAX_DUPLICATES = 10


def possible_duplicates(patient: Patient) -> list[Patient]:
    """Patients of the same name, or with the same phone or e-mail address and a name in common. At most 10.

    ``patient`` may be one that is not saved yet.
    """
    name = normalize_for_search(patient.name)
    same_contact = Q(phone=patient.phone)
    if patient.email:
        same_contact |= Q(email__iexact=patient.email)
    candidates = Patient.objects.current().exclude(pk=patient.pk).order_by("pk")
    rows = candidates.filter(Q(search_key__startswith=f"{name}\n") | same_contact)[:CANDIDATES]
    # Families share contact details, so a match needs a word of the name in common.
    words = set(name.split())
    return [row for row in rows if words & set(normalize_for_search(row.name).split())][:MAX_DUPLICATES]


class KnownPatients:
    """All patients, loaded once, to compare many new ones by the rule of ``possible_duplicates``."""

    def __init__(self) -> None:
        self._named: dict[str, list[Patient]] = defaultdict(list)
        self._reached: dict[str, list[Patient]] = defaultdict(list)
        for patient in Patient.objects.current().order_by("pk"):
            self._named[normalize_for_search(patient.name)].append(patient)
            self._reached[str(patient.phone)].append(patient)
            if patient.email:
                self._reached[patient.email.casefold()].append(patient)

    def like(self, values: Mapping[str, Any]) -> list[Patient]:
        """Those who may be the person with this ``name``, ``phone`` and ``email``. At most 10."""
        name = normalize_for_search(values["name"])
        words = set(name.split())
        found = {patient.pk: patient for patient in self._named.get(name, [])}
        for contact in filter(None, (values["phone"], values["email"].casefold())):
            for patient in self._reached.get(contact, []):
                if words & set(normalize_for_search(patient.name).split()):
                    found[patient.pk] = patient
        return list(found.values())[:MAX_DUPLICATES]
