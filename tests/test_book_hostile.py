"""Values nobody means: each gets a page that helps, never a 5xx, and leaves nothing behind."""

import unicodedata
from datetime import timedelta
from urllib.parse import quote

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from booking.messages.sending import send_batch
from booking.models import Appointment, Patient
from tests.journey import ALICE, book, choose, make_small_clinic, text_of, type_details
from tests.test_text import NAMES

# Hundreds of them, on both databases: a long proof.
pytestmark = pytest.mark.prove


@pytest.fixture(autouse=True)
def clinic(db, stopped_clock):
    return make_small_clinic()


LONG = "9" * 5000

ADDRESSES = [
    ("from=", 200),
    ("from=banana", 400),
    ("from=2026-13-01", 400),
    ("from=2026-02-30", 400),
    ("from=0000-00-00", 400),
    ("from=0001-01-01", 410),
    ("from=2026-11-22", 410),
    ("from=9999-12-31", 404),
    ("from=2027-01-23", 404),
    ("from=20261124", 400),
    ("from=2026-W48-2", 400),
    ("from=%D9%A2%D9%A0%D9%A2%D9%A6-%D9%A1%D9%A1-%D9%A2%D9%A4", 400),
    ("from=2026-11-24%00", 400),
    ("from=2026-11-24%0A", 400),
    ("from=-2026-11-24", 400),
    ("from=" + LONG, 400),
    ("from=2026-11-24&from=2026-12-01", 400),
    ("from[]=2026-11-24", 400),
    ("from[0]=2026-11-24", 400),
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
def test_a_hostile_address_gets_a_page_that_helps(client, query, status):
    response = client.get(f"/book/assessment/?{query}")
    assert response.status_code == status
    assert "/book/" in text_of(response)
    assert "(403) 555-0100" in text_of(response)
    assert not Appointment.objects.exists()


@pytest.mark.parametrize(("query", "status"), ADDRESSES, ids=[query[:40] for query, _ in ADDRESSES])
def test_a_hostile_address_helps_with_moving_a_visit_too(client, query, status, clinic):
    book(client)
    response = client.get(f"/appointment/change/?{query}")
    assert response.status_code < 500
    assert Appointment.objects.count() == 1


STARTS = [
    "", "now", "0", "-1", LONG, "2026-11-24", "2026-11-24T15:00", "2026-11-24 15:00Z", "2026-11-24T15:01Z",
    "2026-11-24T15:00:01Z", "2026-11-24T03:00Z", "2026-11-22T15:00Z", "1999-01-01T00:00Z", "2150-01-01T00:00Z",
    "9999-12-31T23:59Z", "0001-01-01T00:00Z", "2026-02-30T15:00Z", "2026-11-24T15:00Z\x00", "2026-11-24T15:00Z\u202e",
    "\ud800", "٢٠٢٦-١١-٢٤T١٥:٠٠Z", "<script>", "2026-11-24T15:00-06:00", "NaN", "[]", "null",
    # Half past one in the night when many clocks show it twice, and half past two in one when they skip it.
    "2026-11-01T07:30Z", "2027-03-14T09:30Z", "2026-11-01T01:30", "2027-03-14T02:30",
    "2026-11-24T15:00z", " 2026-11-24T15:01Z", "2026-11-24T15:00Z 2026-11-24T15:45Z", "2026-11-24T15:00Z steve-hansen",
    "+2026-11-24T15:00Z", "2026-11-24T24:00Z", "2026-11-24T15:00:00.1Z",
    "2026-11-24T15:00Z\u200b", "-9223372036854775809",
]  # fmt: skip


@pytest.mark.parametrize("start", STARTS, ids=[ascii(start)[:30] for start in STARTS])
def test_a_hostile_start_holds_nothing(client, start):
    body = "start=" + quote(start.encode("utf-8", "surrogatepass"))
    response = client.post("/book/assessment/", body, content_type="application/x-www-form-urlencoded")
    assert response.status_code in {409, 422}
    assert not Appointment.objects.exists()


def test_two_starts_at_once_hold_nothing(client):
    response = client.post("/book/assessment/", {"start": ["2026-11-24T15:00Z", "2026-11-24T15:45Z"]})
    assert response.status_code == 422
    assert not Appointment.objects.exists()


ANSWERS = [
    ("name", "\x00"),
    ("name", "Alice\x00"),
    ("name", "Alice\r\nBcc: bob@patients.example"),
    ("name", "Alice\u202e"),
    ("name", "Alice\u2066"),
    ("name", "\u200b"),
    ("name", "\ufffd"),
    ("name", "12345"),
    ("name", "   "),
    ("name", "A" * 121),
    ("name", "A" * 500_000),
    ("preferred_name", "A\x07"),
    ("preferred_name", "A" * 121),
    ("pronouns", "x" * 41),
    ("pronouns", "\u061c"),
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
    ("phone", "４０３５５５０１２３"),
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
def test_a_hostile_answer_is_refused_and_stored_nowhere(client, clinic, name, value):
    clinic.assessment.needs_date_of_birth = True
    clinic.assessment.save()
    choose(client)
    response = type_details(client, **{"date_of_birth": "1980-11-24", name: value})
    assert response.status_code in {409, 422}
    assert not Patient.objects.exists()
    assert "answers" not in client.session["booking"]
    assert client.get("/book/check/")["Location"] == "/book/details/"


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_a_real_name_in_any_script_is_booked_and_written_to(client, name):
    book(client, name=name)
    assert Patient.objects.get().name == unicodedata.normalize("NFC", name)
    assert send_batch(now=timezone.now() + timedelta(hours=1), limit=50).parked == 0
    told = " ".join(str(part.get_payload(decode=True), "utf-8") for part in mail.outbox[0].message().walk()
                    if part.get_content_type() == "text/plain")  # fmt: skip
    assert unicodedata.normalize("NFC", name) in told


@pytest.mark.parametrize("method", ["put", "patch", "delete", "options"])
@pytest.mark.parametrize("address", ["/book/", "/book/assessment/", "/book/details/", "/book/check/", "/appointment/"])
def test_other_methods_are_not_allowed(client, method, address):
    assert getattr(client, method)(address).status_code == 405


@pytest.mark.parametrize("slug", ["x" * 3000, "dry needling", "dry%00needling", "%F0%9F%92%89", "..%2F..%2Fetc", "-1"])
def test_a_hostile_service_is_not_found(client, slug):
    assert client.get(f"/book/{slug}/").status_code == 404


def test_text_that_looks_like_markup_is_shown_as_text(client):
    choose(client)
    type_details(client, name="<b>Alice</b> {{ 7*7 }}")
    page = text_of(client.get("/book/check/"))
    assert "&lt;b&gt;Alice&lt;/b&gt; {{ 7*7 }}" in page
    assert "<b>Alice" not in page


def test_keys_with_brackets_and_strangers_are_passed_over(client):
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
def test_a_hostile_cookie_is_as_good_as_none(client, address, name, value):
    headers = {"cookie": f"{name}={value}"}
    assert client.get(address, headers=headers).status_code == Client().get(address).status_code < 500
    assert client.post(address, {"start": "x"}, headers=headers).status_code < 500


def test_our_own_cookies_are_kept():
    client = Client(enforce_csrf_checks=True)
    token = client.get("/book/assessment/?visit=new").context["csrf_token"]
    sent = {"start": "2026-11-24T15:00Z", "csrfmiddlewaretoken": str(token)}
    assert client.post("/book/assessment/?visit=new", sent).status_code == 302
    assert client.get("/book/details/").status_code == 200
