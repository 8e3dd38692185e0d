"""One process of the fuzz test (``test_fuzz``): visitors of one clinic who send random POST requests.

Forms are found through the URL configuration and filled in as rendered, by visitors in every state: with a hold, with
an expired hold, after booking, in a second tab, by a link, on the waitlist.
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
from django.utils import timezone

from booking.models import Appointment, Message, Patient, Practitioner, Service, Status, WaitlistEntry
from booking.tokens import manage_token, waitlist_token
from tests.conftest import NOW
from tests.proofs.fuzz_answers import RUBBISH, Forms, as_body, fill_in, rubbish, spoil, where_to
from tests.proofs.race_books import double_bookings
from tests.support import factories
from tests.support.content_factories import make_page
from tests.support.journey import make_small_clinic

SEED, POSTS = int(os.environ["FUZZ_SEED"]), int(os.environ["FUZZ_POSTS"])
VISITORS = 24
MESSAGE_KINDS = {
    Status.BOOKED: {"confirmation", "rescheduled"},
    Status.CANCELLED: {"cancelled"},
    Status.UNCONFIRMED: {"confirm_request"},
}


def routes(resolver=None, prefix=""):
    """Yield every URL route of the site except the admin's."""
    for pattern in (resolver or get_resolver()).url_patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern, route) if not route.startswith("admin/") else ()
        elif isinstance(pattern, URLPattern):
            yield "/" + route, pattern
    if not prefix:
        yield "/admin/login/", None  # The admin's only public page.


@dataclass
class Visitor:
    client: Client
    address: str
    forms: dict[str, list] = field(default_factory=dict)  # by route: the forms, as they were rendered
    onward: str = ""  # the route of the last redirect


class Town:
    """The visitors of one clinic, and the frozen clock, which their steps move."""

    def __init__(self, dice, clock, addresses):
        self.dice, self.clock, self.addresses = dice, clock, addresses
        self.often = [route for route in addresses if route.startswith("/book/")]
        self.numbers = count(1)
        self.visitors = [self.newcomer() for _ in range(VISITORS)]
        self.statuses, self.posted, self.failures = Counter(), Counter(), []

    def newcomer(self):
        number = next(self.numbers)
        # Most have their own network address; some share one, which soon exceeds its rate limits.
        address = "203.0.113.1" if self.dice.random() < 0.4 else f"10.{number // 250 % 250}.{number % 250}.9"
        return Visitor(Client(REMOTE_ADDR=address, raise_request_exception=False), address)

    def step(self):
        """Send one POST request of a random visitor, to where the site redirected them or to another form."""
        dice = self.dice
        place = dice.randrange(VISITORS)
        if dice.random() < 0.03:
            self.visitors[place] = self.newcomer()
        visitor = self.visitors[place]
        self.clock.shift(dice.choice([0, 1, 3, 5, 20, 60]) if dice.random() < 0.99 else 660)
        if dice.random() < 0.06:  # Or nobody would cancel among so many addresses.
            self.open_link(visitor)
        goes_on = visitor.onward and dice.random() < 0.6
        # Mostly booking pages, because a booking takes three requests.
        route = visitor.onward if goes_on else dice.choice(self.often if dice.random() < 0.6 else self.addresses)
        page = self.address(route)
        if goes_on or route not in visitor.forms or dice.random() < 0.1:
            self.open_page(visitor, page)
        forms = visitor.forms.get(route) or [(page, {})]
        action, fields = dice.choice(forms)
        data = fill_in(fields, dice)
        roll = dice.random()
        data = data if roll < 0.6 else spoil(data, dice) if roll < 0.85 else rubbish(data, dice)
        body, content_type = as_body(data, dice)
        visitor.client.handler.enforce_csrf_checks = dice.random() < 0.02
        to = where_to(action, page) if dice.random() < 0.95 else page
        response = self.request(visitor, "POST", to, body, content_type)
        visitor.client.handler.enforce_csrf_checks = False
        self.posted[route] += 1
        self.statuses[route, response.status_code] += 1
        self.remember(visitor, to, response)
        visitor.onward = self.leads_to(response)

    def leads_to(self, response):
        """Return the route that a response redirects to, or ""."""
        if response.status_code != 302:
            return ""
        route = route_of(response["Location"])
        after = {"/book/safety/": "/book/details/", "/waitlist/safety/": "/waitlist/accept/"}
        return after.get(route, route if route in self.addresses else "")

    def open_page(self, visitor, page):
        """Open a page; if it has no GET, open the page that contains its form."""
        response = self.request(visitor, "GET", page, b"", "")
        if response.status_code == 405:
            page = page.replace("/accept/", "/offer/").replace("/pass/", "/offer/").replace("/leave/", "/")
            response = self.request(visitor, "GET", page, b"", "")
        self.remember(visitor, page, response)

    def remember(self, visitor, page, response):
        """Store the forms of a page for later, when they may be stale."""
        if response.get("Content-Type", "").startswith("text/html"):
            by_route = defaultdict(list)
            for action, fields in Forms(response.content.decode()).found:
                to = where_to(action, page)
                by_route[route_of(to)].append((to, fields))
            visitor.forms |= by_route

    def request(self, visitor, method, page, body, content_type):
        response = visitor.client.generic(method, page, body, content_type=content_type)
        if response.status_code >= 500:
            _kind, problem, trace = response.exc_info or (None, None, None)
            details = "".join(traceback.format_exception(problem)) if trace else response.content.decode()[:2000]
            self.failures.append(f"{method} {page}\n{content_type}\n{body[:2000]!r}\n{details[-3000:]}")
        return response

    def address(self, route):
        """Return a URL of the route with values for its converters, and sometimes a query string."""
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
            day = timezone.localdate() + timedelta(days=dice.randrange(10))  # A page shows the times of one day.
            query = dice.choice(["?visit=new", "?visit=returning", "?visit=new&practitioner=steve-hansen"])
            return f"{path}{query}&day={day}"
        if dice.random() < 0.1:
            name = dice.choice(["visit", "from", "start", "practitioner", "location", "for", "to", "page", "reference"])
            return f"{path}?{name}={quote(dice.choice(RUBBISH).encode('utf-8', 'surrogatepass'))}"
        return path

    def token(self):
        visit = Appointment.objects.agreed().order_by("-pk").first()
        return manage_token(visit) if visit else "A" * 43

    def open_link(self, visitor):
        """Open a link of a mail: to an appointment, a waitlist entry or an offer."""
        visits = list(Appointment.objects.filter(status__in=[Status.BOOKED, Status.UNCONFIRMED]).order_by("-pk")[:50])
        links = [f"/appointment/{manage_token(visit)}/" for visit in visits]
        entries = list(WaitlistEntry.objects.order_by("-pk")[:50])
        links += [f"/waitlist/{waitlist_token(entry)}/" for entry in entries]
        links += [f"/waitlist/{waitlist_token(entry, to_offer=True)}/" for entry in entries]
        if links:
            response = self.request(visitor, "GET", self.dice.choice(links), b"", "")
            if response.status_code == 302:
                self.open_page(visitor, response["Location"])
                if response["Location"] == "/appointment/":
                    visitor.onward = self.dice.choice(["/appointment/cancel/", "/appointment/change/"])

    def work(self):
        """Run the worker once."""
        call_command("work", "--once")
        mail.outbox.clear()


