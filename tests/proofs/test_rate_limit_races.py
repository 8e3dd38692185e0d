"""Concurrent requests share a rate limit: exactly the allowed number succeeds, on both databases."""

import threading
from datetime import timedelta

import pytest
from django.db import connections

from booking import rate_limits, scheduling
from booking.models import Appointment, Clinic, RateLimitBucket
from booking.rate_limits import RateLimitExceeded
from booking.scheduling import Actor, PatientDetails, Visitor
from tests.support import factories
from tests.support.journey import NINE

pytestmark = pytest.mark.django_db(transaction=True)
AT_ONCE = 4


def at_once(do):
    """Run ``do(number)`` in four threads at once, and return the results, with False for an exceeded limit."""
    barrier, results, problems = threading.Barrier(AT_ONCE), [], []

    def run(number):
        try:
            barrier.wait()
            results.append(do(number))
        except RateLimitExceeded:
            results.append(False)
        except Exception as problem:
            problems.append(problem)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    return results


def test_concurrent_workers_consume_exactly_the_limit(now, settings):
    settings.BOOKING_LIMITS = settings.BOOKING_LIMITS | {"contact": (70, timedelta(hours=1))}

    def consume_repeatedly(_number):
        consumed = 0
        for _ in range(50):
            try:
                rate_limits.consume("contact", "203.0.113.9", now=now)
            except RateLimitExceeded:
                continue
            consumed += 1
        return consumed

    assert sum(at_once(consume_repeatedly)) == 70
    assert RateLimitBucket.objects.get().used == 70


def test_concurrent_first_uses_of_a_bucket_are_all_counted(now):
    at_once(lambda _number: rate_limits.consume("contact", "203.0.113.9", now=now))
    assert RateLimitBucket.objects.get().used == AT_ONCE


def test_an_expired_window_is_restarted_once(now, settings):
    settings.BOOKING_LIMITS = settings.BOOKING_LIMITS | {"contact": (2, timedelta(hours=1))}
    for _ in range(2):
        rate_limits.consume("contact", "203.0.113.9", now=now - timedelta(hours=1))
    assert sorted(at_once(lambda _number: rate_limits.consume("contact", "203.0.113.9", now=now) is None)) == [
        False, False, True, True,
    ]  # fmt: skip


@pytest.fixture
def hold(now):
    """A function that holds a slot of another practitioner for each number, without conflicts."""
    factories.make_clinic(visits_ahead_per_email=2)
    place, service = factories.make_location(), factories.make_service()
    people = [factories.make_practitioner([service]) for _ in range(AT_ONCE)]
    for person in people:
        factories.make_hours(person, place)

    def hold_one(number, client=""):
        return scheduling.hold(
            service=service, starts_at=NINE, holder=f"session-{number}", by=Actor.patient(), now=now, location=place,
            practitioner=people[number], new_patient=True, visitor=Visitor(network=client),
        )  # fmt: skip

    return hold_one


def test_one_address_cannot_exceed_its_live_holds(hold, settings):
    settings.BOOKING_LIVE_HOLDS = 2
    results = at_once(lambda number: bool(hold(number, "203.0.113.9")))
    assert sorted(results) == [False, False, True, True]
    assert Appointment.objects.filter(status="held").count() == 2


def test_one_email_address_cannot_exceed_its_bookings_ahead(hold, now):
    holds = [hold(number) for number in range(AT_ONCE)]
    details = PatientDetails(name="Alice Martin", email="home@patients.example", phone="+14035550123")

    def book(number):
        scheduling.book(
            hold=holds[number], details=details, submission_key=f"key-{number}", by=Actor.patient(), now=now
        )
        return True

    assert sorted(at_once(book)) == [False, False, True, True]
    assert Appointment.objects.filter(status="booked").count() == 2
    assert Clinic.objects.get().visits_ahead_per_email == 2
