"""Malformed and hostile requests: each gets a page or a 4xx status, never a 5xx, and stores nothing."""

import base64
import io
from urllib.parse import urlencode

import pytest
from django.core import signals
from django.db import close_old_connections
from django.test import Client

from booking.models import Appointment, Message, Patient
from clinic.wsgi import application
from tests.support.content_factories import make_page
from tests.support.journey import ALICE, choose, make_small_clinic, type_details

FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=x"
PAGES = ["/book/assessment/?visit=new", "/book/details/", "/book/check/", "/contact/", "/staff/login/"]

# Hundreds of cases.
pytestmark = pytest.mark.prove


@pytest.fixture(autouse=True)
def clinic(db, stopped_clock):
    make_page(kind="contact", title="Contact")
    return make_small_clinic()


def part(disposition, *, headers="", body=b"no time"):
    head = f"--x\r\nContent-Disposition: form-data; {disposition}\r\n{headers}\r\n".encode("latin-1")
    return head + body + b"\r\n--x--\r\n"


BODIES = {
    "no body": (FORM, b""),
    "no type": ("", b"start=2026-11-24T15:00Z"),
    "JSON": ("application/json", b'{"start": "2026-11-24T15:00Z"}'),
    "plain text": ("text/plain", b"start=2026-11-24T15:00Z"),
    "bytes that are no UTF-8": (FORM, b"start=%FF%FE&name=\xff\xfe"),
    "overlong UTF-8": (FORM, b"start=%C0%80&name=%E0%80%AF"),
    "lone surrogates": (FORM, b"start=%ED%A0%80&name=%ED%BF%BF"),
    "half a percent escape": (FORM, b"start=%&name=%0&message=%zz"),
    "NUL in a key": (FORM, b"start%00=1&%00name=Alice"),
    "UTF-16": (FORM, "start=1&name=Alice".encode("utf-16")),
    "2,000 fields": (FORM, "&".join(f"field{n}=1" for n in range(2000)).encode()),
    "2,000 times one field": (FORM, b"&".join([b"start=2026-11-24T15:00Z"] * 2000)),
    "5,000 fields": (FORM, "&".join(f"field{n}=1" for n in range(5000)).encode()),
    "a key of 100,000 characters": (FORM, b"k" * 100_000 + b"=1"),
    "a value of 900,000 characters": (FORM, b"start=" + b"9" * 900_000),
    "three megabytes": (FORM, b"start=" + b"9" * 3_000_000),
    "deep brackets": (FORM, b"start" + b"[x]" * 5000 + b"=1"),
    "only separators": (FORM, b"&=&;" * 20_000),
    "multipart without boundary": ("multipart/form-data", b"start=1"),
    "multipart with an endless boundary": ("multipart/form-data; boundary=" + "x" * 5000, b"start=1"),
    "multipart that ends early": (MULTIPART, b'--x\r\nContent-Disposition: form-data; name="start"\r\n'),
    "multipart with no parts": (MULTIPART, b"--x--\r\n"),
    "multipart part without a name": (MULTIPART, part("")),
    "multipart with bad base64": (MULTIPART, part('name="start"', headers="Content-Transfer-Encoding: base64\r\n")),
    "multipart with a file for a field": (MULTIPART, part('name="start"; filename="a.txt"')),
    "multipart with a path for a file name": (MULTIPART, part('name="name"; filename="../../etc/passwd"')),
    "multipart with three megabytes": (MULTIPART, part('name="start"', body=b"9" * 3_000_000)),
    "multipart with 500 files": (MULTIPART, part('name="f"; filename="f"').replace(b"--x--", b"--x") * 500),
    "multipart name in no codec": (MULTIPART, part("name*=nonsense''%41")),
    "multipart name in a codec for bytes": (MULTIPART, part("name*=base64''%41")),
    "multipart name in a codec that fails": (MULTIPART, part("name*=undefined''%ff")),
    "multipart name in IDNA": (MULTIPART, part("name*=idna''%ff")),
    "multipart name in half characters": (MULTIPART, part("name*=unicode_escape''%5cud800")),
    "multipart name in two halves": (MULTIPART, part('name*0="sta"; name*1="rt"')),
}


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize(("content_type", "body"), BODIES.values(), ids=BODIES)
def test_a_hostile_body_stores_nothing(client, page, content_type, body):
    response = client.generic("POST", page, body, content_type=content_type)
    assert 400 <= response.status_code < 500 or (page == "/staff/login/" and response.status_code == 200)
    assert_nothing_is_stored()


