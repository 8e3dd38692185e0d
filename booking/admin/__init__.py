"""The admin of booking. Importing this package registers every ModelAdmin."""

from booking.admin import (
    appointments,
    cancel_reasons,
    clinic,
    hours,
    locations,
    message_wording,
    outbox,
    patients,
    practitioners,
    sample_rows,
    services,
)

__all__ = [
    "appointments",
    "cancel_reasons",
    "clinic",
    "hours",
    "locations",
    "message_wording",
    "outbox",
    "patients",
    "practitioners",
    "sample_rows",
    "services",
]
