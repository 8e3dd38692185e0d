"""The admin of booking. Importing this package registers every ModelAdmin."""

from booking.admin import (
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
)

__all__ = [
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
]
