"""Baskets against each other, against single holds, the desk and the waitlist: all or nothing, and nothing twice.

Threads with a database connection each; run on both databases.
"""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, time, timedelta
from itertools import combinations
from random import Random
from threading import Barrier
from uuid import uuid4

import pytest
from django.db import connections

from booking import rate_limits, scheduling
from booking.models import Appointment, Message, Patient, Status, WaitlistOffer
from booking.scheduling import Actor, PatientDetails, Visitor
from tests.support import factories

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.prove]
PATIENT = Actor.patient()
NINE = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
WEEK = timedelta(weeks=1)
REFUSED = (scheduling.SchedulingError, rate_limits.RateLimitExceeded)
OCCUPYING = (Status.HELD, Status.BOOKED, Status.ARRIVED, Status.FULFILLED, Status.NOSHOW)
OFFICE = Visitor(is_staff=True)  # The clinic's own network: no limit.


def at_once(count, work):
    """Run ``work(index)`` in ``count`` threads at once, and return each result or refusal."""
    barrier = Barrier(count)

    def run(index):
        try:
            barrier.wait(timeout=30)
            return work(index)
        except REFUSED as error:
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


class Clinic:
    """Two practitioners and two rooms, each week from nine to three."""

    def __init__(self, people=2, rooms=2):
        factories.make_clinic(unverified_share=100, visits_ahead_per_email=20)
        self.place = factories.make_location()
        self.service = factories.make_service(duration=HOUR, step=timedelta(minutes=30), needs_room=rooms > 0)
        for _ in range(rooms):
            factories.make_room(self.place)
        self.people = [factories.make_practitioner([self.service]) for _ in range(people)]
        for person in self.people:
            factories.make_hours(person, self.place, start_time=time(9), end_time=time(15))

    def hold_several(self, holder, starts, now, basket_id=None, person=None):
        return scheduling.hold_several(
            service=self.service,
            wishes=[(start, person) for start in starts],
            basket_id=basket_id or uuid4(),
            holder=holder,
            by=PATIENT,
            now=now,
            location=self.place,
            visitor=OFFICE,
        )

    def hold(self, holder, start, now):
        return scheduling.hold(
            service=self.service, starts_at=start, holder=holder, by=PATIENT, now=now, location=self.place,
            visitor=OFFICE,
        )  # fmt: skip

    def book(self, basket, holder, now, key=None):
        details = {visit.reference: details_of(holder) for visit in basket.visits}
        return scheduling.book_basket(
            basket_id=basket.id, holder=holder, details=details, submission_key=key or holder, by=PATIENT, now=now,
            visitor=OFFICE, accepts_overlap=True,
        )  # fmt: skip


def details_of(holder):
    return PatientDetails(name=f"Patient {holder}", email=f"{holder}@patients.example", phone="+14035550123")


def check_nothing_overlaps(now):
    rows = list(Appointment.objects.filter(status__in=OCCUPYING).exclude(status=Status.HELD, hold_expires_at__lte=now))
    for one, other in combinations(rows, 2):
        if one.starts_at < other.ends_at and other.starts_at < one.ends_at:
            assert one.practitioner_id != other.practitioner_id
            assert one.room_id is None or one.room_id != other.room_id


def check_series_are_whole(baskets):
    """Of each basket every time is booked, or none is."""
    for basket in baskets:
        statuses = Appointment.objects.filter(pk__in=[visit.pk for visit in basket.visits]).values_list("status")
        booked = sum(status == Status.BOOKED for (status,) in statuses)
        assert booked in (0, len(basket.visits))


def test_baskets_that_want_the_same_weeks_get_all_of_them_or_none(now):
    clinic = Clinic(people=1, rooms=1)
    starts = [NINE + week * WEEK for week in range(4)]

    def take(index):
        mine = starts if index % 2 else list(reversed(starts))
        return clinic.book(clinic.hold_several(f"v{index}", mine, now), f"v{index}", now)

    results = at_once(8, take)
    won = [result for result in results if isinstance(result, list)]
    assert [len(booked) for booked in won] == [4]
    assert all(isinstance(result, list | scheduling.BasketTaken) for result in results)
    assert Appointment.objects.filter(status=Status.BOOKED).count() == 4
    assert Message.objects.filter(kind=Message.Kind.CONFIRMATION).count() == 4
    assert Patient.objects.count() == 1
    assert not Appointment.objects.filter(status=Status.HELD).exists()


