"""Rule: while the database is away, full or read-only, every page is a 503 that says what to do. Bugs stay 500s."""

import errno
import logging
import sqlite3
from io import BytesIO
from types import SimpleNamespace
from urllib.parse import urlencode

import psycopg
import pytest
from django.contrib.sessions.middleware import SessionMiddleware
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.handlers.exception import convert_exception_to_response
from django.db import DatabaseError, DataError, IntegrityError, InterfaceError, OperationalError, ProgrammingError
from django.db.transaction import TransactionManagementError
from django.http import HttpResponse
from django.test import Client, RequestFactory
from PIL import Image

from booking import site_context
from booking.models import Clinic
from clinic.ops import error_page
from clinic.ops.outages import Outage, OutageLog, StoreUnavailable, outage_of
from content.models import Picture
from tests.support import factories

PAGE = "Online booking is down just now"
OWN = {"Origin": "http://testserver"}


def because(error, cause):
    error.__cause__ = cause
    return error


def from_sqlite(kind, code):
    cause = sqlite3.OperationalError("the text")
    cause.sqlite_errorcode = code
    return because(kind("the text"), cause)


def from_postgresql(kind, name):
    return because(kind("the text"), getattr(psycopg.errors, name)("the text"))


OUTAGES = {
    "no connection": (because(OperationalError(), psycopg.OperationalError("refused")), Outage.AWAY),
    "connection closed": (InterfaceError("connection already closed"), Outage.AWAY),
    "too many connections": (from_postgresql(OperationalError, "TooManyConnections"), Outage.AWAY),
    "no memory": (from_postgresql(OperationalError, "OutOfMemory"), Outage.AWAY),
    "shut down": (from_postgresql(OperationalError, "AdminShutdown"), Outage.AWAY),
    "starting": (from_postgresql(OperationalError, "CannotConnectNow"), Outage.AWAY),
    "disk full": (from_postgresql(OperationalError, "DiskFull"), Outage.FULL),
    "standby": (from_postgresql(DatabaseError, "ReadOnlySqlTransaction"), Outage.READ_ONLY),
    "SQLite locked": (from_sqlite(OperationalError, sqlite3.SQLITE_BUSY_SNAPSHOT), Outage.AWAY),
    "SQLite full": (from_sqlite(OperationalError, sqlite3.SQLITE_FULL), Outage.FULL),
    "SQLite read-only": (from_sqlite(OperationalError, sqlite3.SQLITE_READONLY_DIRECTORY), Outage.READ_ONLY),
    "SQLite unreadable": (from_sqlite(OperationalError, sqlite3.SQLITE_CANTOPEN), Outage.AWAY),
    "SQLite damaged": (from_sqlite(DatabaseError, sqlite3.SQLITE_CORRUPT), Outage.AWAY),
    "no space for a file": (OSError(errno.ENOSPC, "No space left on device"), Outage.FULL),
    "read-only disk": (OSError(errno.EROFS, "Read-only file system"), Outage.READ_ONLY),
    "later in the transaction": (
        because(TransactionManagementError(), from_sqlite(OperationalError, sqlite3.SQLITE_FULL)),
        Outage.FULL,
    ),
}
BUGS = {
    "constraint": from_postgresql(IntegrityError, "UniqueViolation"),
    "bad SQL": from_postgresql(ProgrammingError, "SyntaxError"),
    "missing table": from_postgresql(ProgrammingError, "UndefinedTable"),
    "missing table in SQLite": from_sqlite(OperationalError, sqlite3.SQLITE_ERROR),
    "constraint in SQLite": from_sqlite(IntegrityError, sqlite3.SQLITE_CONSTRAINT_UNIQUE),
    "deadlock": from_postgresql(OperationalError, "DeadlockDetected"),
    "lock timeout": from_postgresql(OperationalError, "LockNotAvailable"),
    "lock within the process": from_sqlite(OperationalError, sqlite3.SQLITE_LOCKED),
    "value": DataError("value too long"),
    "transaction": TransactionManagementError("not in an atomic block"),
    "missing file": FileNotFoundError(errno.ENOENT, "No such file"),
    "anything": ValueError("a bug"),
}


@pytest.mark.parametrize("name", OUTAGES)
def test_an_outage_is_recognised_by_its_code(name):
    error, outage = OUTAGES[name]
    assert outage_of(error) == outage


@pytest.mark.parametrize("name", BUGS)
def test_a_bug_is_no_outage(name):
    assert outage_of(BUGS[name]) is None


@pytest.fixture
def log(monkeypatch):
    """A log of outages whose minute ends when a test says so."""
    log = OutageLog()
    monkeypatch.setattr("clinic.web.errors.unavailable.outage_log", log)
    monkeypatch.setattr("clinic.web.page_cache.outage_log", log)
    yield log
    log.report()
    log.report()


