"""A walk over every address that the site has, also over those that are added after this was written.

Looking changes nothing; a form without its token can be tried again; what is about one patient stays
out of caches, search engines and other sites' logs, and opens for nobody else.
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
from booking.models import Allowance, Appointment, Practitioner, WaitlistEntry
from content.models import SearchEntry, SearchIndex
from tests import make_content
from tests.journey import QUARTER_TO_TEN, book, choose, make_small_clinic, type_details, words_of

pytestmark = pytest.mark.django_db

BOB = {"name": "Bob Okonkwo", "email": "bob@patients.example", "phone": "403-555-0177"}
# What a link, or a bored person, could add to any address: each word is part of some form of ours.
WORDS = (
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
        """The route with {name} where a value stands."""
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


EVERY = list(_walk(get_resolver()))
OFFICE = [address for address in EVERY if address.path.startswith("/admin/")]
PUBLIC = [address for address in EVERY if address not in OFFICE]
PRIVATE = [address for address in PUBLIC if address.name.startswith("booking:")]


def written(address: Address, *, but: tuple[str, ...] = ()) -> list[str]:
    """The address with what there is to fill in, and with what there is not; never with the tokens ``but``."""
    choices = [[value for value in values(name, address) if value not in but] for name in address.parameters]
    paths = [
        address.path.format(**dict(zip(address.parameters, filled, strict=True)))
        for filled in product(*(each or ["1"] for each in choices))
    ]
    return list(dict.fromkeys(paths))


def values(parameter: str, address: Address) -> list[str]:
    every_token = [tokens.manage_token(visit) for visit in Appointment.objects.agreed()]
    every_token += [
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
        case "uidb36" | "key":
            return ["1"]
        case "content_type_id" | "path" | "url":
            return ["1"]
        case _:  # A token, or a parameter that is newer than this.
            return [*every_token, "A" * 43, "1"]


def _key_for(address: Address) -> str:
    """The key of a row of the model that a page of the office is about."""
    app, model = [*address.path.strip("/").split("/")[1:3], "", ""][:2]
    found = apps.get_model(app, model) if (app, model) in _MODELS else Appointment
    row = found._default_manager.first()
    return str(row.pk) if row else "1"


_MODELS = {(model._meta.app_label, model._meta.model_name) for model in apps.get_models()}


def everything() -> dict[str, Any]:
    """All that stands in the database.

    How often an address has been asked for what opens nothing is counted (``Allowance``), also by a
    GET: it slows down guessing, says nothing of anybody, and is forgotten within the hour. What can be
    found is copied again from what is shown, whenever that has changed (``SearchEntry``).
    """
    rows = {
        model._meta.label: sorted(map(repr, model._base_manager.values_list()))
        for model in apps.get_models(include_auto_created=True)
        if model not in (Session, Allowance, SearchEntry, SearchIndex)
    }
    rows["sessions"] = sorted(Session.objects.values_list("session_key", "session_data"))
    return rows


class Watch:
    """Whether anything but some visitor's own sessions was changed since it was last asked."""

    def __init__(self) -> None:
        self.rows, self.may_differ = everything(), False

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        # What only reads leaves the rows as they were: no need to read them all again.
        self.may_differ |= sql.split(maxsplit=1)[0].upper() not in {"SELECT", "SAVEPOINT", "RELEASE"}
        return execute(sql, params, many, context)

    def has_changed(self, *own: str | None) -> bool:
        if not self.may_differ:
            return False
        before, self.rows, self.may_differ = self.rows, everything(), False
        return _without(before, own) != _without(self.rows, own)


def _without(rows: dict[str, Any], own: tuple[str | None, ...]) -> dict[str, Any]:
    return rows | {"sessions": [row for row in rows["sessions"] if row[0] not in own]}


@pytest.fixture(autouse=True)
def clinic(stopped_clock):
    clinic = make_small_clinic()
    make_content.make_site()
    make_content.make_page(slug="a-page")
    return clinic


@pytest.fixture
def alice(clinic) -> Appointment:
    return book(Client())


@pytest.fixture
def visitors(alice) -> dict[str, Client]:
    """Somebody new; somebody who is about to confirm; somebody who has a visit of their own open."""
    stranger, chooser, bob = Client(), Client(), Client()
    choose(chooser, QUARTER_TO_TEN)
    type_details(chooser, name="Charlie Roy", email="charlie@patients.example", phone="403-555-0144")
    book(bob, QUARTER_TO_TEN, **BOB)
    return {"stranger": stranger, "chooser": chooser, "bob": bob}


# Looking changes nothing


