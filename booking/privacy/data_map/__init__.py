"""The data map: every field that holds personal data, whose it is, what for, who sees it and how long it is kept.

``ENTRIES`` and ``NOT_PERSONAL`` together name each field of the project's models and of the models of logins, once; a
new field needs a line in one of them. ``manage.py data_map --write`` writes the map to docs/privacy/data-map.md.
"""

from booking.privacy.data_map.entry import PERIODS, Entry, Kept, Whose
from booking.privacy.data_map.intake import INTAKE
from booking.privacy.data_map.logins import LOGINS, LOGS
from booking.privacy.data_map.messages import MESSAGES, WAITLIST
from booking.privacy.data_map.not_personal import NOT_PERSONAL
from booking.privacy.data_map.patients import RECORD, VISITS
from booking.privacy.data_map.staff import TEAM, WEBSITE

__all__ = ["ENTRIES", "NOT_PERSONAL", "PERIODS", "SECTIONS", "Entry", "Kept", "Whose"]

SECTIONS: dict[str, tuple[Entry, ...]] = {
    "Patients": RECORD,
    "Appointments": VISITS,
    "Health forms": INTAKE,
    "Messages": MESSAGES,
    "Waitlist": WAITLIST,
    "Logs": LOGS,
    "Logins": LOGINS,
    "Team": TEAM,
    "Website": WEBSITE,
}
ENTRIES: tuple[Entry, ...] = tuple(entry for section in SECTIONS.values() for entry in section)