@pytest.fixture
def fails(monkeypatch, log):
    """Let every query fail with an error, without a database."""

    def fail_with(error):
        def fail(*args, **kwargs):
            raise error

        for name in ("cursor", "ensure_connection", "connect"):
            monkeypatch.setattr(f"django.db.backends.base.base.BaseDatabaseWrapper.{name}", fail)

    return fail_with


@pytest.fixture
def visitor():
    return Client(raise_request_exception=False)


@pytest.mark.parametrize(
    "address", ["/", "/book/", "/contact/", "/book/dry-needling/", "/appointment/" + "A" * 43 + "/"]
)
def test_a_public_page_is_503_with_what_to_do(visitor, fails, address):
    fails(OperationalError("refused"))
    response = visitor.get(address)
    assert response.status_code == 503
    assert int(response["Retry-After"]) > 0
    assert response["Cache-Control"] == "no-store"
    html = response.content.decode()
    assert PAGE in html
    assert "Your booking was not changed" in html
    assert "Call the clinic" in html  # Nothing is known of it.
    assert f'href="{address}"' in html


def test_a_bug_stays_a_500_with_the_phone_number_and_a_traceback(visitor, fails, caplog, kept_page):
    fails(ProgrammingError("no such table"))
    response = visitor.get("/book/")
    assert response.status_code == 500
    assert "Retry-After" not in response
    assert 'href="tel:+1-403-555-0100"' in response.content.decode()
    assert caplog.records[-1].exc_info


CLINIC = {"name": "Dana & Steve's Physio", "phone": "+14035550100"}


@pytest.fixture
def kept_page(settings, tmp_path):
    """The error page in VAR_DIR, as the worker writes it."""
    settings.VAR_DIR = tmp_path
    (tmp_path / error_page.FILE_NAME).write_text(error_page.render_error_page(Clinic(**CLINIC)))


def test_the_phone_number_comes_from_what_the_process_read_last(visitor, fails, monkeypatch, kept_page):
    known = SimpleNamespace(clinic=Clinic(name="As read", phone="+14035550177"))
    monkeypatch.setattr(site_context, "_cache", known)
    fails(OperationalError("refused"))
    html = visitor.get("/book/").content.decode()
    assert 'href="tel:+1-403-555-0177"' in html
    assert "As read" in html
    assert "0100" not in html


def test_else_it_comes_from_the_kept_error_page(visitor, fails, kept_page):
    fails(OperationalError("refused"))
    html = visitor.get("/book/").content.decode()
    assert 'href="tel:+1-403-555-0100"' in html
    assert "403-555-0100</a>" in html
    assert html.count("Dana &amp; Steve&#x27;s Physio") == 2  # The title, and the head's link.


@pytest.mark.django_db
def test_a_database_that_is_only_full_is_asked_for_it(visitor, monkeypatch, log):
    factories.make_clinic(**CLINIC)
    monkeypatch.setattr(site_context, "_cache", None)

    def fail(*args, **kwargs):
        raise OUTAGES["SQLite full"][0]

    monkeypatch.setattr("booking.views.book.times.slot_page_for_service", fail)
    response = visitor.get("/book/assessment/")
    assert response.status_code == 503
    assert 'href="tel:+1-403-555-0100"' in response.content.decode()


def test_a_last_resort_is_there_when_the_error_view_fails(fails, kept_page, monkeypatch, caplog):
    import clinic.wsgi

    def fail(*args):
        raise ValueError("a bug in the error view")

    monkeypatch.setattr("clinic.web.errors.unavailable.known_contact", fail)
    fails(OperationalError("refused"))
    started = []
    environ = RequestFactory().get("/book/").environ
    body = b"".join(clinic.wsgi.application(environ, lambda *args: started.append(args)))
    assert started[0][0].startswith("500 ")
    assert b"403-555-0100" in body


# Forms

FORM = "application/x-www-form-urlencoded"
TYPED = {"name": "Alice <b>", "message": 'May I bring\n"Rex"?', "csrfmiddlewaretoken": "x" * 32}


def test_what_was_typed_can_be_sent_again(visitor, fails):
    visitor.cookies["csrf"] = "a" * 32
    fails(OperationalError("refused"))
    html = visitor.post("/contact/", urlencode(TYPED), content_type=FORM, headers=OWN).content.decode()
    assert "What you sent was not saved" in html
    assert 'action="/contact/"' in html
    assert 'name="name" value="Alice &lt;b&gt;"' in html
    assert html.count("csrfmiddlewaretoken") == 1


@pytest.mark.parametrize(
    ("headers", "typed", "cookie"),
    [
        ({"Origin": "https://evil.example"}, TYPED, "a" * 32),
        (OWN, TYPED | {"password": "correct horse"}, "a" * 32),
        (OWN, TYPED, None),
    ],
    ids=["another site", "password", "no cookie"],
)
def test_else_the_page_says_how_to_go_back(visitor, fails, headers, typed, cookie):
    if cookie:
        visitor.cookies["csrf"] = cookie
    fails(OperationalError("refused"))
    response = visitor.post("/contact/", urlencode(typed), content_type=FORM, headers=headers)
    html = response.content.decode()
    assert response.status_code == 503
    assert "Rex" not in html
    assert "correct horse" not in html
    assert "back button" in html


