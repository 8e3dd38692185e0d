"""Reports to Sentry or GlitchTip contain no personal data."""

import json
import logging
import sys

import pytest
import sentry_sdk
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from django.urls import path
from sentry_sdk.transport import Transport

from clinic.ops.logs import error_reports
from clinic.ops.version import site_version

DSN = "https://key@errors.example/1"
TOKEN = "aB3-_" * 9
PERSON = {
    "name": "Alice Martin",
    "email": "alice.martin@mail.example",
    "phone": "403-555-0199",
    "notes": "pelvic floor",
}
SECRETS = [*PERSON.values(), "Alice", "pelvic", TOKEN[:10], "203.0.113.9", "SECRETCOOKIE", "leaky", "SecretBrowser"]


def book(request, token):
    """A booking that fails, with the patient's data in local variables, log lines and errors."""
    typed = request.POST.dict()
    logging.getLogger("clinic.test").warning("Booking for %s", typed["name"])
    try:
        typed[typed["email"]]
    except KeyError as error:
        raise ValueError(f"cannot book {typed}") from error


def log_error(request, token):
    logging.getLogger("clinic.test").error("Failed for %s at %s", request.POST.dict(), request.POST["email"])
    raise RuntimeError


urlpatterns = [path("book/<str:token>/", book), path("log/<str:token>/", log_error)]


class Kept(Transport):
    def __init__(self, options=None):
        super().__init__(options)
        self.sent = []

    def capture_envelope(self, envelope):
        self.sent.append(b"".join(item.get_bytes() for item in envelope.items).decode())


@pytest.fixture
def transport():
    kept = Kept()
    error_reports.start_error_reports(DSN, transport=kept)
    yield kept
    sentry_sdk.get_client().close(timeout=0)
    sentry_sdk.get_global_scope().set_client(None)


def post(area):
    client = Client(raise_request_exception=False)
    client.cookies["session"] = "SECRETCOOKIE"
    return client.post(
        f"/{area}/{TOKEN}/?q=leaky", PERSON, REMOTE_ADDR="203.0.113.9",
        headers={"user-agent": "SecretBrowser", "referer": f"https://clinic.example/appointment/{TOKEN}/"},
    )  # fmt: skip


@pytest.mark.django_db
@pytest.mark.urls(__name__)
def test_the_report_of_a_failed_booking_has_the_place_and_no_person(transport):
    response = post("book")
    assert response.status_code == 500
    [text] = transport.sent
    assert [secret for secret in SECRETS if secret in text] == []
    event = json.loads(text)
    assert event["tags"] == {"request_id": response.headers["X-Request-ID"], "version": site_version()}
    assert event["request"]["url"] == event["transaction"] == "/book/{token}/"
    assert [error["type"] for error in event["exception"]["values"]] == ["KeyError", "ValueError"]
    frame = event["exception"]["values"][-1]["stacktrace"]["frames"][-1]
    assert (frame["function"], "vars" in frame) == ("book", False)
    assert "breadcrumbs" not in event
    assert "user" not in event


@pytest.mark.parametrize("address", [f"/appointment/{TOKEN}/oops", f"/appointment/{TOKEN}", f"/{PERSON['name']}"])
def test_the_report_of_an_address_that_matches_no_route_does_not_have_it(transport, address, monkeypatch):
    def fail(*args):
        raise RuntimeError

    monkeypatch.setattr("django.contrib.sessions.middleware.SessionMiddleware.process_request", fail)
    Client(raise_request_exception=False).get(address)
    [text] = transport.sent
    event = json.loads(text)
    assert event["request"]["url"] == event["transaction"] == "unmatched"
    assert address not in text
    assert TOKEN[:10] not in text


@pytest.mark.django_db
@pytest.mark.urls(__name__)
def test_the_report_of_a_log_line_is_redacted(transport):
    post("log")
    assert any("Failed for" in text for text in transport.sent)
    assert [secret for text in transport.sent for secret in SECRETS if secret in text] == []


def test_a_part_that_is_not_listed_is_not_sent():
    event = error_reports.scrub(
        {"user": PERSON, "extra": PERSON, "contexts": PERSON, "message": PERSON["name"], "new": PERSON}, {}
    )
    assert [secret for secret in SECRETS if secret in json.dumps(event)] == []


def test_without_the_package_the_site_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "sentry_sdk", None)
    with pytest.raises(ImproperlyConfigured, match="requirements-full"):
        error_reports.start_error_reports(DSN)


def test_nothing_is_reported_by_default(settings):
    assert settings.SENTRY_DSN == ""
    assert not sentry_sdk.get_client().is_active()
