"""Redact patients' data and secret links from logs and error reports.

What follows a pattern (links, queries, e-mail addresses, phone numbers, tokens) is masked wherever it stands. A name
follows none, so what may hold one is left out: the texts of exceptions, but for classes whose texts are written by
Python, Django or this project (``_TEXTS``), and rows, forms and other objects that are passed to a log call.
"""

import os
import re
import traceback
from collections.abc import Iterator, Mapping
from datetime import date, time, timedelta
from decimal import Decimal
from pathlib import PurePath
from typing import Any

from django.db.models import Model
from django.http import HttpRequest
from django.utils.functional import Promise

from clinic.ops.logs.routes import route_of

# URLs with a token that gives access.
_LINKS = re.compile(r"/+(appointment|waitlist|calendar|preview|staff/+password/+new)/+[^/\s'\"?]{16,}", re.IGNORECASE)
# Queries: a search can be about somebody's health.
_QUERIES = re.compile(r"(/[^\s'\"?]*\?)[^\s'\"]+")
_EMAILS = re.compile(r"[\w.+%'-]+@[\w-]+(\.[\w-]+)+")
_PHONES = re.compile(
    r"(?<![\w.+-])(\+\d[\d ().-]{6,18}\d|(1[ .-]?)?(\([2-9]\d\d\) ?|[2-9]\d\d[ .-]?)\d{3}[ .-]?\d{4})(?![\w-])"
)
_TOKENS = re.compile(r"(?<![\w-])(?=[\w-]*[A-Z0-9])[\w-]{40,}", re.ASCII)
# PostgreSQL's errors quote the row of a failed statement, with names and addresses.
_DETAIL = re.compile(r"^(DETAIL|CONTEXT|QUERY|PARAMETERS|LINE \d+|HINT):?.*(\n(?=[ \t]).*)*\n?", re.MULTILINE)
_ROW = re.compile(r"(Failing row contains|Key) \(.*", re.DOTALL)
# A quoted value, not the quoted name of a part of the schema.
_VALUE = re.compile(
    r"(?P<noun>\b(?:constraint|relation|column|table|index|type|function|trigger) )?(\"[^\"]*\"|'[^']*')"
)
_CONTROLS = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029]")
MASK = "..."
LEFT_OUT = "(text left out)"

# Exceptions whose texts say what is wrong and hold no value of a request or a row, by the class or a base class.
_TEXTS = {
    "builtins.AttributeError",
    "builtins.ImportError",
    "builtins.NameError",
    "builtins.NotImplementedError",
    "builtins.RecursionError",
    "django.core.exceptions.AppRegistryNotReady",
    "django.core.exceptions.ImproperlyConfigured",
    "django.template.exceptions.TemplateDoesNotExist",
    "booking.messages.delivery.transports.TransportUnavailable",  # Advice for staff.
}
_DATABASE_ERRORS = {"django.db.utils.Error", "sqlite3.Error", "psycopg.Error", "psycopg.errors.Error"}
_CAUSE = "\nThe above exception was the direct cause of the following exception:\n\n"
_CONTEXT = "\nDuring handling of the above exception, another exception occurred:\n\n"


def redact(text: str) -> str:
    """Mask queries and tokens of addresses, e-mail addresses, phone numbers, and anything that looks like a token."""
    text = _QUERIES.sub(rf"\1{MASK}", _LINKS.sub(rf"/\1/{MASK}", text))
    text = _EMAILS.sub(MASK, text)
    return _TOKENS.sub(MASK, _PHONES.sub(MASK, text))


def redact_message(message: object, args: object) -> str:
    """Format a log call's message with its arguments, on one line, without what may be about a person."""
    text = message if isinstance(message, str) else str(redact_argument(message))
    if isinstance(args, Mapping) and "%(" in text:
        text = text % {name: redact_argument(value) for name, value in args.items()}
    elif args:
        text = text % tuple(redact_argument(value) for value in (args if isinstance(args, tuple) else (args,)))
    return escape_controls(redact(text))


def escape_controls(text: str) -> str:
    """Escape line breaks and other control characters, with which a value could write a line of its own."""
    return _CONTROLS.sub(lambda match: match[0].encode("unicode_escape").decode(), text)


def redact_argument(value: Any) -> Any:
    """Return a log call's argument, or a description of it if it may hold data of a person."""
    if value is None or isinstance(value, (bool, int, float, Decimal, date, time, timedelta, PurePath)):
        return value
    if isinstance(value, (str, Promise)):
        return redact(str(value))
    if isinstance(value, BaseException):
        return describe_exception(value)
    if isinstance(value, Model):
        return f"{value._meta.label} {value.pk}"
    if isinstance(value, HttpRequest):
        return f"{value.method} {route_of(value)}"
    if isinstance(value, type):
        return value.__qualname__
    return f"<{type(value).__qualname__}>"


def format_exception(error: BaseException) -> str:
    """Format an exception and those that led to it like Python does, without texts that may hold data of a person."""
    return "".join(_chain(error, seen=set())).rstrip("\n")


def _chain(error: BaseException, seen: set[int]) -> Iterator[str]:
    seen.add(id(error))
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if before is not None and id(before) not in seen:
        yield from _chain(before, seen)
        yield _CAUSE if before is error.__cause__ else _CONTEXT
    if error.__traceback__ is not None:
        yield "Traceback (most recent call last):\n"
        yield from traceback.format_tb(error.__traceback__)
    yield f"{describe_exception(error)}\n"
    if isinstance(error, BaseExceptionGroup):
        for number, member in enumerate(error.exceptions, 1):
            yield f"Exception {number} of the group:\n"
            yield from _chain(member, seen)


def describe_exception(error: BaseException) -> str:
    """Return the exception's class, and its text as far as that is safe."""
    kind = type(error)
    name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    text = _text_of(error)
    return f"{name}: {escape_controls(text)}" if text else name


def _text_of(error: BaseException) -> str:
    names = {f"{base.__module__}.{base.__qualname__}" for base in type(error).__mro__}
    if names & _TEXTS:
        return redact(str(error))
    if names & _DATABASE_ERRORS:
        return redact(_without_values(str(error)))
    if code := getattr(error, "smtp_code", None):  # The server's reply often names the recipient.
        return f"SMTP {code}"
    if isinstance(error, OSError) and error.errno is not None and not isinstance(error.strerror, bytes):
        return f"[Errno {error.errno}] {_os_text(error)}"
    return LEFT_OUT if str(error) else ""


def _os_text(error: OSError) -> str:
    """Return the operating system's own text of the error number, not one that may have been made up."""
    return os.strerror(error.errno) if isinstance(error.errno, int) else LEFT_OUT


def _without_values(text: str) -> str:
    """Remove the rows and values that a database error quotes."""
    text = "\n".join(_ROW.sub(rf"\1 {MASK}", line) for line in _DETAIL.sub("", text).splitlines())
    return _VALUE.sub(lambda match: match[0] if match["noun"] else MASK, text).strip()
