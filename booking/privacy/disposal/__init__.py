"""Disposal of patients: their rows become anonymous, and nothing that they said or were called stays.

``review`` does the work, counts what would go and rolls back; ``dispose`` does it and writes a certificate.
"""

from booking.privacy.disposal.command import DisposalChanged, DisposalReview, dispose, review
from booking.privacy.disposal.due import DuePatient, due_patients
from booking.privacy.disposal.kinds import kind_rows
from booking.privacy.disposal.obstacles import DisposalRefused, has_visits
from booking.privacy.disposal.people import known_identities

__all__ = [
    "DisposalChanged",
    "DisposalRefused",
    "DisposalReview",
    "DuePatient",
    "dispose",
    "due_patients",
    "has_visits",
    "kind_rows",
    "known_identities",
    "review",
]
