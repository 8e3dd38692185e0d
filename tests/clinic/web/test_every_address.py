"""Rules for every URL pattern of the site, including those that are added later.

GET changes nothing; a POST without a CSRF token can be retried; pages about a patient are not cached, not indexed, not
sent as referrer, and not accessible to others.
"""

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any
from urllib.parse import unquote

import pytest
from django.apps import apps
from django.contrib.auth import get_user_model
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from booking import tokens
from booking.models import AccessLogEntry, AccessLogPerson, Appointment, Practitioner, RateLimitBucket, WaitlistEntry
from content.models import SearchEntry, SearchIndex
from tests.support import content_factories
from tests.support.journey import QUARTER_TO_TEN, book, choose, make_small_clinic, type_details, words_of

pytestmark = [pytest.mark.django_db, pytest.mark.once]

BOB = {"name": "Bob Okonkwo", "email": "bob@patients.example", "phone": "403-555-0177"}
# Parameters that some page of the site uses, added to every URL.
QUERY = (
    "visit=new&practitioner=steve-hansen&location=okotoks&start=2026-11-24T15:45Z&from=2026-11-24&for=other&longer=yes"
    "&hold=x&submission_key=x&reason=x&accept=yes&pass=yes&leave=yes&confirm=yes&cancel=yes&delete=yes&post=yes&q=assessment&page=2"
)


@dataclass(frozen=True)
class Address:
    """One entry of the URL configuration."""

    name: str
    route: str

    @property
    def parameters(self) -> list[str]:
        return re.findall(r"<(?:\w+:)?(\w+)>", self.route)

    @property
    def path(self) -> str:
        """The route with {name} for each parameter."""
        plain = re.sub(r"\(\?P<(\w+)>[^)]*\)|<(?:\w+:)?(\w+)>", lambda m: f"{{{m[1] or m[2]}}}", self.route)
        return "/" + plain.replace("^", "").replace("$", "")

    def __str__(self) -> str:
        return f"{self.name} {self.path}"


def _walk(resolver: Any, before: str = "", space: str = "") -> Iterator[Address]:
    for entry in resolver.url_patterns:
        route = before + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from _walk(entry, route, f"{space}{entry.namespace}:" if entry.namespace else space)
        elif isinstance(entry, URLPattern):
            yield Address(f"{space}{entry.name or ''}", route)


ALL = list(_walk(get_resolver()))
OFFICE = [address for address in ALL if address.path.startswith(("/admin/", "/desk/"))]
PUBLIC = [address for address in ALL if address not in OFFICE]
PRIVATE = [address for address in PUBLIC if address.name.startswith("booking:")]


def paths_of(address: Address, *, exclude: tuple[str, ...] = ()) -> list[str]:
    """Return the URL with existing and with unknown values of its parameters, but without the tokens ``exclude``."""
    choices = [[value for value in values(name, address) if value not in exclude] for name in address.parameters]
    paths = [
        address.path.format(**dict(zip(address.parameters, filled, strict=True)))
        for filled in product(*(options or ["1"] for options in choices))
    ]
    return list(dict.fromkeys(paths))


def values(parameter: str, address: Address) -> list[str]:
    all_tokens = [tokens.manage_token(visit) for visit in Appointment.objects.agreed()]
    all_tokens += [
        tokens.waitlist_token(entry, to_offer=to) for entry in WaitlistEntry.objects.all() for to in (True, False)
    ]
    match parameter:
        case "slug":
            return ["assessment", "dry-needling", "steve-hansen", "a-page", "no-such-thing"]
        case "on":
            return ["2026-11-24"]
        case "practitioner":
            return [str(Practitioner.objects.first().pk)]
        case "app_label":
            return ["booking"]
        case "object_id" | "pk" | "id":
            return [_key_for(address)]
        case "batch" | "key" if "<uuid:" in address.route:
            return ["00000000-0000-0000-0000-000000000001"]
        case "reference":
            return [Appointment.objects.agreed().first().reference, "ABCD2345"]
        case "uidb36" | "key" | "message" | "number":
            return ["1"]
        case "content_type_id" | "path" | "url":
            return ["1"]
        case _:  # A token, or a parameter that was added later.
            return [*all_tokens, "A" * 43, "1"]


def _key_for(address: Address) -> str:
    """Return the primary key of a row of the model that an admin page is about."""
    app, model = [*address.path.strip("/").split("/")[1:3], "", ""][:2]
    model_class = apps.get_model(app, model) if (app, model) in _MODELS else Appointment
    row = model_class._default_manager.first()
    return str(row.pk) if row else "1"


_MODELS = {(model._meta.app_label, model._meta.model_name) for model in apps.get_models()}