def test_only_staff_can_upload_files(client, admin_client):
    body = part('name="picture"; filename="a.png"', body=b"9" * 2_000_000)
    for page in PAGES:
        assert client.generic("POST", page, body, content_type=MULTIPART).status_code == 413
    page = "/admin/content/picture/add/"
    assert client.generic("POST", page, body, content_type=MULTIPART).status_code == 413
    assert admin_client.generic("POST", page, body, content_type=MULTIPART).status_code == 200


def test_a_staff_login_uploads_only_after_its_second_factor_is_set_up(admin_client, settings):
    settings.STAFF_SECOND_FACTOR = True
    body = part('name="picture"; filename="a.png"', body=b"9" * 2_000_000)
    for page in (*PAGES, "/admin/content/picture/add/"):
        assert admin_client.generic("POST", page, body, content_type=MULTIPART).status_code == 413


CODECS = [
    "base64", "rot13", "hex", "zlib", "bz2", "quopri", "uu", "unicode_escape", "raw_unicode_escape", "utf-7", "utf-16",
    "utf-32", "idna", "punycode", "undefined", "latin-1", "cp037", "utf-8-sig", "nonsense", "x" * 5000,
    "utf-8; charset=hex",
]  # fmt: skip


@pytest.mark.parametrize("kind", [FORM, MULTIPART, "text/html"])
@pytest.mark.parametrize("codec", CODECS, ids=[codec[:20] for codec in CODECS])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_other_charsets_than_utf_8_are_refused(method, kind, codec):
    """Django would decode the query and the form with any Python codec that a request names."""
    body = b"start=%ED%A0%80" if kind == FORM else part('name="start"', body=b"\\ud800\xff")
    content_type = f"{kind}; charset={codec}"
    assert wsgi_status(method, "/book/assessment/", "visit=new&x=%FF", body, content_type) == "400 Bad Request"
    assert_nothing_is_stored()


@pytest.mark.parametrize(
    "content_type",
    ["text/plain; charset*=base64''%41", "text/plain; charset*=nonsense''%41",
     "multipart/form-data; boundary*=hex''%41",
     "multipart/form-data; boundary=\xff", "x", "/", ";;;", "text/plain; charset", "\xff\xfe"],
)  # fmt: skip
def test_a_content_type_that_no_browser_sends_is_refused(content_type):
    assert wsgi_status("POST", "/contact/", "", b"name=Alice", content_type) == "400 Bad Request"


@pytest.mark.parametrize(
    "content_type",
    [FORM, FORM + ";charset=UTF-8", FORM + '; charset="utf-8"', FORM + "; charset=utf8", "TEXT/HTML; Charset=Utf-8",
     "multipart/form-data; boundary=----WebKitFormBoundary7MA4YWxkTrZu0gW", 'multipart/form-data; boundary="a/b"', ""],
)  # fmt: skip
def test_content_types_of_browsers_are_accepted(content_type):
    assert wsgi_status("GET", "/book/", "", b"", content_type) == "200 OK"


def wsgi_status(method, path, query, body, content_type, **headers):
    """Call the WSGI application directly, because Django's test client does not use clinic/wsgi.py."""
    statuses = []
    environ = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "CONTENT_TYPE": content_type,
        "CONTENT_LENGTH": str(len(body)),
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "testserver",
        "REMOTE_ADDR": "203.0.113.9",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": io.StringIO(),
        "wsgi.url_scheme": "http",
    }
    signals.request_started.disconnect(close_old_connections)  # It would end the test's transaction.
    try:
        list(application(environ | headers, lambda status, headers: statuses.append(status)))
    finally:
        signals.request_started.connect(close_old_connections)
    return statuses[0]


@pytest.mark.parametrize("length", ["-1", "abc", "99999999999999999999", "1e3", "", "１０"], ids=ascii)
def test_an_invalid_content_length_is_a_client_error(length):
    status = wsgi_status("POST", "/contact/", "", b"name=Alice", FORM, CONTENT_LENGTH=length)
    assert 400 <= int(status[:3]) < 500


