"""Filters of log records."""

import logging


class BeingSetUpFilter(logging.Filter):
    """Drop Django's line for each 503 of a site that is being set up: nothing is wrong with it."""

    def filter(self, record: logging.LogRecord) -> bool:
        return not getattr(getattr(record, "request", None), "is_being_set_up", False)
