"""Fifty networks that hold and book for an hour take no day away, and honest people still book meanwhile.

The addresses come from a trusted proxy, as behind nginx. The attackers know the site: each hold is a new session, times
are chosen to break up the days, and each network books as often as it may. What can still be booked is measured in what
the site offers, not with the guard's own arithmetic. The control run without the guard loses whole days.
"""

import re
from collections import Counter, defaultdict
from datetime import date, time, timedelta
from ipaddress import ip_network
from itertools import count
from random import Random

import pytest
import time_machine
from django.core import mail
from django.test import Client
from django.utils import timezone

from booking import messages, scheduling
from booking.availability import ONE_DAY, instant_at
from booking.models import Appointment, HoursOverride, Practitioner, Service
from booking.scheduling.appointments import allowance, book, hold_rows
from tests.support.clock import NOW
from tests.support.journey import confirmation, instant, make_small_clinic, type_details, words_of

pytestmark = [pytest.mark.prove, pytest.mark.django_db, pytest.mark.usefixtures("stopped_clock")]

MINUTE = timedelta(minutes=1)
DAYS = [date(2026, 11, 24) + number * ONE_DAY for number in range(10)]
SHORT_DAY = date(2026, 11, 27)  # Steve works from 9 to 12.
NETWORKS = [f"203.0.113.{number}" for number in range(40)] + [f"2001:db8:1:{number:x}::7" for number in range(10)]
ROUNDS = range(0, 60, 15)  # minutes
HOLDS_A_ROUND = 5  # of each network
numbers = count(1)


@pytest.fixture
def clinic(settings):
    settings.TRUSTED_PROXIES = [ip_network("127.0.0.1/32")]
    made = make_small_clinic()
    Service.objects.update(step=15 * MINUTE, buffer_after=10 * MINUTE, horizon_days=len(DAYS), lead_time=timedelta(0))
    made.assessment.refresh_from_db()
    HoursOverride.objects.create(
        practitioner=made.steve, location=made.location, on=SHORT_DAY, start_time=time(9), end_time=time(12)
    )
    return made


def bookable(clinic):
    """The minutes of each practitioner's days that an assessment can be booked for, as the site offers them."""
    minutes = {}
    for person in Practitioner.objects.all():
        slots = scheduling.available_slots(
            service=clinic.assessment, now=timezone.now(), first_on=DAYS[0], last_on=DAYS[-1], practitioner=person
        )
        covered = defaultdict(set)
        for slot in slots:
            day = slot.starts_at.astimezone(clinic.location.zone).date()
            covered[day] |= {slot.starts_at + number * MINUTE for number in range(45)}
        minutes |= {(person.pk, day): len(covered[day]) for day in DAYS}
    return minutes


def taken(person, day):
    return Appointment.objects.occupying(now=timezone.now()).filter(practitioner=person, local_on=day).count()


def days_lost(before, after):
    """The practitioners' days of which strangers have taken more than they may."""
    return [
        (person, day, minutes, after[person, day])
        for (person, day), minutes in before.items()
        if minutes and after[person, day] < minutes * 2 / 3 and taken(person, day) > 2
    ]


def visitor(address):
    return Client(headers={"X-Forwarded-For": f"198.51.100.99, {address}"})


def choose(client, starts_at, slug):
    return client.post(f"/book/assessment/?visit=new&practitioner={slug}", {"start": instant(starts_at)})


class Attack:
    def __init__(self, clinic, seed=1):
        self.clinic, self.random = clinic, Random(seed)
        self.slugs = list(Practitioner.objects.values_list("slug", flat=True))
        self.answers = Counter()

    def start(self):
        """A time on the grid of a random day."""
        opens = instant_at(self.random.choice(DAYS), time(9), self.clinic.location.zone)
        return opens + 15 * MINUTE * self.random.randrange(4 * 8)

    def round(self, books):
        for address in NETWORKS:
            for index in range(HOLDS_A_ROUND):
                client = visitor(address)
                held = choose(client, self.start(), self.random.choice(self.slugs))
                self.answers[held.status_code] += 1
                if books and index == 0 and held.status_code == 302:
                    self.book(client)

    def book(self, client):
        number = next(numbers)
        assert type_details(client, name=f"Eve {number}", email=f"eve-{number}@evil.example").status_code == 302
        self.answers["booked" if client.post("/book/check/", confirmation(client)).status_code == 302 else "lost"] += 1