PATHS = [
    "/book/%00/", "/book/assessment%00/", "/book/%0d%0aSet-Cookie:x=1/", "/%ff%fe/", "/book/%ed%a0%80/",
    "/book/%C0%AF/",
    "/book//", "/book/../admin/", "/book/assessment/%2e%2e/", "/appointment/%00/",
    "/appointment/" + "A" * 5000 + "/", "/appointment/" + "A" * 42 + "%0a/", "/appointment/-1/", "/appointment/1/",
    "/appointment/%D9%A1/", "/book/99999999999999999999999999/", "/book/safety/%E2%80%AE/", "/team/%00/",
    "/treatments/%F0/",
    "/media/..%2f..%2fetc/passwd", "/media/%00", "/.env", "/book/assessment;jsessionid=1/",
    "/waitlist/" + "A" * 43 + "/",
    "/calendar/" + "A" * 43 + ".ics", "/preview/" + "A" * 43 + "/",
]  # fmt: skip


@pytest.mark.parametrize("path", PATHS, ids=[path[:40] for path in PATHS])
@pytest.mark.parametrize("method", ["get", "head", "post"])
def test_a_hostile_path_is_a_client_error(client, method, path):
    response = getattr(client, method)(path)
    assert response.status_code in {301, 400, 403, 404, 405, 410}
    assert "evil.example" not in response.get("Location", "")
    assert_nothing_is_stored()


METHODS = ["PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "CONNECT", "POST2", "\u0130"]


@pytest.mark.parametrize("page", [*PAGES[:4], "/book/", "/appointment/", "/appointment/cancel/", "/"])
@pytest.mark.parametrize("method", METHODS, ids=ascii)
def test_an_unsupported_method_is_refused(client, page, method):
    assert client.generic(method, page).status_code == 405
    assert_nothing_is_stored()


HEADERS = {
    "a forged host": ({"HTTP_HOST": "evil.example"}, 400),
    "a host with a port that is none": ({"HTTP_HOST": "testserver:99999999"}, None),
    "a host with a line break": ({"HTTP_HOST": "testserver\r\nX: 1"}, 400),
    "a host with a path": ({"HTTP_HOST": "testserver/evil"}, 400),
    "a host with a user": ({"HTTP_HOST": "testserver@evil.example"}, 400),
    "an empty host": ({"HTTP_HOST": ""}, 400),
    "a host in other scripts": ({"HTTP_HOST": "tеstserver"}, 400),
    "a forwarded host": ({"HTTP_X_FORWARDED_HOST": "evil.example"}, 200),
    "a forwarded scheme": ({"HTTP_X_FORWARDED_PROTO": "https"}, 200),
    "a forwarded port": ({"HTTP_X_FORWARDED_PORT": "31337"}, 200),
    "a forwarded path": ({"HTTP_X_ORIGINAL_URL": "/admin/", "HTTP_X_REWRITE_URL": "/admin/"}, 200),
    "a forwarded address": ({"HTTP_X_FORWARDED_FOR": "127.0.0.1"}, 200),
    "a thousand forwarded addresses": ({"HTTP_X_FORWARDED_FOR": ", ".join(["127.0.0.1"] * 1000)}, 200),
    "a forwarded address that is none": ({"HTTP_X_FORWARDED_FOR": "\x00, ' OR 1=1"}, 200),
    "the standard's header": ({"HTTP_FORWARDED": "for=127.0.0.1;host=evil.example;proto=https"}, 200),
    "another method in a header": ({"HTTP_X_HTTP_METHOD_OVERRIDE": "DELETE"}, 200),
    "languages without end": ({"HTTP_ACCEPT_LANGUAGE": "en," * 5000}, 200),
    "a language that is a path": ({"HTTP_ACCEPT_LANGUAGE": "../../etc/passwd"}, 200),
    "a date that is none": ({"HTTP_IF_MODIFIED_SINCE": "Xxx, 99 Xxx 99999 99:99:99 GMT"}, 200),
    "ranges without end": ({"HTTP_RANGE": "bytes=" + "0-," * 5000}, 200),
    "a login in a header": ({"HTTP_AUTHORIZATION": "Basic " + base64.b64encode(b"\xff:\x00").decode()}, 200),
    "a cookie without end": ({"HTTP_COOKIE": "a=" + "b" * 20_000}, 200),
    "a thousand cookies": ({"HTTP_COOKIE": "; ".join(f"a{n}=b" for n in range(1000))}, 200),
    "a cookie that is none": ({"HTTP_COOKIE": '=;;="\\";a=\x00'}, 200),
}


@pytest.mark.parametrize(("headers", "status"), HEADERS.values(), ids=HEADERS)
def test_a_hostile_header_is_refused_or_changes_nothing(client, headers, status):
    response = client.get("/book/assessment/?visit=new", **headers)
    assert response.status_code == status or (status is None and response.status_code < 500)
    assert "evil.example" not in response.content.decode()
    assert "https://testserver" not in response.content.decode()
    assert "Set-Cookie" not in response or "evil" not in response["Set-Cookie"]


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://testserver.evil.example", "\x00", "http://["]
)
def test_a_form_from_another_site_is_refused(origin):
    client = Client(enforce_csrf_checks=True)
    token = client.get("/book/assessment/?visit=new").context["csrf_token"]
    data = {"start": "2026-11-24T15:00Z", "csrfmiddlewaretoken": str(token)}
    assert client.post("/book/assessment/?visit=new", data, headers={"origin": origin}).status_code == 403
    assert_nothing_is_stored()