def test_a_session_outlives_an_outage(visitor, fails):
    visitor.cookies["session"] = "a" * 32
    fails(OperationalError("refused"))
    response = visitor.get("/book/details/")
    assert (response.status_code, "session" in response.cookies) == (503, False)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("error", "status"),
    [(from_postgresql(OperationalError, "AdminShutdown"), 503), (DatabaseError("No row was updated"), 400)],
    ids=["outage", "logged out meanwhile"],
)
def test_a_session_that_cannot_be_saved_is_503_in_an_outage(visitor, log, monkeypatch, caplog, error, status):
    """Django says SessionInterrupted, which is a 400, in both cases."""
    session = visitor.session
    session["step"] = "times"
    session.save()

    def fail(*args, **kwargs):
        raise error

    monkeypatch.setattr("django.contrib.sessions.models.Session.save", fail)
    request = RequestFactory().get("/book/details/")
    request.COOKIES = {name: morsel.value for name, morsel in visitor.cookies.items()}
    response = convert_exception_to_response(SessionMiddleware(change_session))(request)
    assert response.status_code == status
    assert ("Retry-After" in response) == (status == 503)
    if status == 503:
        assert lines(caplog) == ["The database does not answer (57P01). Requests are answered with 503."]


def change_session(request):
    request.session["step"] = "details"
    return HttpResponse()


# Staff


@pytest.mark.parametrize("address", ["/desk/", "/admin/", "/staff/login/"])
def test_staff_read_what_to_do_meanwhile(visitor, fails, address):
    visitor.cookies["session"] = "a" * 32
    fails(OperationalError("refused"))
    response = visitor.get(address)
    html = response.content.decode()
    if address == "/staff/login/" and response.status_code == 200:
        pytest.skip("The form needs no database.")
    assert response.status_code == 503
    assert "Write down on paper" in html
    assert "Your booking" not in html


def test_the_desks_script_gets_a_line_and_a_status(visitor, fails):
    visitor.cookies["session"] = "a" * 32
    fails(OperationalError("refused"))
    response = visitor.get("/desk/", headers={"HX-Request": "true"})
    assert (response.status_code, response.content) == (503, b"The database does not answer.\n")


def test_the_desks_pages_have_the_words_for_it(admin_client):
    factories.make_location()
    assert "data-away=" in admin_client.get("/desk/").content.decode()


def test_a_full_disk_keeps_the_offices_frame(admin_client, monkeypatch, log):
    clinic = factories.make_clinic()

    def fail(*args, **kwargs):
        raise OUTAGES["SQLite full"][0]

    admin_client.raise_request_exception = False
    monkeypatch.setattr("django.contrib.admin.ModelAdmin.get_object", fail)
    response = admin_client.post(f"/admin/booking/clinic/{clinic.pk}/change/", {})
    html = response.content.decode()
    assert (response.status_code, 'id="logout-form"' in html) == (503, True)
    assert "Nothing was saved" in html
    assert "full or read-only" in html


def test_an_upload_while_the_store_is_away_says_to_try_again(admin_client, monkeypatch, log):
    def refuse(*args, **kwargs):
        raise StoreUnavailable("The object store does not answer (EndpointConnectionError).")

    monkeypatch.setattr("django.core.files.storage.FileSystemStorage.save", refuse)
    content = BytesIO()
    Image.new("RGB", (400, 300), "navy").save(content, "PNG")
    picture = SimpleUploadedFile("room.png", content.getvalue(), "image/png")
    admin_client.raise_request_exception = False
    response = admin_client.post(
        "/admin/content/picture/add/", {"title": "A room", "image": picture, "focal_x": 50, "focal_y": 50}
    )
    assert response.status_code == 503
    html = response.content.decode()
    assert "Pictures can&#x27;t be saved just now" in html
    assert "Choose the picture again in a few minutes" in html
    assert not Picture.objects.exists()


# The log


def test_an_outage_is_a_line_a_minute(visitor, fails, log, caplog):
    fails(from_postgresql(OperationalError, "AdminShutdown"))
    for _ in range(5):
        visitor.get("/book/")
    first = "The database does not answer (57P01). Requests are answered with 503."
    assert lines(caplog) == [first]
    log.report()
    visitor.get("/book/")
    assert lines(caplog)[1:] == ["The database does not answer (57P01). Requests refused in the last minute: 5."]
    log.report()
    log.report()
    assert len(lines(caplog)) == 3  # The outage is over.
    visitor.get("/book/")
    assert lines(caplog)[3:] == [first]
    assert all(record.exc_info is None for record in caplog.records)


def test_the_log_does_not_say_what_the_error_says(visitor, fails, caplog):
    fails(OperationalError('connection to "10.0.0.7" failed for user "alice"'))
    visitor.get("/book/?name=alice")
    assert "alice" not in caplog.text


def lines(caplog):
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
