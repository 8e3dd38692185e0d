"""Malformed input: each value gets a helpful error page, never a 5xx, and stores nothing."""

import unicodedata
from datetime import timedelta
from urllib.parse import quote

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from booking.messages.delivery.send import send_batch
from booking.models import Appointment, Patient
from tests.booking.test_text_cleaning import NAMES
from tests.support.journey import ALICE, book, choose, text_of, type_details

# Slow: hundreds of values, on both databases.
pytestmark = [pytest.mark.prove, pytest.mark.usefixtures("clinic")]


LONG = "9" * 5000

ADDRESSES = [
    ("day=", 200),
    ("day=banana", 400),
    ("day=2026-13-01", 400),
    ("day=2026-02-30", 400),
    ("day=0000-00-00", 400),
    ("day=0001-01-01", 410),
    ("day=2026-11-22", 410),
    ("day=9999-12-31", 404),
    ("day=2027-01-23", 404),
    ("day=20261124", 400),
    ("day=2026-W48-2", 400),
    ("day=%D9%A2%D9%A0%D9%A2%D9%A6-%D9%A1%D9%A1-%D9%A2%D9%A4", 400),
    ("day=2026-11-24%00", 400),
    ("day=2026-11-24%0A", 400),
    ("day=-2026-11-24", 400),
    ("day=" + LONG, 400),
    ("day=2026-11-24&day=2026-12-01", 400),
    ("day[]=2026-11-24", 400),
    ("day[0]=2026-11-24", 400),
    ("from=banana", 200),
    ("from=2026-02-30", 400),
    ("from=2026-11-24&from=2026-12-01", 400),
    ("from=%00", 200),
    ("part=night", 404),
    ("part=morning&part=evening", 400),
    ("language=Klingon", 404),
    ("language=" + LONG, 404),
    ("start=now", 400),
    ("start=2026-11-24", 400),
    ("start=2026-11-24T15:00", 400),
    ("start=2026-11-24T15:00%2B00:00", 400),
    ("start=2026-11-24T25:00Z", 400),
    ("start=2026-11-24T15:00:60Z", 400),
    ("start=0001-01-01T00:00Z", 400),
    ("start=9999-12-31T23:59Z", 400),
    ("start=2199-12-31T23:59Z", 410),
    ("start=2000-01-01T00:00Z", 410),
    ("start=2026-11-24T15:01Z", 410),
    ("start=2026-11-24T15:00:01Z", 410),
    ("start=2026-11-23T15:00Z", 410),
    ("start=1764000000", 400),
    ("start=" + LONG, 400),
    ("start=2026-11-24T15:00Z&start=2026-11-24T15:45Z", 400),
    ("practitioner=nobody", 404),
    ("practitioner=1", 404),
    ("practitioner=-1", 404),
    ("practitioner=steve-hansen%00", 404),
    ("practitioner=%ED%A0%80", 404),
    ("practitioner=%E2%80%AEsteve", 404),
    ("practitioner=' OR 1=1 --", 404),
    ("practitioner=" + LONG, 404),
    ("practitioner[$ne]=x", 400),
    ("location=nowhere", 404),
    ("location=../../etc", 404),
    ("visit=maybe", 400),
    ("visit=NEW", 400),
    ("visit=new&visit=new", 400),
    ("utm_source=a&utm_source=b&%00=%00", 200),
    ("&&&;;==", 200),
]


@pytest.mark.parametrize(("query", "status"), ADDRESSES, ids=[query[:40] for query, _ in ADDRESSES])
def test_malformed_parameters_get_a_helpful_page(client, query, status):
    response = client.get(f"/book/assessment/?{query}")
    assert response.status_code == status
    assert "/book/" in text_of(response)
    assert "403-555-0100" in text_of(response)
    assert not Appointment.objects.exists()


@pytest.mark.parametrize(("query", "status"), ADDRESSES, ids=[query[:40] for query, _ in ADDRESSES])
def test_malformed_parameters_never_fail_the_change_page(client, query, status, clinic):
    book(client)
    response = client.get(f"/appointment/change/?{query}")
    assert response.status_code < 500
    assert Appointment.objects.count() == 1


