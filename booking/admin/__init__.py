"""The admin of booking. Importing this package registers every ModelAdmin."""

from booking.admin import (
    cancel_reasons,
    clinic,
    diary,
    hours,
    locations,
    message_wording,
    outbox,
    patients,
    practitioners,
    sample_rows,
    services,
    waitlist,
)

__all__ = [
    "cancel_reasons",
    "clinic",
    "diary",
    "hours",
    "locations",
    "message_wording",
    "outbox",
    "patients",
    "practitioners",
    "sample_rows",
    "services",
    "waitlist",
]
