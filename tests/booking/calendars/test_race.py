"""Bookings against a calendar that is being written: each waits for the other, and no busy time is booked after."""

import threading

import pytest
from django.db import connections

from booking import scheduling
from booking.calendars.read import Reading, store
from booking.models import BusyTime
from booking.scheduling import Actor, SlotTaken
from tests.booking.calendars.conftest import HOUR, NINE
from tests.support import factories

pytestmark = pytest.mark.django_db(transaction=True)


def in_threads(*works):
    def run(work):
        try:
            work()
        except Exception as error:
            failures.append(error)
        finally:
            connections.close_all()

    failures: list[Exception] = []
    threads = [threading.Thread(target=run, args=[work]) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return failures


def test_writing_a_calendar_waits_for_a_booking_of_the_same_person(make_own_calendar, practitioner, now):
    calendar, has_lock, order = make_own_calendar(), threading.Event(), []
    reading = Reading([(int(NINE.timestamp()), int((NINE + HOUR).timestamp()))], now)

    def book():
        with scheduling.practitioners_locked([practitioner.pk]):
            has_lock.set()
            writer_waits.wait(1)
            order.append("booked")

    def write():
        assert has_lock.wait(30)
        store(calendar, reading, now=now)
        order.append("written")
        writer_waits.set()

    writer_waits = threading.Event()
    assert in_threads(book, write) == []
    assert order == ["booked", "written"]


@pytest.mark.prove
def test_what_is_offered_after_is_never_busy(make_own_calendar, practitioner, service, location, now):
    """Twenty rounds of four visitors and a reading. Who comes after the reading finds the time taken."""
    factories.make_clinic()
    for number in range(20):
        scheduling.expire_holds(now=now + HOUR)
        calendar = make_own_calendar()
        reading = Reading([(int(NINE.timestamp()), int((NINE + HOUR).timestamp()))], now)
        written, late = threading.Event(), []

        def write(calendar=calendar, reading=reading, written=written):
            store(calendar, reading, now=now)
            written.set()

        def hold(key, written=written, late=late, number=number):
            is_late = written.is_set()
            try:
                scheduling.hold(
                    service=service,
                    starts_at=NINE,
                    holder=f"{number}-{key}",
                    by=Actor.patient(),
                    now=now,
                    location=location,
                )
            except SlotTaken:
                return
            if is_late:
                late.append(key)

        failures = in_threads(write, *(lambda key=key: hold(key) for key in range(4)))
        assert failures == []
        assert late == []
        assert BusyTime.objects.filter(calendar=calendar).count() == 1
        calendar.delete()
