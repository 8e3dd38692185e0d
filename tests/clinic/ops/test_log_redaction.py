"""Logs contain no tokens of links and no personal data, as lines and as JSON."""

import ast
import io
import json
import logging
import smtplib
import traceback
from datetime import UTC, datetime

import pytest
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.db import DataError, IntegrityError, OperationalError
from django.test import RequestFactory
from django.utils.translation import gettext_lazy

from booking.messages import SmtpUnavailable
from booking.models import Patient
from clinic.ops.logs.formats import JsonLineFormatter, LineFormatter
from clinic.ops.logs.request_ids import set_request_id
from clinic.ops.version import site_version
from tests.support.imports import modules

TOKEN = "aB3-_" * 9
# What must not reach a log, whichever way it comes in.
SECRETS = ["Alice", "Martin", "alice.martin+x@mail.example", "403-555-0199", "(403) 555-0199", "+14035550199", "pelvic"]
PERSON = "Alice Martin <alice.martin+x@mail.example>, 403-555-0199, (403) 555-0199, +14035550199, pelvic floor"


@pytest.fixture(params=[LineFormatter, JsonLineFormatter], ids=["line", "json"])
def log(request):
    """Return a logger, and what it has written."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(request.param())
    logger = logging.Logger("test")
    logger.addHandler(handler)
    logger.written = stream.getvalue
    return logger


def message_of(logger) -> str:
    written = logger.written()
    return json.loads(written)["message"] if written.startswith("{") else written.partition(" test ")[2].rstrip("\n")


def raised(error: BaseException, cause: BaseException | None = None) -> BaseException:
    try:
        if cause is not None:
            raise error from raised(cause)
        raise error
    except BaseException as caught:
        return caught


# Patterns


@pytest.mark.parametrize("area", ["appointment", "waitlist", "calendar", "preview"])
def test_tokens_in_links_are_masked(area, log):
    log.error("Internal Server Error: %s", f"/{area}/{TOKEN}/")
    assert message_of(log) == f"Internal Server Error: /{area}/.../"


@pytest.mark.parametrize(
    "address", ["/calendar/{}.ics", "/Calendar/{}.ICS", "//calendar//{}.ics", "/calendar/{}.ics?x=1"]
)
def test_the_token_of_a_calendar_feed_is_masked(address, log):
    token = "aB3-_" * 8 + "xyz"
    log.error("Not Found: %s", address.format(token))
    assert token[:8] not in log.written()


def test_ordinary_addresses_stay_readable(log):
    log.error("Not Found: /appointment/cancel/")
    assert message_of(log) == "Not Found: /appointment/cancel/"


@pytest.mark.parametrize("address", ["/search/?q=leaky+bladder&page=2", "/Search/?q=leaky", "//search?q=leaky%20x"])
def test_search_queries_are_masked(address, log):
    log.error("Internal Server Error: %s", f"https://clinic.example{address} (GET)")
    assert "leaky" not in log.written()
    assert message_of(log).endswith("?... (GET)")


@pytest.mark.parametrize(
    "text",
    [
        "Message 4711 (reminder), try 3: The email server is busy (451). Give it some time.",
        "The front server at 203.0.113.9 is not in TRUSTED_PROXIES.",
        "Holds that ran out: 12. Messages: 5 sent, 0 parked. Next try in 60 seconds.",
        "The worker's clock reads 36 hours later than expected, since 2026-12-01 00:20:25.",
        "Worker (pid:1234567) was sent SIGKILL! 0123456789abcdef0123456789abcdef",
    ],
)
def test_what_the_site_says_itself_stays_readable(text, log):
    log.warning("%s", text)
    assert message_of(log) == text


# Every kind of log call and error


CALLS = {
    "an email": lambda log: log.info("Sent to %s", "alice.martin+x@mail.example"),
    "a phone": lambda log: log.info("Called %s, %s and %s", "403-555-0199", "(403) 555-0199", "+14035550199"),
    "a number": lambda log: log.info("Called %d", 4035550199),
    "a row": lambda log: log.info("Saved %s", Patient(pk=4, name="Alice Martin")),
    "a dict": lambda log: log.info("Form: %s", {"first_name": "Alice", "note": "pelvic"}),
    "named arguments": lambda log: log.info("Form: %(form)s", {"form": {"first_name": "Alice"}}),
    "a list": lambda log: log.info("Names: %s", ["Alice", "Martin"]),
    "bytes": lambda log: log.info("Body: %s", b"name=Alice"),
    "an object as the message": lambda log: log.info({"first_name": "Alice"}),
    "an error as the message": lambda log: log.error(ValueError(PERSON)),
    "an error as an argument": lambda log: log.error("Failed: %s", KeyError(PERSON)),
    "arguments that do not fit": lambda log: log.error("Failed: %d", PERSON),
    "extra fields": lambda log: log.error(
        "Failed", extra={"patient": PERSON, "request": PERSON, "route": "/x/?q=pelvic"}
    ),
    "a request": lambda log: log.error(
        "Failed: %s", RequestFactory().post(f"/search/?q=pelvic&t={TOKEN}", {"name": "Alice"})
    ),
    "a lazy text": lambda log: log.info("%s", gettext_lazy("alice.martin+x@mail.example")),
    "a stack": lambda log: log.info("Where", stack_info=True),
    "a link": lambda log: log.error("GET %s", f"/somewhere/{TOKEN}?q=pelvic"),
}
ERRORS = {
    "KeyError": lambda: raised(KeyError(PERSON)),
    "ValueError": lambda: raised(ValueError(f"invalid literal for int() with base 10: {PERSON!r}")),
    "UnicodeError": lambda: raised(UnicodeEncodeError("ascii", PERSON, 0, 3, PERSON)),
    "ValidationError": lambda: raised(ValidationError(PERSON)),
    "a file": lambda: raised(FileNotFoundError(2, "No such file", f"/media/{PERSON}.jpg")),
    "a made-up reason": lambda: raised(OSError(5, PERSON)),
    "SMTP: recipient": lambda: raised(smtplib.SMTPRecipientsRefused({PERSON: (550, PERSON.encode())})),
    "SMTP: sender": lambda: raised(smtplib.SMTPSenderRefused(550, PERSON.encode(), PERSON)),
    "SMTP: answer": lambda: raised(smtplib.SMTPDataError(554, PERSON.encode())),
    "PostgreSQL: row": lambda: raised(
        IntegrityError(f'new row violates check constraint "x"\nDETAIL:  Failing row contains (1, {PERSON}).\n')
    ),
    "PostgreSQL: key": lambda: raised(IntegrityError(f"conflict\nDETAIL:  Key (email)=({PERSON}) already exists.")),
    "PostgreSQL: value": lambda: raised(DataError(f'invalid input syntax for type integer: "{PERSON}"')),
    "PostgreSQL: statement": lambda: raised(
        OperationalError(f"syntax error\nLINE 1: SELECT '{PERSON}'\n        ^\nCONTEXT:  SQL '{PERSON}'")
    ),
    "SQLite": lambda: raised(OperationalError(f'near "{PERSON}": syntax error')),
    "cause": lambda: raised(RuntimeError("x"), cause=KeyError(PERSON)),
    "cause of a cause": lambda: raised(RuntimeError("x"), cause=raised(ValueError("y"), cause=KeyError(PERSON))),
    "group": lambda: raised(ExceptionGroup(PERSON, [KeyError(PERSON), raised(ValueError(PERSON))])),
}


@pytest.mark.parametrize("name", CALLS)
def test_no_kind_of_log_call_lets_personal_data_through(name, log):
    CALLS[name](log)
    assert log.written()
    assert [secret for secret in [*SECRETS, TOKEN[:10]] if secret in log.written()] == []


@pytest.mark.parametrize("name", ERRORS)
def test_no_error_lets_personal_data_through(name, log):
    error = ERRORS[name]()
    error.add_note(PERSON)
    log.error("Internal Server Error", exc_info=error)
    log.error("Failed: %s", error)
    assert type(error).__name__ in log.written()
    assert [secret for secret in SECRETS if secret in log.written()] == []


def test_an_error_that_another_handler_has_formatted_is_redacted(log):
    record = log.makeRecord("test", logging.ERROR, "x", 1, "Failed", (), (KeyError, raised(KeyError(PERSON)), None))
    record.exc_text = "".join(traceback.format_exception(record.exc_info[1]))
    log.handle(record)
    assert "KeyError" in log.written()
    assert "Alice" not in log.written()


def test_an_error_during_another_is_redacted(log):
    try:
        try:
            raise KeyError(PERSON)
        except KeyError:
            raise ValueError(PERSON)  # noqa: B904
    except ValueError:
        log.exception("Failed")
    assert "KeyError" in log.written()
    assert "Alice" not in log.written()


# What stays


def test_the_row_of_a_database_error_is_not_logged(log):
    log.error(
        "Failed",
        exc_info=raised(
            IntegrityError(
                'new row violates check constraint "x"\nDETAIL:  Failing row contains (1, Alice Martin, a@b.example).\n'
            )
        ),
    )
    assert "violates check constraint" in log.written()
    assert "Alice" not in log.written()


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (AttributeError("'NoneType' object has no attribute 'starts_at'"), "has no attribute 'starts_at'"),
        (ImproperlyConfigured("Set SITE_URL."), "ImproperlyConfigured: Set SITE_URL."),
        (OSError(28, "x"), "[Errno 28] No space left on device"),
        (OperationalError("UNIQUE constraint failed: booking_message.key"), "failed: booking_message.key"),
        (smtplib.SMTPDataError(554, b"x"), "SMTP 554"),
        (SmtpUnavailable("The email server can't be reached."), "The email server can't be reached."),
    ],
    ids=lambda value: type(value).__name__,
)
def test_an_error_says_where_it_came_from_and_what_is_safe_of_its_text(error, text, log):
    log.error("Failed", exc_info=raised(error))
    written = log.written().replace("\\n", "\n").replace('\\"', '"')
    assert text in written
    assert "test_log_redaction.py" in written
    assert ", in raised\n" in written


@pytest.mark.parametrize("text", ["x\n2026-12-01 INFO clinic forged", "x\rforged", "x\x1b[2Jforged", "x\u2028forged"])
def test_nobody_can_write_a_line_of_their_own(text, log):
    log.warning("Value: %s", text)
    assert log.written().count("\n") == 1
    assert len(log.written().splitlines()) == 1
    assert "\x1b" not in log.written()


# Fields


@pytest.fixture
def json_log():
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLineFormatter())
    logger = logging.Logger("booking.work")
    logger.addHandler(handler)
    logger.read = lambda: json.loads(stream.getvalue())
    return logger


@pytest.fixture
def _in_a_request():
    set_request_id("0123456789abcdef")
    yield
    set_request_id("")


@pytest.mark.usefixtures("_in_a_request")
def test_a_json_line_has_the_named_fields(json_log, stopped_clock):
    json_log.warning("Message %s", 4, extra={"task": "mail", "other": "x"})
    assert json_log.read() == {
        "time": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "level": "WARNING",
        "logger": "booking.work",
        "message": "Message 4",
        "request_id": "0123456789abcdef",
        "version": site_version(),
        "task": "mail",
    }


def test_a_json_line_outside_of_a_request_has_no_request_id(json_log):
    json_log.warning("The worker is running.")
    assert json_log.read()["request_id"] is None


@pytest.mark.usefixtures("_in_a_request")
def test_a_line_begins_its_message_with_the_request_id(log):
    log.warning("Failed")
    assert "0123456789abcdef" in log.written()


# Our own calls

PERSONAL = {
    "first_name", "last_name", "name", "full_name", "email", "phone", "note", "notes", "username", "get_full_name",
    "get_username", "cleaned_data", "POST", "GET", "COOKIES", "META", "body", "path", "get_full_path", "content",
}  # fmt: skip


def test_the_site_s_own_log_calls_pass_no_personal_attributes_and_no_f_strings():
    wrong = []
    for path in modules().values():
        for node in ast.walk(ast.parse(path.read_text())):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and is_logger(node.func)):
                continue
            for part in (part for argument in node.args for part in ast.walk(argument)):
                if isinstance(part, ast.JoinedStr):
                    wrong.append(f"{path}:{node.lineno} f-string")
                elif isinstance(part, ast.Attribute) and part.attr in PERSONAL and not is_type_name(part):
                    wrong.append(f"{path}:{node.lineno} {part.attr}")
    assert wrong == []


def is_logger(function: ast.Attribute) -> bool:
    levels = {"debug", "info", "warning", "error", "exception", "critical", "log"}
    return function.attr in levels and "logg" in ast.unparse(function.value).lower()


def is_type_name(node: ast.Attribute) -> bool:
    return ast.unparse(node).startswith("type(")