TOKENS = ["", "x", "A" * 32, "A" * 64, "A" * 100_000, "\x00", "\u202e", "٠" * 32, "' OR 1=1 --"]


@pytest.mark.parametrize("token", TOKENS, ids=[ascii(token)[:20] for token in TOKENS])
def test_a_forged_csrf_token_gets_a_helpful_error_page(token):
    client = Client(enforce_csrf_checks=True)
    client.get("/book/assessment/?visit=new")
    response = client.post("/book/assessment/?visit=new", {"start": "2026-11-24T15:00Z", "csrfmiddlewaretoken": token})
    assert response.status_code == 403
    assert "Please send the form again" in response.content.decode()
    assert_nothing_is_stored()


IDS = ["", "0", "-1", "1", "9" * 400, "1e9", "NaN", "null", "\x00", "\u202e", "١", "%s", "{}", "__class__", "ABCDEFGH"]


@pytest.mark.parametrize("name", ["hold", "submission_key"])
@pytest.mark.parametrize("value", IDS, ids=[ascii(value)[:20] for value in IDS])
def test_an_invalid_hold_or_key_books_nothing(client, name, value):
    choose(client)
    type_details(client)
    context = client.get("/book/check/").context
    data = {"hold": context["hold"].reference, "submission_key": context["submission_key"], name: value}
    assert client.post("/book/check/", data).status_code == 409
    assert not Patient.objects.exists()
    assert not Message.objects.exists()


def test_another_visitor_s_hold_and_key_book_nothing():
    alice, mallory = Client(), Client()
    choose(alice)
    type_details(alice)
    context = alice.get("/book/check/").context
    data = {"hold": context["hold"].reference, "submission_key": context["submission_key"]}
    assert mallory.post("/book/check/", data).status_code == 410
    choose(mallory, query="?visit=new&practitioner=amara-okafor")
    type_details(mallory)
    assert mallory.post("/book/check/", data).status_code == 409
    assert not Appointment.objects.filter(status="booked").exists()


@pytest.mark.parametrize(
    "name",
    ["Alice\r\nBcc: bob@patients.example", "Alice\nATTENDEE:mailto:bob@patients.example", "Alice\r\nEND:VCALENDAR",
     "Alice\x85Bcc: x", "Alice\u2028Bcc: x", "Alice\x0bBcc: x", "Alice\x00"],
    ids=ascii,
)  # fmt: skip
@pytest.mark.parametrize("field", ["name", "preferred_name", "pronouns", "email", "phone"])
def test_a_line_break_reaches_no_mail_and_no_calendar(client, field, name):
    choose(client)
    assert type_details(client, **{field: name}).status_code == 422
    assert not Patient.objects.exists()
    assert not Message.objects.exists()


def test_calendar_syntax_in_a_name_is_escaped(client):
    choose(client)
    assert type_details(client, name="Alice; DTSTART:1970, BEGIN:VEVENT \\n <b>Martin</b>").status_code == 302
    client.post("/book/check/", {name: client.get("/book/check/").context[name] for name in ("submission_key",)}
                | {"hold": client.get("/book/check/").context["hold"].reference})  # fmt: skip
    file = client.get("/appointment/calendar.ics").content.decode()
    assert file.count("BEGIN:VEVENT") == file.count("\r\nBEGIN:VEVENT")
    assert file.count("\r\nDTSTART") == 1


def test_names_are_normalized_to_nfc(client):
    choose(client)
    body = urlencode(ALICE | {"name": "Zoe\u0308"}) + "&hold=" + client.get("/book/details/").context["hold"].reference
    client.generic("POST", "/book/details/", body, content_type=FORM)
    assert client.session["booking"].get("answers", {}).get("name") in {None, "Zo\u00eb"}


def assert_nothing_is_stored():
    assert not Appointment.objects.exists()
    assert not Patient.objects.exists()
    assert not Message.objects.exists()
