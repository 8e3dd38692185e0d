"""Data map: patients' answers to health forms."""

from booking.privacy.data_map.entry import Entry, Kept, Whose, entries

_READERS = ("Practitioner", "Privacy officer", "Owner")
_STATE = ("Front desk", "Practitioner", "Privacy officer", "Owner")

INTAKE: tuple[Entry, ...] = (
    *entries(
        "booking.IntakeAnswers",
        Whose.PATIENT,
        purpose="Prepare the visit",
        roles=_READERS,
        kept=Kept.PATIENTS,
        fields={
            "ciphertext": "The answers to the clinic's questions about the patient's health, encrypted with FORMS_KEY. "
            "Practitioners read those of their own visits; the privacy officer has them in an export",
        },
    ),
    *entries(
        "booking.IntakeAnswers",
        Whose.PATIENT,
        purpose="See who has filled in a form, and remind who has not",
        roles=_STATE,
        kept=Kept.PATIENTS,
        fields={
            "appointment version": "Which form was filled in for which visit",
            "state pages_done updated_at submitted_at": "How far it is, and when it was last changed and sent",
        },
    ),
    *entries(
        "booking.IntakeAnswers",
        Whose.STAFF,
        purpose="Say who has read the answers",
        roles=_STATE,
        kept=Kept.PATIENTS,
        fields={"read_at read_by": "Who marked the answers as read, and when"},
    ),
)
