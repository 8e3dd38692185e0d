"""Redact patients' data and secret links from logs."""

import logging
import re

# URLs with a token that gives access.
_LINKS = re.compile(r"/+(appointment|waitlist|calendar|preview|staff/+password/+new)/+[^/\s'\"?]{16,}", re.IGNORECASE)
# Search queries, which can be about somebody's health.
_SEARCHES = re.compile(r"(/+search/*\?)[^\s'\"]*", re.IGNORECASE)
# PostgreSQL's errors quote the row of a failed statement, with names and addresses.
_DETAIL = re.compile(r"^(DETAIL|CONTEXT|QUERY|PARAMETERS):.*(\n(?=[ \t]).*)*\n?", re.MULTILINE)
_ROW = re.compile(r"(Failing row contains|Key) \(.*", re.DOTALL)


class RedactingFormatter(logging.Formatter):
    """Mask tokens and search queries in URLs, and rows that database errors quote."""

    def format(self, record: logging.LogRecord) -> str:
        return _SEARCHES.sub(r"\1...", _LINKS.sub(r"/\1/...", super().format(record)))

    def formatException(self, ei: object) -> str:
        text = super().formatException(ei)  # type: ignore[arg-type]
        return "\n".join(_ROW.sub(r"\1 ...", line) for line in _DETAIL.sub("", text).splitlines())