@pytest.mark.parametrize("who", ["stranger", "chooser", "bob"])
def test_looking_at_any_address_changes_nothing_but_the_own_session(visitors, who):
    client, watch = visitors[who], Watch()
    changed, failed = [], []
    visits = ((address, path) for address in PUBLIC for path in written(address))
    with connection.execute_wrapper(watch):
        for (address, path), (method, query) in product(visits, (("get", ""), ("head", ""), ("get", f"?{WORDS}"))):
            key = client.session.session_key if client.cookies else None
            response = getattr(client, method)(path + query)
            mine = client.session.session_key if "session" in client.cookies else None
            if watch.has_changed(key, mine):
                changed.append((str(address), method, query))
            if response.status_code >= 500:
                failed.append((str(address), path, response.status_code))
    assert (changed, failed) == ([], [])


def test_looking_at_the_office_changes_nothing_there(client, alice):
    staff = get_user_model().objects.create_superuser("dana", "dana@clinic.example", "a long word for the office")
    client.force_login(staff)
    changed, watch = [], Watch()
    with connection.execute_wrapper(watch):
        for address in OFFICE:
            for path in written(address):
                response = client.get(path)
                if watch.has_changed(client.session.session_key) or response.status_code >= 500:
                    changed.append((str(address), response.status_code))
    assert changed == []


def test_the_watch_sees_a_row_that_is_written():
    watch = Watch()
    with connection.execute_wrapper(watch):
        assert not watch.has_changed()
        Practitioner.objects.update(is_active=False)
        assert watch.has_changed()
        assert not watch.has_changed()


# Forms without their token

# Counts a reader whom a page helped. The page that asks is kept for everybody and sets no cookie, so
# its form can have no token; another site's is refused by its origin (tests/test_page_answers.py).
NEEDS_NO_TOKEN = {"/contact/helped/"}


def test_every_form_without_its_token_is_refused_with_a_page_to_try_again(visitors):
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = visitors["bob"].cookies
    before = everything()
    wrong = []
    for address in EVERY:
        path = written(address)[0]
        if path in NEEDS_NO_TOKEN:
            continue
        response = strict.post(path, {"start": "2026-11-24T16:30Z", "reason": "x", "post": "yes"})
        page = words_of(response)
        helps = "Please send the form again" in page and f'href="{path}"' in response.content.decode()
        if response.status_code != 403 or not helps or response.headers.get("Cache-Control") != "no-store":
            wrong.append((str(address), response.status_code, helps))
    assert wrong == []
    assert everything() == before


# What is about one patient


def test_pages_of_patients_stay_out_of_caches_search_engines_and_logs(visitors):
    wrong = []
    for who, client in visitors.items():
        for address in PRIVATE:
            for path in written(address):
                response = client.get(path)
                headers = response.headers
                policy = headers.get("Referrer-Policy")
                # same-origin elsewhere: under no-referrer, browsers send forms with an origin that is refused.
                needed = "no-referrer" if "token" in address.parameters and response.status_code == 302 else policy
                said = (headers.get("Cache-Control"), headers.get("X-Robots-Tag"))
                if said != ("no-store", "noindex") or policy not in {"same-origin", "no-referrer"} or policy != needed:
                    wrong.append((who, path, response.status_code, *said, policy))
    assert wrong == []


def test_a_token_is_exchanged_for_an_address_without_it(visitors):
    for address in PRIVATE:
        for path in written(address):
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


def told(response: Any) -> str:
    return response.content.decode(errors="replace") + str(response.headers) if not response.streaming else ""


@pytest.mark.parametrize("who", ["stranger", "chooser", "bob"])
def test_no_page_of_one_patient_opens_for_another(visitors, alice, who):
    client, secrets = visitors[who], secrets_of(alice)
    mine = (tokens.manage_token(alice),)
    stands = Appointment.objects.filter(pk=alice.pk).values().get()
    asked = f"?reference={alice.reference}&appointment={alice.pk}&patient={alice.patient_id}&hold={alice.reference}"
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
        for path in written(address, but=mine):
            for response in (client.get(path), client.get(path + asked)):
                page = unquote(told(response)).replace(asked.replace("&", "&amp;"), "").replace(asked, "")
                leaks += [(path, response.status_code, secret) for secret in secrets if secret in page]
            response = client.post(path, form)  # What somebody sends themselves may be shown to them again.
            shown = set(secrets) - set(form.values())
            leaks += [(path, response.status_code, secret) for secret in shown if secret in told(response)]
    assert leaks == []
    assert Appointment.objects.filter(pk=alice.pk).values().get() == stands


def test_a_token_put_together_from_two_opens_neither(visitors, alice):
    bob = Appointment.objects.get(patient__name=BOB["name"])
    parts = [base64.urlsafe_b64decode(tokens.manage_token(visit) + "=") for visit in (alice, bob)]
    for one, other in (parts, parts[::-1]):
        mixed = base64.urlsafe_b64encode(one[:16] + other[16:]).rstrip(b"=").decode()
        assert visitors["stranger"].get(f"/appointment/{mixed}/").status_code == 410
        assert visitors["stranger"].get("/appointment/").status_code == 404


def test_the_walk_meets_the_whole_journey():
    assert {"booking:times", "booking:check", "booking:link", "booking:cancel"} <= {each.name for each in PRIVATE}
