"""Log lines as text or as JSON (LOG_FORMAT), both redacted, with the request's id and the site's version."""

import copy
import logging
from datetime import UTC, datetime
from typing import Any

from pythonjsonlogger.json import JsonFormatter

from clinic.ops.logs.redaction import format_exception, redact, redact_argument, redact_message
from clinic.ops.logs.request_ids import current_request_id
from clinic.ops.version import site_version

# The fields that a log call may add with ``extra``. Others, such as Django's ``request``, are left out: any object may
# hold data of a person.
EXTRA_FIELDS = ("method", "route", "status", "status_code", "duration_ms", "bytes", "task")


def redacted(record: logging.LogRecord) -> logging.LogRecord:
    """Return a copy of a record with its message and arguments redacted; other handlers may use the same record."""
    safe = copy.copy(record)
    try:
        safe.msg = redact_message(record.msg, record.args)
    except (TypeError, ValueError, KeyError):  # The arguments do not fit the message.
        safe.msg = redact_argument(record.msg)
    safe.args, safe.exc_text = None, None  # Another formatter may have stored the exception's text.
    return safe


class LineFormatter(logging.Formatter):
    """``time LEVEL logger [request id] message``; the time is UTC, and the id is left out where there is none."""

    def __init__(self) -> None:
        super().__init__("{asctime} {levelname} {name} {message}", style="{")

    def format(self, record: logging.LogRecord) -> str:
        safe, request_id = redacted(record), current_request_id()
        if request_id:
            safe.msg = f"[{request_id}] {safe.msg}"
        return super().format(safe)

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:
        return utc_time(record)

    def formatException(self, ei: Any) -> str:
        return format_exception(ei[1]) if ei[1] is not None else ""

    def formatStack(self, stack_info: str) -> str:
        return redact(stack_info)


class JsonLineFormatter(JsonFormatter):
    """One JSON object for each record: time, level, logger, message, request_id, version, and EXTRA_FIELDS."""

    def format(self, record: logging.LogRecord) -> str:
        fields: dict[str, Any] = {
            "time": utc_time(record),
            "level": record.levelname,
            "logger": record.name,
            "message": redacted(record).msg,
            "request_id": current_request_id() or None,
            "version": site_version(),
        }
        for name in EXTRA_FIELDS:
            if hasattr(record, name):
                fields[name] = redact_argument(getattr(record, name))
        if record.exc_info and record.exc_info[1] is not None:
            fields["exception"] = format_exception(record.exc_info[1])
        if record.stack_info:
            fields["stack"] = redact(record.stack_info)
        return self.serialize_log_record(fields)


def utc_time(record: logging.LogRecord) -> str:
    """Return the time of a record in UTC, as ISO 8601 with milliseconds."""
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