STARTS = [
    "", "now", "0", "-1", LONG, "2026-11-24", "2026-11-24T15:00", "2026-11-24 15:00Z", "2026-11-24T15:01Z",
    "2026-11-24T15:00:01Z", "2026-11-24T03:00Z", "2026-11-22T15:00Z", "1999-01-01T00:00Z", "2150-01-01T00:00Z",
    "9999-12-31T23:59Z", "0001-01-01T00:00Z", "2026-02-30T15:00Z", "2026-11-24T15:00Z\x00", "2026-11-24T15:00Z\u202e",
    "\ud800", "٢٠٢٦-١١-٢٤T١٥:٠٠Z", "<script>", "2026-11-24T15:00-06:00", "NaN", "[]", "null",
    # 1:30 a.m. in the night when it is ambiguous, and 2:30 a.m. in the night when it does not exist.
    "2026-11-01T07:30Z", "2027-03-14T09:30Z", "2026-11-01T01:30", "2027-03-14T02:30",
    "2026-11-24T15:00z", " 2026-11-24T15:01Z", "2026-11-24T15:00Z 2026-11-24T15:45Z", "2026-11-24T15:00Z nobody",
    "+2026-11-24T15:00Z", "2026-11-24T24:00Z", "2026-11-24T15:00:00.1Z",
    "2026-11-24T15:00Z\u200b", "-9223372036854775809",
]  # fmt: skip


@pytest.mark.parametrize("start", STARTS, ids=[ascii(start)[:30] for start in STARTS])
def test_a_malformed_start_holds_nothing(client, start):
    body = "start=" + quote(start.encode("utf-8", "surrogatepass"))
    response = client.post("/book/assessment/", body, content_type="application/x-www-form-urlencoded")
    assert response.status_code in {409, 422}
    assert not Appointment.objects.exists()


def test_a_repeated_start_holds_nothing(client):
    response = client.post("/book/assessment/", {"start": ["2026-11-24T15:00Z", "2026-11-24T15:45Z"]})
    assert response.status_code == 422
    assert not Appointment.objects.exists()


ANSWERS = [
    ("name", "\x00"),
    ("name", "Alice\x00"),
    ("name", "Alice\r\nBcc: bob@patients.example"),
    ("name", "Alice\u202e"),
    ("name", "Al\u2066ice"),
    ("name", "\u200b"),
    ("name", "\ufffd"),
    ("name", "12345"),
    ("name", "   "),
    ("name", "A" * 121),
    ("name", "A" * 500_000),
    ("preferred_name", "A\x07"),
    ("preferred_name", "A" * 121),
    ("pronouns", "x" * 41),
    ("pronouns", "she\u061cher"),
    ("email", "alice"),
    ("email", "alice@patients.example\nBcc: bob@patients.example"),
    ("email", "a" * 300 + "@patients.example"),
    ("email", "alice@patients"),
    ("email", "<script>@patients.example"),
    ("email", "alice@patients.example\x00"),
    ("email", "alice@@patients.example"),
    ("phone", "0"),
    ("phone", "9" * 39),
    ("phone", "+"),
    ("phone", "tel:4035550123;ext=1"),
    ("phone", "٤٠٣٥٥٥٠١٢٣"),
    ("name", "A" + "\u0301" * 60),
    ("email", "root@localhost"),
    ("email", "alice@[127.0.0.1]"),
    ("name", "call 1-900-555-0100 now"),
    ("phone", "403-555-0123\x00"),
    ("phone", "-4035550123e99"),
    ("date_of_birth", "1980-02-30"),
    ("date_of_birth", "9999-12-31"),
    ("date_of_birth", "0001-01-01"),
    ("date_of_birth", "١٩٨٠-١١-٢٤"),
    ("date_of_birth", "1980-11-24T00:00"),
    ("date_of_birth", "-1"),
    ("date_of_birth", "9" * 4000),
    ("shown", "x" * 5000),
    ("hold", "x" * 5000),
]


