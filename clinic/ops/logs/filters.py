"""Filters of log records."""

import logging

from clinic.ops.logs.routes import PROBE_PATHS
from clinic.ops.outages import outage_of


class BeingSetUpFilter(logging.Filter):
    """Drop Django's line for each 503 of a site that is being set up: nothing is wrong with it."""

    def filter(self, record: logging.LogRecord) -> bool:
        return not getattr(getattr(record, "request", None), "is_being_set_up", False)


class OutageFilter(logging.Filter):
    """Drops Django's records, with their tracebacks, of requests that were refused because of an outage, and of probes.

    Probes come every few seconds, and who asks sees the answer.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        if outage_of(record.exc_info[1] if record.exc_info else None):
            return False
        return getattr(getattr(record, "request", None), "path_info", "") not in PROBE_PATHS or bool(record.exc_info)
