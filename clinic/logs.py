"""Keep patients' data and their links out of the logs."""

import logging
import re

# Addresses that open something for whoever knows them.
_LINKS = re.compile(r"/+(appointment|waitlist|calendar|preview|staff/+password/+new)/+[^/\s'\"?]{16,}", re.IGNORECASE)
# What somebody searched for can be about their health.
_SEARCHED = re.compile(r"(/+search/*\?)[^\s'\"]*", re.IGNORECASE)
# PostgreSQL repeats the row that it refused: names, addresses, everything.
_DETAIL = re.compile(r"^(DETAIL|CONTEXT|QUERY|PARAMETERS):.*(\n(?=[ \t]).*)*\n?", re.MULTILINE)
_ROW = re.compile(r"(Failing row contains|Key) \(.*", re.DOTALL)


class DiscreetFormatter(logging.Formatter):
    """Formats as usual, then masks tokens and searched words in addresses, and the rows that databases quote."""

    def format(self, record: logging.LogRecord) -> str:
        return _SEARCHED.sub(r"\1...", _LINKS.sub(r"/\1/...", super().format(record)))

    def formatException(self, ei: object) -> str:
        text = super().formatException(ei)  # type: ignore[arg-type]
        return "\n".join(_ROW.sub(r"\1 ...", line) for line in _DETAIL.sub("", text).splitlines())