def all_rows() -> dict[str, Any]:
    """Return all rows of the database.

    Excludes what a GET request may write: rate limits of invalid tokens (``RateLimitBucket``), which contain no
    personal data and expire within the hour, the search index (``SearchEntry``), which is rebuilt after changes, and
    the access log, which records what staff were shown.
    """
    rows = {
        model._meta.label: sorted(map(repr, model._base_manager.values_list()))
        for model in apps.get_models(include_auto_created=True)
        if model not in (Session, RateLimitBucket, SearchEntry, SearchIndex, AccessLogEntry, AccessLogPerson)
    }
    rows["sessions"] = sorted(Session.objects.values_list("session_key", "session_data"))
    return rows


class ChangeDetector:
    """An execute wrapper that detects changed rows, except in the visitor's own sessions."""

    def __init__(self) -> None:
        self.rows, self.may_differ = all_rows(), False

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        # After read-only statements, the rows need not be compared.
        self.may_differ |= sql.split(maxsplit=1)[0].upper() not in {"SELECT", "SAVEPOINT", "RELEASE"}
        return execute(sql, params, many, context)

    def has_changed(self, *own: str | None) -> bool:
        if not self.may_differ:
            return False
        before, self.rows, self.may_differ = self.rows, all_rows(), False
        return _without(before, own) != _without(self.rows, own)


def _without(rows: dict[str, Any], own: tuple[str | None, ...]) -> dict[str, Any]:
    return rows | {"sessions": [row for row in rows["sessions"] if row[0] not in own]}


@pytest.fixture(autouse=True)
def clinic(stopped_clock):
    clinic = make_small_clinic()
    content_factories.make_site()
    content_factories.make_page(slug="a-page")
    return clinic


@pytest.fixture
def alice(clinic) -> Appointment:
    return book(Client())


@pytest.fixture
def visitors(alice) -> dict[str, Client]:
    """A new visitor, one who is about to confirm a booking, and one who has opened their own appointment."""
    stranger, chooser, bob = Client(), Client(), Client()
    choose(chooser, QUARTER_TO_TEN)
    type_details(chooser, name="Charlie Roy", email="charlie@patients.example", phone="403-555-0144")
    book(bob, QUARTER_TO_TEN, **BOB)
    return {"stranger": stranger, "chooser": chooser, "bob": bob}


# GET requests change nothing


@pytest.mark.parametrize("who", ["stranger", "chooser", "bob"])
def test_get_requests_change_nothing_but_the_own_session(visitors, who):
    client, watch = visitors[who], ChangeDetector()
    changed, failed = [], []
    visits = ((address, path) for address in PUBLIC for path in paths_of(address))
    with connection.execute_wrapper(watch):
        for (address, path), (method, query) in product(visits, (("get", ""), ("head", ""), ("get", f"?{QUERY}"))):
            old_key = client.session.session_key if client.cookies else None
            response = getattr(client, method)(path + query)
            new_key = client.session.session_key if "session" in client.cookies else None
            if watch.has_changed(old_key, new_key):
                changed.append((str(address), method, query))
            if response.status_code >= 500:
                failed.append((str(address), path, response.status_code))
    assert (changed, failed) == ([], [])


def test_get_requests_in_the_admin_change_nothing(client, alice):
    staff = get_user_model().objects.create_superuser("dana", "dana@clinic.example", "a long word for the office")
    Practitioner.objects.filter(slug="steve-hansen").update(user=staff)  # For the own pages at the desk.
    client.force_login(staff)
    changed, watch = [], ChangeDetector()
    with connection.execute_wrapper(watch):
        for address in OFFICE:
            for path in paths_of(address):
                response = client.get(path)
                if watch.has_changed(client.session.session_key) or response.status_code >= 500:
                    changed.append((str(address), response.status_code))
    assert changed == []


def test_the_change_detector_detects_an_update():
    watch = ChangeDetector()
    with connection.execute_wrapper(watch):
        assert not watch.has_changed()
        Practitioner.objects.update(is_active=False)
        assert watch.has_changed()
        assert not watch.has_changed()


# Forms without a CSRF token

# Feedback that a page helped: public pages are cached and set no cookie, so the form has no token. Other origins
# are refused (tests/content/site/test_page_feedback.py).
# /readyz answers 405 before any other middleware.
NEEDS_NO_TOKEN = {"/readyz", "/contact/helped/"}


def test_every_post_without_a_csrf_token_gets_a_page_to_retry(visitors):
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = visitors["bob"].cookies
    before = all_rows()
    wrong = []
    for address in ALL:
        path = paths_of(address)[0]
        if path in NEEDS_NO_TOKEN:
            continue
        response = strict.post(path, {"start": "2026-11-24T16:30Z", "reason": "x", "post": "yes"})
        page = words_of(response)
        helps = "Please send the form again" in page and f'href="{path}"' in response.content.decode()
        if response.status_code != 403 or not helps or response.headers.get("Cache-Control") != "no-store":
            wrong.append((str(address), response.status_code, helps))
    assert wrong == []
    assert all_rows() == before


