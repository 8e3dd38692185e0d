"""Four at once spend one allowance, on both engines: exactly what is allowed goes through."""

import threading
from datetime import timedelta

import pytest
from django.db import connections

from booking import limits, scheduling
from booking.limits import LimitReached
from booking.models import Allowance, Appointment, Clinic
from booking.scheduling import Actor, PatientDetails
from tests import make
from tests.journey import NINE

pytestmark = pytest.mark.django_db(transaction=True)
AT_ONCE = 4


def at_once(do):
    """What came of it when each of four threads did it, with its number: True, or False where a limit was reached."""
    together, came, problems = threading.Barrier(AT_ONCE), [], []

    def one(number):
        try:
            together.wait()
            came.append(do(number))
        except LimitReached:
            came.append(False)
        except Exception as problem:
            problems.append(problem)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=one, args=(number,)) for number in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    return came


def test_workers_that_spend_at_once_get_exactly_what_is_allowed(now, settings):
    settings.BOOKING_LIMITS = settings.BOOKING_LIMITS | {"contact": (70, timedelta(hours=1))}

    def spend_on(_number):
        spent = 0
        for _ in range(50):
            try:
                limits.spend("contact", "203.0.113.9", now=now)
            except LimitReached:
                continue
            spent += 1
        return spent

    assert sum(at_once(spend_on)) == 70
    assert Allowance.objects.get().used == 70


def test_the_first_use_of_an_allowance_is_counted_once_for_each(now):
    at_once(lambda _number: limits.spend("contact", "203.0.113.9", now=now))
    assert Allowance.objects.get().used == AT_ONCE


def test_what_ended_begins_anew_once(now, settings):
    settings.BOOKING_LIMITS = settings.BOOKING_LIMITS | {"contact": (2, timedelta(hours=1))}
    for _ in range(2):
        limits.spend("contact", "203.0.113.9", now=now - timedelta(hours=1))
    assert sorted(at_once(lambda _number: limits.spend("contact", "203.0.113.9", now=now) is None)) == [
        False, False, True, True,
    ]  # fmt: skip


@pytest.fixture
def hold(now):
    """Holds a time in which nobody stands in anybody's way: each with a practitioner of their own."""
    make.make_clinic(visits_ahead_per_email=2)
    place, service = make.make_location(), make.make_service()
    people = [make.make_practitioner([service]) for _ in range(AT_ONCE)]
    for person in people:
        make.make_hours(person, place)

    def hold_one(number, client=""):
        return scheduling.hold(
            service=service, starts_at=NINE, holder=f"session-{number}", by=Actor.patient(), now=now, location=place,
            practitioner=people[number], new_patient=True, client=client,
        )  # fmt: skip

    return hold_one


def test_one_address_holds_no_more_at_once_than_it_may(hold, settings):
    settings.BOOKING_LIVE_HOLDS = 2
    came = at_once(lambda number: bool(hold(number, "203.0.113.9")))
    assert sorted(came) == [False, False, True, True]
    assert Appointment.objects.filter(status="held").count() == 2


def test_one_e_mail_address_books_no_more_ahead_than_it_may(hold, now):
    held = [hold(number) for number in range(AT_ONCE)]
    home = PatientDetails(name="Alice Martin", email="home@patients.example", phone="+14035550123")

    def book(number):
        scheduling.book(hold=held[number], details=home, submission_key=f"key-{number}", by=Actor.patient(), now=now)
        return True

    assert sorted(at_once(book)) == [False, False, True, True]
    assert Appointment.objects.filter(status="booked").count() == 2
    assert Clinic.objects.get().visits_ahead_per_email == 2
