"""Visitors of one clinic who post whatever comes into their heads; ``test_prove_fuzz`` runs it, twice at once.

The forms are found by walking the URL configuration and are filled in as their pages draw them, by visitors
in every state: holding a time, with one that lapsed, done, with another tab, by a link, on the waitlist.
"""

import os
import time
import traceback
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from random import Random
from urllib.parse import quote, urlsplit

import pytest
import time_machine
from django.core import mail
from django.core.management import call_command
from django.template import Template
from django.test import Client
from django.urls import Resolver404, URLPattern, URLResolver, get_resolver, resolve

from booking.models import Appointment, Message, Patient, Practitioner, Service, Status, WaitlistEntry
from booking.tokens import manage_token, waitlist_token
from tests import make
from tests.conftest import NOW
from tests.fuzz_answers import RUBBISH, Forms, as_body, fill_in, rubbish, spoil, where_to
from tests.journey import make_small_clinic
from tests.make_content import make_page
from tests.race_books import double_bookings

SEED, POSTS = int(os.environ["FUZZ_SEED"]), int(os.environ["FUZZ_POSTS"])
VISITORS = 24
NEWS = {Status.BOOKED: {"confirmation", "rescheduled"}, Status.CANCELLED: {"cancelled"}}


def routes(resolver=None, prefix=""):
    """Every address of the site outside the office, with its converters still in it."""
    for pattern in (resolver or get_resolver()).url_patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern, route) if not route.startswith("admin/") else ()
        elif isinstance(pattern, URLPattern):
            yield "/" + route, pattern
    if not prefix:
        yield "/admin/login/", None  # The office's one page for everybody.


@dataclass
class Visitor:
    client: Client
    address: str
    forms: dict[str, list] = field(default_factory=dict)  # where a form was seen, and the forms as they then were
    onward: str = ""  # the route that the site led to last