# Pages about a patient


def test_pages_of_patients_are_not_cached_indexed_or_sent_as_referrer(visitors):
    wrong = []
    for who, client in visitors.items():
        for address in PRIVATE:
            for path in paths_of(address):
                response = client.get(path)
                headers = response.headers
                policy = headers.get("Referrer-Policy")
                # same-origin for other pages: with no-referrer, browsers send forms with the origin "null".
                required = "no-referrer" if "token" in address.parameters and response.status_code == 302 else policy
                caching = (headers.get("Cache-Control"), headers.get("X-Robots-Tag"))
                is_wrong = policy not in {"same-origin", "no-referrer"} or policy != required
                if caching != ("no-store", "noindex") or is_wrong:
                    wrong.append((who, path, response.status_code, *caching, policy))
    assert wrong == []


def test_a_token_link_redirects_to_a_url_without_the_token(visitors):
    for address in PRIVATE:
        for path in paths_of(address):
            response = visitors["stranger"].get(path)
            if "token" in address.parameters and response.status_code in {301, 302}:
                assert path.strip("/").split("/")[-1] not in response["Location"], str(address)


def secrets_of(visit: Appointment) -> list[str]:
    patient = visit.patient
    return [
        patient.name,
        patient.email,
        str(patient.phone)[2:],
        patient.phone.as_national,
        visit.reference,
        visit.uid.hex,
        tokens.manage_token(visit),
    ]


def body_and_headers(response: Any) -> str:
    return response.content.decode(errors="replace") + str(response.headers) if not response.streaming else ""


@pytest.mark.parametrize("who", ["stranger", "chooser", "bob"])
def test_no_page_shows_another_patient_s_data(visitors, alice, who):
    client, secrets = visitors[who], secrets_of(alice)
    own_token = (tokens.manage_token(alice),)
    before = Appointment.objects.filter(pk=alice.pk).values().get()
    query = f"?reference={alice.reference}&appointment={alice.pk}&patient={alice.patient_id}&hold={alice.reference}"
    form = {
        "reference": alice.reference,
        "sequence": str(alice.sequence),
        "hold": alice.reference,
        "submission_key": alice.submission_key,
        "start": "2026-11-24T16:30Z",
        "reason": "x",
        "email": "eve@patients.example",
    }
    leaks = []
    for address in PUBLIC:
        for path in paths_of(address, exclude=own_token):
            for response in (client.get(path), client.get(path + query)):
                page = unquote(body_and_headers(response)).replace(query.replace("&", "&amp;"), "").replace(query, "")
                leaks += [(path, response.status_code, secret) for secret in secrets if secret in page]
            response = client.post(path, form)  # The submitted values themselves may be shown again.
            unsent = set(secrets) - set(form.values())
            page = body_and_headers(response)
            leaks += [(path, response.status_code, secret) for secret in unsent if secret in page]
    assert leaks == []
    assert Appointment.objects.filter(pk=alice.pk).values().get() == before


def test_a_token_made_of_two_others_is_invalid(visitors, alice):
    bob = Appointment.objects.get(patient__name=BOB["name"])
    parts = [base64.urlsafe_b64decode(tokens.manage_token(visit) + "=") for visit in (alice, bob)]
    for one, other in (parts, parts[::-1]):
        mixed = base64.urlsafe_b64encode(one[:16] + other[16:]).rstrip(b"=").decode()
        assert visitors["stranger"].get(f"/appointment/{mixed}/").status_code == 410
        assert visitors["stranger"].get("/appointment/").status_code == 404


# URLs without the trailing slash


# Their addresses redirect only if there is such a page: see test_ordinary_pages.py.
ORDINARY_PAGES = {"content:page", "content:page_below"}


def test_every_url_without_its_trailing_slash_redirects(visitors):
    office = Client()
    office.force_login(get_user_model().objects.create_superuser("dana", "dana@clinic.example", "a long word"))
    wrong = []
    for address in ALL:
        if address.name in ORDINARY_PAGES:
            continue
        client = office if address in OFFICE else visitors["stranger"]
        for path in paths_of(address):
            if path == "/" or not path.endswith("/"):
                continue
            for method in ("get", "head", "post"):
                response = getattr(client, method)(f"{path[:-1]}?from=mail")
                if (response.status_code, response.headers.get("Location")) != (301, f"{path}?from=mail"):
                    wrong.append((str(address), method, path, response.status_code))
    assert wrong == []


def test_the_url_patterns_include_the_booking_pages():
    assert {"booking:times", "booking:check", "booking:link", "booking:cancel"} <= {each.name for each in PRIVATE}
