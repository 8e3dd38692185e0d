"""Who an appointment is for: what was told, and the row it belongs to."""

from dataclasses import dataclass
from datetime import date

from booking.models import Patient


@dataclass(frozen=True)
class PatientDetails:
    """What a patient tells us when booking; ``phone`` is in E.164 form."""

    name: str
    email: str
    phone: str
    preferred_name: str = ""
    pronouns: str = ""
    date_of_birth: date | None = None
    contact_name: str = ""
    is_first_visit: bool | None = None
    reminders: bool = True
    notice_version: str = ""


def patient_for(details: PatientDetails) -> Patient:
    """The patient with exactly these details, or a new one. A row that stands is never changed.

    Anything less than all of name, e-mail, phone and date of birth may be another person, or a
    stranger guessing: staff merge what really is one. Words that differ (a new preferred name)
    make a new row, too, so that nobody can rename somebody they know.
    """
    told = {
        "name": details.name,
        "preferred_name": details.preferred_name,
        "pronouns": details.pronouns,
        "email": details.email,
        "phone": details.phone,
        "date_of_birth": details.date_of_birth,
        "contact_name": details.contact_name,
    }
    same = Patient.objects.filter(
        name__iexact=details.name,
        email__iexact=details.email,
        phone=details.phone,
        date_of_birth=details.date_of_birth,
        contact_name__iexact=details.contact_name,
    )
    for field in ("preferred_name", "pronouns"):
        if told[field]:
            same = same.filter(**{field: told[field]})
    return same.order_by("pk").first() or Patient.objects.create(**told)
