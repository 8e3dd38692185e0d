"""Who the person is: the rows of the patient, notes, merges and the import."""

from collections.abc import Sequence

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from booking.models import Patient, PatientImport, PatientMerge, PatientNote
from booking.privacy.export.tables import ExportTable


def person_tables(identities: Sequence[Patient]) -> list[ExportTable]:
    """``identities``: the patient and the rows that were merged into theirs."""
    patients = Patient.objects.filter(pk__in=[row.pk for row in identities])
    notes = PatientNote.objects.filter(patient__in=identities).select_related("author", "appointment")
    merges = PatientMerge.objects.filter(Q(kept__in=identities) | Q(merged__in=identities)).select_related("actor")
    imports = PatientImport.objects.filter(patients__in=identities).distinct().select_related("created_by")
    return [
        ExportTable(
            "patients",
            _("Identity and contact"),
            Patient,
            patients.select_related("phone_only_by", "imported_in").prefetch_related("tags").order_by("pk"),
        ),
        ExportTable("notes", _("Notes of the staff"), PatientNote, notes.order_by("created_at", "pk")),
        ExportTable(
            "merges", _("Merged entries"), PatientMerge, merges.order_by("at", "pk"), states_of="booking.patient"
        ),
        ExportTable("imports", _("Imports from a file"), PatientImport, imports.order_by("pk")),
    ]