def route_of(page):
    """Return the route of a URL, or "" for an unknown one."""
    try:
        return "/" + resolve(urlsplit(page).path).route
    except Resolver404:
        return ""


def post_addresses():
    """Return the routes that accept POST, that is, do not answer 405."""
    accepting = []
    for route, _pattern in routes():
        path = route.replace("<slug:slug>", "assessment")
        path = path.replace("<path:path>", "x")
        while "<" in path:
            path = path[: path.index("<")] + "A" * 43 + path[path.index(">") + 1 :]
        if Client(raise_request_exception=False).post(path).status_code != 405:
            accepting.append(route)
    return accepting


@pytest.fixture
def town_clinic(transactional_db, monkeypatch, settings):
    """A clinic with a service that requires a date of birth, and enough practitioners for many bookings."""
    # Without Django's instrumented rendering, which copies every context and takes longer than rendering.
    monkeypatch.setattr(Template, "_render", lambda template, context: template.nodelist.render(context))
    settings.BOOKING_LIVE_HOLDS = 3
    hourly = {kind: (5, timedelta(hours=1)) for kind in ("hold", "contact", "waitlist", "lost link", "login by name")}
    settings.BOOKING_LIMITS = settings.BOOKING_LIMITS | hourly
    clinic = make_small_clinic()
    dated = factories.make_service(name="Pelvic health", slug="birth-date", needs_date_of_birth=True)
    more = [
        factories.make_practitioner([clinic.assessment, clinic.needling, dated], name=name, slug=name.lower())
        for name in ("Robin", "Kim")
    ]
    for person in more:
        factories.make_hours(person, clinic.location)
    Service.objects.update(horizon_days=14)
    make_page(kind="contact", title="Contact")
    return clinic


def test_random_posts_never_fail_and_keep_the_data_consistent(town_clinic):
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
    assert {route for route in addresses if town.posted[route] < POSTS / 2000} == set()
    # Every journey was completed, and every kind of refusal occurred.
    assert town.statuses["/book/check/", 302] > 5
    assert Appointment.objects.filter(status=Status.CANCELLED).exists()
    assert {status for _, status in town.statuses} >= {302, 400, 403, 404, 409, 410, 422, 429}
    assert WaitlistEntry.objects.exists()
    assert double_bookings() == []
    assert appointments_without_patient() == []
    assert appointments_without_message() == []
    assert not Message.objects.filter(state=Message.State.PARKED).exists()
    assert not Patient.objects.filter(name="").exists()
    assert Practitioner.objects.count() == 4


def appointments_without_patient():
    return list(Appointment.objects.agreed().filter(patient=None))


def appointments_without_message():
    """Return appointments without a message, data or waiting, about their current status."""
    kinds = {(message.appointment_id, message.kind) for message in Message.objects.exclude(appointment=None)}
    rows = Appointment.objects.filter(status__in=MESSAGE_KINDS)
    return [row for row in rows if not any((row.pk, kind) in kinds for kind in MESSAGE_KINDS[row.status])]
