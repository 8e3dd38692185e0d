"""Collect everything that is held about one person."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from booking.models import Clinic, Patient
from booking.privacy.export.intake import intake_tables
from booking.privacy.export.logs import access_tables, change_tables
from booking.privacy.export.outbox import message_tables
from booking.privacy.export.person import person_tables
from booking.privacy.export.tables import ExportTable
from booking.privacy.export.visits import visit_tables
from booking.privacy.export.waitlist import waitlist_entries_of, waitlist_tables
from booking.privacy.identities import identities_of

VERSION = 1


@dataclass(frozen=True)
class PersonExport:
    """``items``: the rows of each table, by its name, as JSON holds them."""

    patient: Patient
    made_at: datetime
    made_by: str
    clinic: str
    tables: list[ExportTable]
    items: dict[str, list[dict[str, Any]]]

    def data(self) -> dict[str, Any]:
        """The content of data.json."""
        head = {
            "version": VERSION,
            "made_at": self.made_at.isoformat(),
            "made_by": self.made_by,
            "clinic": self.clinic,
            "patient": self.patient.pk,
        }
        return {**head, **self.items}


def collect(patient: Patient, *, made_by: str, now: datetime, with_access_log: bool) -> PersonExport:
    """Both identities of a merged patient, with a constant number of queries."""
    identities = identities_of(patient)
    waiting = waitlist_entries_of(identities)
    tables = [
        *person_tables(identities),
        *visit_tables(identities),
        *intake_tables(identities),
        *message_tables(identities, waiting),
        *waitlist_tables(waiting),
        *change_tables(identities),
        *(access_tables(identities, waiting) if with_access_log else []),
    ]
    clinic = Clinic.objects.values_list("name", flat=True).first() or ""
    items = {table.name: table.items() for table in tables}
    return PersonExport(identities[0], now, made_by, clinic, tables, items)