class Town:
    """Visitors of one clinic, and a clock that their steps move."""

    def __init__(self, dice, clock, addresses):
        self.dice, self.clock, self.addresses = dice, clock, addresses
        self.often = [route for route in addresses if route.startswith("/book/")]
        self.numbers = count(1)
        self.visitors = [self.newcomer() for _ in range(VISITORS)]
        self.statuses, self.posted, self.failures = Counter(), Counter(), []

    def newcomer(self):
        number = next(self.numbers)
        # Most come from an address of their own; some share one, which soon reaches its limits.
        address = "203.0.113.1" if self.dice.random() < 0.25 else f"10.{number // 250 % 250}.{number % 250}.9"
        return Visitor(Client(REMOTE_ADDR=address, raise_request_exception=False), address)

    def step(self):
        """One post, by somebody in some state, to where the site leads them or to anywhere else."""
        dice = self.dice
        place = dice.randrange(VISITORS)
        if dice.random() < 0.03:
            self.visitors[place] = self.newcomer()
        visitor = self.visitors[place]
        self.clock.shift(dice.choice([0, 1, 3, 5, 20, 60]) if dice.random() < 0.99 else 660)
        if dice.random() < 0.03:
            self.open_link(visitor)
        goes_on = visitor.onward and dice.random() < 0.6
        # A booking takes three pages, so those are asked for most.
        route = visitor.onward if goes_on else dice.choice(self.often if dice.random() < 0.6 else self.addresses)
        page = self.address(route)
        if goes_on or route not in visitor.forms or dice.random() < 0.1:
            self.look(visitor, page)
        forms = visitor.forms.get(route) or [(page, {})]
        action, fields = dice.choice(forms)
        sent = fill_in(fields, dice)
        roll = dice.random()
        sent = sent if roll < 0.6 else spoil(sent, dice) if roll < 0.85 else rubbish(sent, dice)
        body, content_type = as_body(sent, dice)
        visitor.client.handler.enforce_csrf_checks = dice.random() < 0.02
        to = where_to(action, page) if dice.random() < 0.95 else page
        response = self.ask(visitor, "POST", to, body, content_type)
        visitor.client.handler.enforce_csrf_checks = False
        self.posted[route] += 1
        self.statuses[route, response.status_code] += 1
        self.remember(visitor, to, response)
        visitor.onward = self.leads_to(response)

    def leads_to(self, response):
        """The route of a form that the site sends somebody to, after one was taken."""
        if response.status_code != 302:
            return ""
        route = route_of(response["Location"])
        after = {"/book/safety/": "/book/details/", "/waitlist/safety/": "/waitlist/accept/"}
        return after.get(route, route if route in self.addresses else "")

    def look(self, visitor, page):
        """Open a page; where there is none to open, one that may hold the form."""
        response = self.ask(visitor, "GET", page, b"", "")
        if response.status_code == 405:
            page = page.replace("/accept/", "/offer/").replace("/pass/", "/offer/").replace("/leave/", "/")
            response = self.ask(visitor, "GET", page, b"", "")
        self.remember(visitor, page, response)

    def remember(self, visitor, page, response):
        """Keep the forms of a page for later, when they may be out of date."""
        if response.get("Content-Type", "").startswith("text/html"):
            found = defaultdict(list)
            for action, fields in Forms(response.content.decode()).found:
                to = where_to(action, page)
                found[route_of(to)].append((to, fields))
            visitor.forms |= found

    def ask(self, visitor, method, page, body, content_type):
        response = visitor.client.generic(method, page, body, content_type=content_type)
        if response.status_code >= 500:
            _kind, problem, trace = response.exc_info or (None, None, None)
            told = "".join(traceback.format_exception(problem)) if trace else response.content.decode()[:2000]
            self.failures.append(f"{method} {page}\n{content_type}\n{body[:2000]!r}\n{told[-3000:]}")
        return response

    def address(self, route):
        """A route with something in place of its converters, and at times a question after it."""
        dice = self.dice
        path = route
        for converter, known in (
            ("<slug:slug>", ["assessment", "dry-needling", "birth-date"]),
            ("<path:path>", ["x/y"]),
        ):
            value = dice.choice(known) if dice.random() < 0.97 else dice.choice(RUBBISH)
            path = path.replace(converter, quote(value.encode("utf-8", "surrogatepass"), safe=""))
        while "<" in path:
            opening, closing = path.index("<"), path.index(">")
            value = quote(
                (self.token() if dice.random() < 0.6 else dice.choice(RUBBISH)).encode("utf-8", "surrogatepass")
            )
            path = path[:opening] + value + path[closing + 1 :]
        if route == "/book/<slug:slug>/" and dice.random() < 0.9:
            return path + dice.choice(["?visit=new", "?visit=returning", "?visit=new&practitioner=steve-hansen"])
        if dice.random() < 0.1:
            name = dice.choice(["visit", "from", "start", "practitioner", "location", "for", "to", "page", "reference"])
            return f"{path}?{name}={quote(dice.choice(RUBBISH).encode('utf-8', 'surrogatepass'))}"
        return path

    def token(self):
        visit = Appointment.objects.agreed().order_by("-pk").first()
        return manage_token(visit) if visit else "A" * 43

    def open_link(self, visitor):
        """Follow a link from a mail: to a visit, to a place on the waitlist, or to what is offered."""
        visits = list(Appointment.objects.filter(status=Status.BOOKED).order_by("-pk")[:50])
        links = [f"/appointment/{manage_token(visit)}/" for visit in visits]
        entries = list(WaitlistEntry.objects.order_by("-pk")[:50])
        links += [f"/waitlist/{waitlist_token(entry)}/" for entry in entries]
        links += [f"/waitlist/{waitlist_token(entry, to_offer=True)}/" for entry in entries]
        if links:
            response = self.ask(visitor, "GET", self.dice.choice(links), b"", "")
            if response.status_code == 302:
                self.look(visitor, response["Location"])

    def work(self):
        """What the worker does meanwhile: offers what is free, sends what is due, forgets what is over."""
        call_command("work", "--once")
        mail.outbox.clear()


