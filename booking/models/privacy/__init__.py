"""Models of accountability: who was shown whom, who changed what, and what was disposed of when."""

from booking.models.privacy.access_log import AccessLogEntry, AccessLogPerson
from booking.models.privacy.change_log import ChangeLogEntry
from booking.models.privacy.disposal import Disposal, DisposalItem, RetentionPeriods

__all__ = [
    "AccessLogEntry",
    "AccessLogPerson",
    "ChangeLogEntry",
    "Disposal",
    "DisposalItem",
    "RetentionPeriods",
]
