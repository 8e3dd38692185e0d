"""The identities of one person: a patient with the rows that were merged into it."""

from django.db.models import Q
from django.utils.translation import gettext

from booking.models import Patient


def identities_of(patient: Patient) -> list[Patient]:
    """The surviving patient first, then those that were merged into it, in order of their primary keys.

    A merge moves earlier merges along, so one step leads to the surviving row.
    """
    surviving_pk = patient.merged_into_id or patient.pk
    rows = Patient.objects.filter(Q(pk=surviving_pk) | Q(merged_into=surviving_pk)).order_by("pk")
    return sorted(rows, key=lambda row: row.pk != surviving_pk)


def name_in_words(patient: Patient) -> str:
    """The name within a sentence; the number of a patient whose details were removed."""
    if patient.disposed_at:
        return gettext("patient %(n)s, whose details were removed") % {"n": patient.pk}
    return patient.name
