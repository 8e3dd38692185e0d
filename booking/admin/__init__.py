"""The admin of booking. Importing this package registers every ModelAdmin."""

from booking.admin import (
    appointments,
    cancel_reasons,
    clinic,
    intake_forms,
    message_wording,
    outbox,
    patients,
    sample_rows,
    services,
)
from booking.admin.opening import hours, locations
from booking.admin.people import practitioners

__all__ = [
    "appointments",
    "cancel_reasons",
    "clinic",
    "hours",
    "intake_forms",
    "locations",
    "message_wording",
    "outbox",
    "patients",
    "practitioners",
    "sample_rows",
    "services",
]