def test_lapsed_baskets_against_single_visitors_are_booked_whole_or_not_at_all(now):
    clinic = Clinic()
    later = now + timedelta(minutes=45)
    baskets = [
        clinic.hold_several(f"v{index}", [NINE + week * WEEK + index * HOUR for week in range(4)], now)
        for index in range(4)
    ]

    def act(index):
        if index < 4:
            return clinic.book(baskets[index], f"v{index}", later)
        held = clinic.hold(f"s{index}", NINE + (index % 4) * WEEK + (index % 3) * HOUR, later)
        return scheduling.book(
            hold=held, details=details_of(f"s{index}"), submission_key=f"s{index}", by=PATIENT, now=later,
            visitor=OFFICE,
        )  # fmt: skip

    results = at_once(14, act)
    check_nothing_overlaps(later)
    check_series_are_whole(baskets)
    for basket, result in zip(baskets, results, strict=False):
        first = Appointment.objects.get(pk=basket.visits[0].pk)
        assert (first.status == Status.BOOKED) == isinstance(result, list)


def test_one_form_sent_many_times_at_once_books_its_basket_once(now):
    clinic = Clinic()
    basket = clinic.hold_several("me", [NINE, NINE + WEEK, NINE + 2 * WEEK], now)
    results = at_once(6, lambda _: clinic.book(basket, "me", now, key="k"))
    assert {tuple(visit.pk for visit in result) for result in results} == {tuple(visit.pk for visit in basket.visits)}
    assert Message.objects.filter(kind=Message.Kind.CONFIRMATION).count() == 3


def test_one_session_pressing_many_times_at_once_never_exceeds_the_number(now):
    """Each press is about another practitioner, and there are no rooms: only the lock of the basket makes them wait."""
    clinic = Clinic(people=10, rooms=0)
    basket_id = uuid4()
    at_once(
        10, lambda index: clinic.hold_several("me", [NINE + index * WEEK / 7], now, basket_id, clinic.people[index])
    )
    live = Appointment.objects.filter(status=Status.HELD, series=basket_id)
    assert live.count() <= clinic.service.series_limit
    assert len(set(live.values_list("starts_at", flat=True))) == live.count() > 0


def test_pressing_one_time_to_and_fro_at_once_leaves_it_held_or_free(now):
    clinic = Clinic()
    basket_id = uuid4()
    first = clinic.hold_several("me", [NINE], now, basket_id).visits[0]

    def press(index):
        if index % 2:
            return scheduling.return_time(visit=first, basket_id=basket_id, by=PATIENT, now=now)
        return clinic.hold_several("me", [NINE, NINE + WEEK], now, basket_id)

    at_once(8, press)
    held = Appointment.objects.filter(status=Status.HELD, series=basket_id)
    assert len(set(held.values_list("starts_at", flat=True))) == held.count()
    check_nothing_overlaps(now)


def test_a_basket_and_a_single_hold_of_one_session_at_once_break_no_rule(now):
    clinic = Clinic()
    basket_id = uuid4()

    def choose(index):
        if index % 2:
            return clinic.hold("me", NINE + index * HOUR / 2, now)
        return clinic.hold_several("me", [NINE + WEEK + index * HOUR / 2], now, basket_id)

    results = at_once(8, choose)
    assert any(not isinstance(result, Exception) for result in results)
    assert Appointment.objects.filter(status=Status.HELD, hold_key="me", series=None).count() <= 1
    check_nothing_overlaps(now)


def test_the_desk_and_baskets_never_share_a_time(now, django_user_model):
    clinic = Clinic(people=1, rooms=1)
    desk = Actor.staff(django_user_model.objects.create_user("desk", password="a long password"))
    patient = factories.make_patient()
    starts = [NINE + week * WEEK for week in range(4)]

    def act(index):
        if index % 2:
            return scheduling.book_by_staff(
                service=clinic.service, starts_at=starts[index % 4], practitioner=clinic.people[0],
                location=clinic.place, patient=patient, by=desk, now=now,
            )  # fmt: skip
        return clinic.book(clinic.hold_several(f"v{index}", starts, now), f"v{index}", now)

    at_once(8, act)
    check_nothing_overlaps(now)
    series = Appointment.objects.filter(status=Status.BOOKED, series__isnull=False)
    assert series.count() in (0, 4)