class Person:
    """Somebody who books the first time they see, and opens the link in the email if asked to."""

    def __init__(self, clinic, address):
        self.clinic, self.client, self.number = clinic, visitor(address), next(numbers)

    def book(self, name, email):
        now = timezone.now()
        slot = scheduling.next_slot(service=self.clinic.assessment, now=now + ONE_DAY, new_patient=True)
        slug = Practitioner.objects.get(pk=slot.practitioner_ids[0]).slug
        assert choose(self.client, slot.starts_at, slug).status_code == 302
        assert type_details(self.client, name=name, email=email).status_code == 302
        # A family may have two visits at one time, and is asked about it.
        response = self.client.post("/book/check/", confirmation(self.client) | {"both": "yes"})
        assert response.status_code == 302, words_of(response)
        appointment = Appointment.objects.get(patient__name=name)
        if appointment.status == "unconfirmed":
            self.open_link(appointment, email)
        appointment.refresh_from_db()
        assert appointment.status == "booked", name

    def open_link(self, appointment, email):
        messages.send_due(now=timezone.now(), limit=10_000)
        bodies = [sent.body for sent in mail.outbox if sent.to == [email] and appointment.reference in sent.body]
        address = re.search(r"/appointment/[\w-]{43}/", bodies[-1])[0]
        assert self.client.get(address, follow=True).status_code == 200
        self.client.post("/appointment/confirm/", {"reference": appointment.reference, "both": "yes"})


def people_book(clinic):
    """A stranger, a family of four with one address, five people in a library, and twelve on one phone network."""
    Person(clinic, "192.0.2.1").book("Stranger One", "stranger@patients.example")
    family = Person(clinic, "192.0.2.2")
    for name in ("Ann Family", "Bob Family", "Cy Family", "Di Family"):
        family.book(name, "family@patients.example")
    for address, place, group in (("192.0.2.3", "library", 5), ("192.0.2.4", "phone", 12)):
        for number in range(group):
            Person(clinic, address).book(f"Reader {place} {number}", f"{place}-{number}@patients.example")


def test_fifty_networks_take_no_day_away_in_an_hour(clinic):
    before, attack = bookable(clinic), Attack(clinic)
    for number, minutes in enumerate(ROUNDS):
        with time_machine.travel(NOW + minutes * MINUTE, tick=False):
            scheduling.expire_holds(now=timezone.now())
            attack.round(books=number < 3)
            assert days_lost(before, bookable(clinic)) == []
    assert attack.answers[302] > 400
    assert Appointment.objects.filter(status="unconfirmed").exists()
    with time_machine.travel(NOW + 55 * MINUTE, tick=False):
        people_book(clinic)
    after_an_hour = NOW + 55 * MINUTE + 60 * MINUTE
    scheduling.expire_holds(now=after_an_hour)
    statuses = Counter(Appointment.objects.values_list("status", flat=True))
    assert not {"held", "unheld", "unconfirmed"} & set(statuses), statuses
    honest = Appointment.objects.filter(patient__email__endswith="@patients.example")
    assert (honest.count(), honest.filter(status="booked").count()) == (22, 22)


def test_without_the_guard_days_are_lost(clinic, monkeypatch):
    for module in (allowance, book):
        monkeypatch.setattr(module, "leaves_enough", lambda *args, **kwargs: True)
        monkeypatch.setattr(module, "has_booked_enough", lambda *args, **kwargs: False)
    assert hold_rows.may_be_taken is allowance.may_be_taken
    before = bookable(clinic)
    Attack(clinic).round(books=False)
    assert len(days_lost(before, bookable(clinic))) > 5
