"""Concurrent workers and patients: no slot is offered or booked twice, and nobody gets two offers."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from threading import Barrier

import pytest
from django.db import connections

from booking import scheduling
from booking.models import Appointment, Message, Status, WaitlistEntry, WaitlistOffer
from booking.scheduling import Actor, BlockSpan, NotBookable, OfferGone, PatientDetails, SlotTaken
from tests.support import factories

pytestmark = pytest.mark.django_db(transaction=True)
PATIENT = Actor.patient()
NOW = datetime(2026, 11, 23, 16, 0, tzinfo=UTC)  # Monday, 10:00 a.m. in Alberta
NINE = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def at_once(count, work):
    """Run ``work(index)`` in ``count`` threads at once, and return each result or refusal."""
    barrier = Barrier(count)

    def run(index):
        try:
            barrier.wait(timeout=30)
            return work(index)
        except (SlotTaken, OfferGone, NotBookable, scheduling.AlreadyBooked, scheduling.WrongStatus) as error:
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


class Clinic:
    """Practitioners with one free hour each, on Tuesday at nine. With ``rooms``, every appointment needs a room."""

    def __init__(self, people=1, rooms=None):
        factories.make_clinic()
        self.place = factories.make_location()
        self.service = factories.make_service(duration=HOUR, needs_room=rooms is not None)
        for _ in range(rooms or 0):
            factories.make_room(self.place)
        self.people = [factories.make_practitioner([self.service]) for _ in range(people)]
        for person in self.people:
            factories.make_hours(
                person, self.place, weekdays=[1], start_time=time(9), end_time=time(10), ends_on=date(2026, 11, 24)
            )

    def join(self, number, **fields):
        who = {"name": f"Patient {chr(65 + number)}", "email": f"p{number}@patients.example"}
        wish = factories.make_wish(self.service, self.place, **(who | fields))
        return scheduling.join(wish=wish, now=NOW - HOUR + timedelta(seconds=number))

    def hold_and_book(self, number, now=NOW, starts_at=NINE):
        hold = scheduling.hold(
            service=self.service, starts_at=starts_at, holder=f"visitor-{number}", by=PATIENT, now=now,
            location=self.place,
        )  # fmt: skip
        details = PatientDetails(name=f"Visitor {number}", email=f"v{number}@patients.example", phone="+14035550123")
        return scheduling.book(hold=hold, details=details, submission_key=f"v{number}", by=PATIENT, now=now)


def accept(offer, now=NOW):
    offer = WaitlistOffer.objects.select_related("appointment__location", "entry").get(pk=offer.pk)
    return scheduling.accept(
        offer=offer, date_of_birth=None, reminders=True, notice_version="1", by=PATIENT, now=now
    )  # fmt: skip


def work(now=NOW):
    scheduling.expire_holds(now=now)
    scheduling.settle_waitlist(now=now)
    return scheduling.offer_available_slots(now=now)


def assert_consistent():
    """Assert that no appointments overlap for one practitioner or room, and that nobody has two open offers."""
    occupying = list(Appointment.objects.filter(status__in=["held", "booked"]))
    for first in occupying:
        for second in occupying:
            if first.pk < second.pk and first.starts_at < second.ends_at and second.starts_at < first.ends_at:
                assert first.practitioner_id != second.practitioner_id
                assert first.room_id is None or first.room_id != second.room_id
    keys = WaitlistOffer.objects.filter(state="open").values_list("entry__person_key", flat=True)
    assert len(set(keys)) == len(keys)


def test_many_workers_offer_each_slot_once_in_order_of_joining():
    clinic = Clinic(people=2, rooms=2)
    for number in range(5):
        clinic.join(number)
    offered = at_once(6, lambda _: work())
    assert sum(offered) == 2
    open_offers = WaitlistOffer.objects.filter(state="open").values_list("entry__name", flat=True)
    assert sorted(open_offers) == ["Patient A", "Patient B"]
    assert Message.objects.filter(kind="waitlist_offer").count() == 2
    assert_consistent()


def test_one_room_for_two_practitioners_gives_one_offer():
    clinic = Clinic(people=2, rooms=1)
    for number in range(3):
        clinic.join(number)
    assert sum(at_once(4, lambda _: work())) == 1
    assert_consistent()


def test_a_patient_with_several_entries_gets_one_offer_from_many_workers():
    clinic = Clinic(people=3)
    for index, person in enumerate(clinic.people):
        clinic.join(0, practitioner=person, last_on=date(2026, 12, 1) + timedelta(days=index))
    assert sum(at_once(6, lambda _: work())) == 1
    assert WaitlistOffer.objects.filter(state="open").count() == 1
    assert_consistent()


@pytest.mark.parametrize("turn", range(4))
def test_of_workers_and_patients_only_one_gets_a_slot(turn):
    clinic = Clinic()
    clinic.join(0)
    results = at_once(6, lambda index: work() if (index + turn) % 2 else clinic.hold_and_book(index))
    sold = [result for result in results if isinstance(result, Appointment)]
    assert len(sold) + WaitlistOffer.objects.filter(state="open").count() == 1, results
    assert_consistent()


def test_an_offer_accepted_many_times_at_once_is_one_appointment():
    clinic = Clinic()
    clinic.join(0)
    work()
    offer = WaitlistOffer.objects.get()
    accepted = at_once(6, lambda _: accept(offer))
    assert {appointment.pk for appointment in accepted} == {offer.appointment_id}
    assert Appointment.objects.get().status == Status.BOOKED
    assert Message.objects.filter(kind="confirmation").count() == 1


@pytest.mark.parametrize("other", ["pass", "leave"])
def test_accepting_and_declining_at_once_has_one_outcome(other):
    clinic = Clinic()
    entry = clinic.join(0)
    work()
    offer = WaitlistOffer.objects.select_related("appointment__location", "entry").get()

    def answer(index):
        if index % 2:
            return accept(offer)
        if other == "pass":
            return scheduling.decline(offer=offer, by=PATIENT, now=NOW)
        return scheduling.leave(entry=WaitlistEntry.objects.get(pk=entry.pk), by=PATIENT, now=NOW)

    at_once(4, answer)
    offer.refresh_from_db()
    status = Appointment.objects.get().status
    assert (offer.state, status) in {("accepted", "booked"), ("passed", "expired"), ("withdrawn", "expired")}
    outcome = WaitlistEntry.objects.get().outcome
    assert (outcome == "booked") == (status == "booked")


def test_an_expiring_offer_is_never_given_to_two_patients():
    """The first patient accepts one second before the end, while workers whose clock is later offer it to the next."""
    clinic = Clinic()
    clinic.join(0)
    clinic.join(1)
    work()
    offer = WaitlistOffer.objects.get()
    just_in_time, too_late = NOW + HOUR - timedelta(seconds=1), NOW + HOUR
    results = at_once(4, lambda index: work(too_late) if index else accept(offer, just_in_time))
    offer.refresh_from_db()
    booked = [result for result in results if isinstance(result, Appointment)]
    other = WaitlistOffer.objects.filter(entry__name="Patient B", state="open").exists()
    assert (len(booked), offer.state, other) in {(1, "accepted", False), (0, "lapsed", True)}
    assert_consistent()


def test_the_same_form_sent_many_times_at_once_gives_one_entry_and_one_message():
    clinic = Clinic()
    entries = at_once(6, lambda _: clinic.join(0))
    assert len({entry.pk for entry in entries}) == 1
    assert WaitlistEntry.objects.count() == 1
    assert Message.objects.filter(kind="waitlist_joined").count() == 1


def test_a_mixed_load_leaves_consistent_data():
    """Workers, declined and accepted offers, and new bookings, all at once."""
    clinic = Clinic(people=3, rooms=2)
    for person in clinic.people:
        factories.make_hours(person, clinic.place, weekdays=[2], start_time=time(9), end_time=time(12))
    for number in range(8):
        clinic.join(number)

    def act(index):
        for turn in range(4):
            offers = list(WaitlistOffer.objects.filter(state="open").select_related("appointment__location", "entry"))
            if index == 0 or not offers:
                work()
            elif index % 3 == 0:
                scheduling.decline(offer=offers[index % len(offers)], by=PATIENT, now=NOW)
            elif index % 3 == 1:
                with suppress(OfferGone):
                    accept(offers[index % len(offers)])
            else:
                with suppress(SlotTaken):
                    clinic.hold_and_book(f"{index}-{turn}", starts_at=NINE + timedelta(days=1, hours=turn % 3))

    at_once(6, act)
    assert_consistent()
    for offer in WaitlistOffer.objects.select_related("appointment", "entry"):
        status = {"open": "held", "accepted": "booked"}.get(offer.state, "expired")
        assert offer.appointment.status == status
        assert offer.state != "accepted" or offer.entry.outcome == "booked"


@pytest.fixture
def desk(django_user_model):
    return Actor.staff(django_user_model.objects.create_superuser("desk"))


@pytest.mark.parametrize("turn", range(3))
def test_of_an_offer_by_hand_the_worker_and_a_patient_only_one_gets_the_slot(desk, turn):
    clinic = Clinic()
    entry = clinic.join(0)
    person = clinic.people[0]

    def act(index):
        match (index + turn) % 3:
            case 0:
                return scheduling.offer_to(entry=entry, starts_at=NINE, practitioner=person, by=desk, now=NOW)
            case 1:
                return work()
        return clinic.hold_and_book(index)

    results = at_once(6, act)
    sold = [result for result in results if isinstance(result, Appointment)]
    assert len(sold) + WaitlistOffer.objects.filter(state="open").count() == 1, results
    assert_consistent()


def test_two_desks_offer_one_slot_to_two_people_at_once(desk):
    clinic = Clinic()
    entries = [clinic.join(number) for number in range(2)]

    def act(index):
        return scheduling.offer_to(
            entry=entries[index % 2], starts_at=NINE, practitioner=clinic.people[0], by=desk, now=NOW
        )

    results = at_once(4, act)
    assert sum(isinstance(result, WaitlistOffer) for result in results) == 1, results
    assert_consistent()


def test_booking_for_who_waits_and_their_own_answer_make_one_visit(desk):
    clinic = Clinic()
    entry = clinic.join(0)
    work()
    offer = WaitlistOffer.objects.get()

    def act(index):
        if index % 2:
            return accept(offer)
        return scheduling.book_waiting(entry=entry, starts_at=NINE, practitioner=clinic.people[0], by=desk, now=NOW)

    results = at_once(4, act)
    visits = {result.pk for result in results if isinstance(result, Appointment)}
    assert len(visits) == Appointment.objects.filter(status=Status.BOOKED).count() == 1, results
    assert WaitlistEntry.objects.get().outcome == "booked"
    assert_consistent()


@pytest.mark.parametrize("turn", range(2))
def test_nobody_is_left_holding_a_time_that_was_blocked_at_once(desk, turn):
    """Whoever booked first keeps the visit; nobody who comes later gets the time."""
    clinic = Clinic()
    clinic.join(0)
    day = date(2026, 11, 24)

    def act(index):
        match (index + turn) % 3:
            case 0:
                return work()
            case 1:
                return clinic.hold_and_book(index)
        span = BlockSpan(day, None, day, None)
        return scheduling.block_time(practitioners=clinic.people, span=span, by=desk, now=NOW)

    at_once(6, act)
    assert not Appointment.objects.filter(status=Status.HELD).exists()
    assert not WaitlistOffer.objects.filter(state="open").exists()
    with pytest.raises(SlotTaken):
        clinic.hold_and_book(9)
    assert_consistent()