def test_the_desk_s_series_and_a_basket_are_each_whole(now, django_user_model):
    clinic = Clinic(people=1, rooms=1)
    desk = Actor.staff(django_user_model.objects.create_user("desk", password="a long password"))
    original = factories.make_appointment(
        service=clinic.service, practitioner=clinic.people[0], location=clinic.place, starts_at=NINE + 3 * HOUR
    )
    starts = [NINE + week * WEEK for week in range(1, 4)]

    def act(index):
        if index == 0:
            wishes = [(start, clinic.people[0]) for start in reversed(starts)]
            return scheduling.book_series(original=original, starts=wishes, by=desk, now=now)
        return clinic.book(clinic.hold_several(f"v{index}", starts, now), f"v{index}", now)

    results = at_once(3, act)
    assert sum(isinstance(result, list) for result in results) == 1
    assert Appointment.objects.filter(status=Status.BOOKED, starts_at__in=starts).count() == 3
    check_nothing_overlaps(now)


def test_the_waitlist_and_baskets_never_share_a_freed_time(now):
    clinic = Clinic(people=1, rooms=1)
    taken = [clinic.hold(f"old{hour}", NINE + hour * HOUR, now) for hour in range(6)]
    for number in range(3):
        wish = factories.make_wish(
            clinic.service, clinic.place, name=f"Waiting {chr(65 + number)}", email=f"w{number}@patients.example",
            first_on=date(2026, 11, 24), last_on=date(2026, 11, 24),
        )  # fmt: skip
        scheduling.join(wish=wish, now=now)
    for hold in taken:
        scheduling.release(appointment=hold, by=PATIENT, now=now)
    later = now + 3 * HOUR  # Offers go out in the daytime.

    def act(index):
        if index % 2:
            return scheduling.settle_waitlist(now=later)
        return clinic.hold_several(f"v{index}", [NINE + (index + step) % 6 * HOUR for step in range(2)], later)

    at_once(8, act)
    check_nothing_overlaps(later)
    offered = set(WaitlistOffer.objects.filter(state=WaitlistOffer.State.OPEN).values_list("appointment", flat=True))
    assert not Appointment.objects.filter(pk__in=offered, series__isnull=False).exists()


def test_the_worker_that_expires_holds_never_deadlocks_with_baskets(now):
    clinic = Clinic()
    for index in range(6):
        clinic.hold_several(f"v{index}", [NINE + (index // 2) * HOUR + week * WEEK for week in range(3)], now)
    later = now + timedelta(minutes=11)

    def act(index):
        if index % 3 == 0:
            return scheduling.expire_holds(now=later)
        number = index % 6
        basket = scheduling.load_basket(
            Appointment.objects.filter(hold_key=f"v{number}").values_list("series", flat=True)[0], f"v{number}"
        )
        return scheduling.extend_basket(basket_id=basket.id, holder=f"v{number}", by=PATIENT, now=later, visitor=OFFICE)

    results = at_once(12, act)
    assert not [error for error in results if isinstance(error, Exception)]
    check_nothing_overlaps(later)


@pytest.mark.parametrize("seed", range(3))
def test_a_busy_hour_of_everybody_at_once(now, seed, django_user_model):
    """Baskets that grow, shrink, lapse and are booked, single visitors, and the worker, in random order."""
    clinic = Clinic()
    random = Random(seed)
    plans = [[random.random() for _ in range(40)] for _ in range(6)]
    booked: list[tuple[str, list[int]]] = []

    def live(index):
        mine, basket_id, basket = iter(plans[index]), uuid4(), None
        for step in range(12):
            at, roll = now + timedelta(minutes=3 * step), next(mine)
            start = NINE + int(next(mine) * 4) * WEEK + int(next(mine) * 6) * HOUR
            try:
                if index == 5:
                    scheduling.expire_holds(now=at)
                elif index == 4:
                    scheduling.release(appointment=clinic.hold("single", start, at), by=PATIENT, now=at)
                elif roll < 0.55 or basket is None or not basket.visits:
                    basket = clinic.hold_several(f"v{index}", [start, start + WEEK], at, basket_id)
                elif roll < 0.75:
                    scheduling.return_time(visit=basket.visits[0], basket_id=basket_id, by=PATIENT, now=at)
                    basket = scheduling.load_basket(basket_id, f"v{index}")
                else:
                    done = clinic.book(basket, f"v{index}", at, key=f"v{index}-{step}")
                    booked.append((f"v{index}", [visit.pk for visit in done]))
                    basket_id, basket = uuid4(), None
            except REFUSED:
                basket = scheduling.load_basket(basket_id, f"v{index}")
        return

    results = at_once(6, live)
    assert not [error for error in results if isinstance(error, Exception)]
    assert booked
    check_nothing_overlaps(now + timedelta(minutes=33))
    for _holder, pks in booked:
        assert Appointment.objects.filter(pk__in=pks, status=Status.BOOKED).count() == len(pks)
