"""What the person waits or waited for."""

from collections.abc import Sequence

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from booking.models import Patient, WaitlistEntry, WaitlistOffer
from booking.privacy.disposal import known_identities
from booking.privacy.export.tables import ExportTable
from booking.text_cleaning import normalize_for_search


def waitlist_entries_of(identities: Sequence[Patient]) -> list[WaitlistEntry]:
    """The entries that staff linked to the patient, and those with the same name and the same email address or phone.

    Somebody who joined the list online is linked to nobody, and perhaps under what was corrected since.
    """
    (known,) = known_identities(identities)
    rows = WaitlistEntry.objects.filter(Q(patient__in=identities) | Q(known.is_reached, patient__isnull=True))
    names = {normalize_for_search(name) for name in known.names}
    return [
        row
        for row in rows.select_related("service", "practitioner", "location").order_by("created_at", "pk")
        if row.patient_id is not None or normalize_for_search(row.name) in names
    ]


def waitlist_tables(entries: Sequence[WaitlistEntry]) -> list[ExportTable]:
    offers = WaitlistOffer.objects.filter(entry__in=entries).select_related("appointment")
    return [
        ExportTable("waitlist_entries", _("Waitlist"), WaitlistEntry, entries),
        ExportTable("waitlist_offers", _("Times offered"), WaitlistOffer, offers.order_by("offered_at", "pk")),
    ]
