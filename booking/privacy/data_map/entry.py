"""An entry of the data map, and the kinds of periods for which data is kept."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum


class Whose(Enum):
    """Whom the data is about."""

    PATIENT = "patient"
    VISITOR = "visitor"
    STAFF = "staff"


class Kept(Enum):
    """How long data is kept, in words. ``PERIODS`` names the settings of those that the privacy officer sets."""

    PATIENTS = "The period for patients. When it is over, the value is emptied or its row is deleted."
    ANONYMOUS = "Stays when the patient's own data goes, in a row that then names nobody."
    ACCESS_LOG = "The period for the access log. Then the row is deleted."
    MESSAGES = "The period for the texts of messages."
    CONTACT = "The period for contact messages and feedback, from when they were sent on; 30 days while none is set."
    WAITLIST = "The period for waitlist entries, from their end; 90 days while none is set."
    DAYS = "Hours or days, at most a week. The worker deletes it."
    LOGIN = "As long as the login is there. A login is switched off and never deleted, because logs refer to it."
    RECORD = "As long as the row that it is part of: who did something stays known."
    STAFF = "Until the clinic changes or deletes it."
    PUBLIC = "Public. Until the clinic changes it; published revisions of pages keep what they said."


# The fields of RetentionPeriods, by the kind of period that they set.
PERIODS: Mapping[Kept, tuple[str, ...]] = {
    Kept.PATIENTS: ("patients_years", "minors_until_age"),
    Kept.ACCESS_LOG: ("access_log_years",),
    Kept.MESSAGES: ("message_days",),
    Kept.CONTACT: ("contact_days",),
    Kept.WAITLIST: ("waitlist_days",),
}

# Who sees it: the shipped roles by name. A practitioner sees their own patients, or another after giving a reason.
OWNER = ("Owner",)
DESK = ("Front desk", "Practitioner", "Owner")
DESK_AND_EXPORT = ("Front desk", "Practitioner", "Privacy officer", "Owner")
FRONT_DESK = ("Front desk", "Owner")
FRONT_DESK_AND_EXPORT = ("Front desk", "Privacy officer", "Owner")
OFFICER = ("Privacy officer", "Owner")
EDITORS = ("Editor", "Clinical reviewer", "Publisher", "Owner")
EVERYBODY = ("Everybody",)
NOBODY = ("Nobody",)  # No page shows it.


@dataclass(frozen=True)
class Entry:
    """One field that holds personal data. ``model`` is a label such as booking.Patient; many-to-many fields count."""

    model: str
    field: str
    whose: Whose
    what: str
    purpose: str
    roles: tuple[str, ...]
    kept: Kept


def entries(
    model: str,
    whose: Whose,
    *,
    purpose: str,
    roles: tuple[str, ...],
    kept: Kept,
    fields: Mapping[str, str],
) -> Iterator[Entry]:
    """Entries that differ only in what they are. ``fields``: names separated by spaces, and what these hold."""
    for names, what in fields.items():
        for name in names.split():
            yield Entry(model, name, whose, what, purpose, roles, kept)