def route_of(page):
    """The route of an address, its converters still in it; "" for an address that is none."""
    try:
        return "/" + resolve(urlsplit(page).path).route
    except Resolver404:
        return ""


def post_addresses():
    """The routes that take a POST, found by asking: any answer but "not allowed" or "nowhere" counts."""
    found = []
    for route, _pattern in routes():
        path = route.replace("<slug:slug>", "assessment")
        path = path.replace("<path:path>", "x")
        while "<" in path:
            path = path[: path.index("<")] + "A" * 43 + path[path.index(">") + 1 :]
        if Client(raise_request_exception=False).post(path).status_code != 405:
            found.append(route)
    return found


@pytest.fixture
def town_clinic(transactional_db, monkeypatch, settings):
    """A clinic with a visit that asks for a date of birth, too, and people enough for a long queue."""
    # Django's tests keep a copy of all that every template saw, which takes longer than rendering it.
    monkeypatch.setattr(Template, "_render", lambda template, context: template.nodelist.render(context))
    settings.BOOKING_LIVE_HOLDS = 3
    hourly = {kind: (12, timedelta(hours=1)) for kind in ("hold", "contact", "waitlist", "lost link", "login by name")}
    settings.BOOKING_LIMITS = settings.BOOKING_LIMITS | hourly
    clinic = make_small_clinic()
    dated = make.make_service(name="Pelvic health", slug="birth-date", needs_date_of_birth=True)
    more = [
        make.make_practitioner([clinic.assessment, clinic.needling, dated], name=name, slug=name.lower())
        for name in ("Robin", "Kim")
    ]
    for person in more:
        make.make_hours(person, clinic.location)
    Service.objects.update(horizon_days=14)
    make_page(kind="contact", title="Contact")
    return clinic


def test_no_post_fails_and_the_books_stay_right(town_clinic):
    dice, began = Random(SEED), time.monotonic()
    with time_machine.travel(NOW, tick=False) as clock:
        addresses = post_addresses()
        town = Town(dice, clock, addresses)
        for number in range(POSTS):
            town.step()
            if number % 250 == 0:
                town.work()
            assert len(town.failures) < 5, "\n\n".join(town.failures)
        town.work()
        print(f"{sum(town.posted.values())} posts to {len(addresses)} addresses in {time.monotonic() - began:.0f} s")
        print("\n".join(f"{n:6} {status} {route}" for (route, status), n in sorted(town.statuses.items())))
        check(town, addresses)


def check(town, addresses):
    assert town.failures == []
    assert sum(town.posted.values()) == POSTS
    assert set(addresses) >= {"/book/<slug:slug>/", "/book/details/", "/book/check/", "/appointment/cancel/",
                              "/appointment/change/", "/contact/", "/admin/login/"}  # fmt: skip
    assert {route for route in addresses if town.posted[route] < 20} == set()
    # It came through to the end of each journey, and was turned away in each way.
    assert town.statuses["/book/check/", 302] > 20
    assert Appointment.objects.filter(status=Status.CANCELLED).exists()
    assert {status for _, status in town.statuses} >= {302, 400, 403, 404, 409, 410, 422, 429}
    assert WaitlistEntry.objects.exists()
    assert double_bookings() == []
    assert unpatiented() == []
    assert untold() == []
    assert not Message.objects.filter(state=Message.State.PARKED).exists()
    assert not Patient.objects.filter(name="").exists()
    assert Practitioner.objects.count() == 4


def unpatiented():
    return list(Appointment.objects.agreed().filter(patient=None))


def untold():
    """Visits whose patient got no news of how they now stand, sent or waiting."""
    told = {(message.appointment_id, message.kind) for message in Message.objects.exclude(appointment=None)}
    rows = Appointment.objects.filter(status__in=NEWS)
    return [row for row in rows if not any((row.pk, kind) in told for kind in NEWS[row.status])]