@pytest.mark.parametrize(("name", "value"), ANSWERS, ids=[f"{name} {ascii(value)[:30]}" for name, value in ANSWERS])
def test_a_malformed_answer_is_refused_and_not_stored(client, clinic, name, value):
    clinic.assessment.needs_date_of_birth = True
    clinic.assessment.save()
    choose(client)
    response = type_details(client, **{"date_of_birth": "1980-11-24", name: value})
    assert response.status_code in {409, 422}
    assert not Patient.objects.exists()
    assert "answers" not in client.session["booking"]
    assert client.get("/book/check/")["Location"] == "/book/details/"


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_a_name_in_any_script_is_booked_and_used_in_the_mail(client, name):
    book(client, name=name)
    assert Patient.objects.get().name == unicodedata.normalize("NFC", name)
    assert send_batch(now=timezone.now() + timedelta(hours=1), limit=50).parked == 0
    text = " ".join(str(part.get_payload(decode=True), "utf-8") for part in mail.outbox[0].message().walk()
                    if part.get_content_type() == "text/plain")  # fmt: skip
    assert unicodedata.normalize("NFC", name) in text


@pytest.mark.parametrize("method", ["put", "patch", "delete", "options"])
@pytest.mark.parametrize("address", ["/book/", "/book/assessment/", "/book/details/", "/book/check/", "/appointment/"])
def test_other_methods_are_not_allowed(client, method, address):
    assert getattr(client, method)(address).status_code == 405


@pytest.mark.parametrize("slug", ["x" * 3000, "dry needling", "dry%00needling", "%F0%9F%92%89", "..%2F..%2Fetc", "-1"])
def test_a_malformed_slug_is_not_found(client, slug):
    assert client.get(f"/book/{slug}/").status_code == 404


def test_markup_in_answers_is_escaped(client):
    choose(client)
    type_details(client, name="<b>Alice</b> {{ 7*7 }}")
    page = text_of(client.get("/book/check/"))
    assert "&lt;b&gt;Alice&lt;/b&gt; {{ 7*7 }}" in page
    assert "<b>Alice" not in page


def test_unknown_form_fields_are_ignored(client):
    choose(client)
    assert (
        type_details(client, **{"name[]": "Bob", "is_staff": "1", "patient": "1", "status": "fulfilled"}).status_code
        == 302
    )
    assert client.session["booking"]["answers"]["name"] == ALICE["name"]


COOKIES = [
    ("session", '"\\000aaaaaaaa"'),
    ("session", '"aaaaaaaa\\000"'),
    ("session", "A" * 32),
    ("session", "a" * 65),
    ("session", "a" * 5000),
    ("session", "../../etc/passwd"),
    ("session", '"\\331\\240"'),
    ("session", ""),
    ("csrf", '"\\000aaaaaaaa"'),
    ("csrf", "a" * 129),
    ("csrf", "<script>"),
]


@pytest.mark.parametrize(("name", "value"), COOKIES, ids=[f"{name} {value[:20]}" for name, value in COOKIES])
@pytest.mark.parametrize("address", ["/book/assessment/", "/book/details/", "/appointment/", "/staff/login/"])
def test_a_malformed_cookie_is_treated_as_absent(client, address, name, value):
    headers = {"cookie": f"{name}={value}"}
    assert client.get(address, headers=headers).status_code == Client().get(address).status_code < 500
    assert client.post(address, {"start": "x"}, headers=headers).status_code < 500


def test_valid_cookies_are_accepted():
    client = Client(enforce_csrf_checks=True)
    token = client.get("/book/assessment/?visit=new").context["csrf_token"]
    sent = {"start": "2026-11-24T15:00Z", "csrfmiddlewaretoken": str(token)}
    assert client.post("/book/assessment/?visit=new", sent).status_code == 302
    assert client.get("/book/details/").status_code == 200
