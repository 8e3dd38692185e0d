"""The kinds of data that a certificate counts, and their names."""

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

KINDS = {
    "patients": _("Patients made anonymous"),
    "merged": _("Merged entries made anonymous"),
    "appointments": _("Appointments made anonymous"),
    "events": _("Steps in the history of appointments, emptied"),
    "notes": _("Notes deleted"),
    "forms": _("Health forms deleted"),
    "tags": _("Tags taken off"),
    "messages": _("Messages deleted"),
    "contact_messages": _("Messages from the contact form and requests for a link, deleted"),
    "waitlist": _("Waitlist entries deleted, with their offers"),
    "merges": _("Records of merges emptied"),
    "changes": _("Entries of the change log emptied"),
    "admin_log": _("Entries of the office's history emptied"),
    "sessions": _("Browser sessions cleared"),
    "message_texts": _("Texts of messages deleted"),
    "access_log": _("Entries of the access log deleted"),
}


def kind_rows(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    """The kinds of which something went, by name, in a fixed order."""
    return [(str(name), counts[kind]) for kind, name in KINDS.items() if counts.get(kind)]
