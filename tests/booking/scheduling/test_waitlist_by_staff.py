"""The waitlist by hand: callers without an address, offers and bookings by staff, and their guards."""

from datetime import UTC, date, datetime, timedelta

import pytest

from booking import scheduling
from booking.models import Appointment, Message, Patient, Status, WaitlistEntry, WaitlistOffer
from booking.scheduling import Actor, NotBookable, SlotTaken, WrongStatus
from booking.scheduling.waitlist import offers
from tests.support import factories

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 23)  # Monday; it is 8:00 a.m.
TEN = datetime(2026, 11, 23, 16, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def service():
    return factories.make_service(duration=HOUR, buffer_after=timedelta(minutes=15), lead_time=4 * HOUR)


@pytest.fixture
def wish(clinic, service, practitioner, location):
    def wish(**fields):
        return factories.make_wish(service, location, **fields)

    return wish


@pytest.fixture
def caller(wish, desk, now):
    """Adds a caller to the waitlist, without an address unless one is given."""

    def caller(**fields):
        patient = fields.pop("patient", None)
        return scheduling.add_caller(wish=wish(**{"email": ""} | fields), by=desk, now=now, patient=patient)

    return caller


@pytest.fixture
def offer(practitioner, desk, now):
    def offer(entry, starts_at=TEN, now=now):
        return scheduling.offer_to(entry=entry, starts_at=starts_at, practitioner=practitioner, by=desk, now=now)

    return offer


@pytest.fixture
def book(practitioner, desk, now):
    def book(entry, starts_at=TEN):
        return scheduling.book_waiting(entry=entry, starts_at=starts_at, practitioner=practitioner, by=desk, now=now)

    return book


def test_a_caller_without_an_address_gets_no_email_and_is_never_offered_one(caller, offer, now):
    entry = caller()
    WaitlistEntry.objects.update(known_starts=[])
    assert scheduling.offer_available_slots(now=now) == 0
    with pytest.raises(NotBookable, match="call"):
        offer(entry)
    assert not Message.objects.exists()
    assert not Appointment.objects.exists()


def test_a_caller_whose_details_were_removed_meanwhile_is_not_put_on_the_list(caller, desk, now):
    patient = factories.make_patient()
    Patient.objects.update(disposed_at=now)  # By somebody else, after the form was shown.
    with pytest.raises(WrongStatus, match="have been removed"):
        caller(patient=patient)
    assert not WaitlistEntry.objects.exists()


def test_a_caller_who_was_merged_meanwhile_is_on_the_list_as_who_stands(caller):
    merged, stands = factories.make_patient(), factories.make_patient()
    Patient.objects.filter(pk=merged.pk).update(merged_into=stands)
    assert caller(patient=merged).patient == stands


def test_who_was_disposed_of_meanwhile_is_offered_and_booked_nothing(caller, offer, book):
    entry = caller(email="alice@patients.example")
    WaitlistEntry.objects.all().delete()
    with pytest.raises(SlotTaken, match="no longer waits"):
        offer(entry)
    with pytest.raises(WrongStatus, match="no longer on the waitlist"):
        book(entry)
    assert not Appointment.objects.exists()


def test_a_caller_with_an_address_gets_the_link_and_no_time_that_they_have_heard_of(caller, now):
    entry = caller(email="alice@patients.example")
    assert Message.objects.get().kind == "waitlist_joined"
    assert len(entry.known_starts) > 0
    assert scheduling.offer_available_slots(now=now) == 0


def test_the_same_caller_with_the_same_wish_has_one_entry(caller):
    assert caller() == caller()
    assert caller(phone="+14035550199") != caller()  # Somebody else of the same name.


@pytest.mark.parametrize(
    "wrong",
    [
        {"first_on": TODAY - timedelta(days=1)},
        {"last_on": date(9999, 12, 31)},
        {"first_on": TODAY + timedelta(days=2), "last_on": TODAY + timedelta(days=1)},
        {"parts": frozenset()},
        {"parts": frozenset({"night"})},
    ],
)
def test_an_impossible_wish_is_refused(caller, wrong):
    with pytest.raises(NotBookable):
        caller(**wrong)
    assert not WaitlistEntry.objects.exists()


def test_someone_who_does_not_offer_the_service_is_refused(caller, service):
    with pytest.raises(NotBookable):
        caller(practitioner=factories.make_practitioner())
    service.is_active = False
    with pytest.raises(NotBookable):
        caller()


def test_only_staff_do_this(wish, practitioner, now):
    entry = scheduling.join(wish=wish(), now=now)
    common = {"by": Actor.patient(), "now": now}
    with pytest.raises(WrongStatus):
        scheduling.add_caller(wish=wish(), **common)
    for command in (scheduling.offer_to, scheduling.book_waiting):
        with pytest.raises(WrongStatus):
            command(entry=entry, starts_at=TEN, practitioner=practitioner, **common)


def test_an_offer_by_hand_holds_the_time_for_an_hour_inside_the_lead_time(caller, offer, now, desk):
    made = offer(caller(email="alice@patients.example"))
    assert (made.expires_at, made.appointment.status) == (now + HOUR, Status.HELD)
    assert made.appointment.events.get().actor == desk.user
    assert list(made.messages.values_list("kind", flat=True)) == ["waitlist_offer"]


def test_an_offer_by_hand_ends_at_the_start_at_the_latest(caller, offer, now):
    made = offer(caller(email="alice@patients.example"), now=now + timedelta(minutes=90))
    assert made.expires_at == TEN


def test_an_offer_by_hand_can_be_accepted(caller, offer, now):
    made = offer(caller(email="alice@patients.example"))
    made = WaitlistOffer.objects.select_related("appointment__location", "entry").get(pk=made.pk)
    scheduling.accept(
        offer=made, date_of_birth=None, reminders=True, notice_version="1", by=Actor.patient(), now=now
    )  # fmt: skip
    assert Appointment.objects.get().status == Status.BOOKED


def test_a_buffer_does_not_stop_an_offer_by_hand_and_a_visit_does(caller, offer, service, location, practitioner):
    common = {"practitioner": practitioner, "service": service, "location": location}
    factories.make_appointment(**common, starts_at=TEN - HOUR)
    offer(caller(email="alice@patients.example"))
    with pytest.raises(SlotTaken):
        offer(caller(name="Bob", email="bob@patients.example"), starts_at=TEN - HOUR / 2)
    with pytest.raises(SlotTaken):
        offer(caller(name="Bob", email="bob@patients.example"))  # It is on offer already.


def test_a_person_has_one_open_offer_and_each_start_once(caller, offer, desk, now):
    first, second = caller(email="al@patients.example"), caller(email="al@patients.example", last_on=TODAY)
    made = offer(first)
    for entry in (first, second):
        with pytest.raises(NotBookable, match="already has an offer"):
            offer(entry, starts_at=TEN + 2 * HOUR)
    scheduling.decline(offer=made, by=Actor.patient(), now=now)
    with pytest.raises(NotBookable, match="before"):
        offer(first)
    offer(first, starts_at=TEN + 2 * HOUR)


@pytest.mark.parametrize("other", ["day", "part", "person", "past", "closed"])
def test_what_was_not_asked_for_or_cannot_be_is_not_offered(caller, offer, practitioner, service, other):
    fields = {
        "day": {"first_on": TODAY + timedelta(days=1)},
        "part": {"parts": frozenset({"evening"})},
        "person": {"practitioner": factories.make_practitioner([service])},
    }.get(other, {})
    hours = {"past": -3, "closed": 8}.get(other, 0)
    with pytest.raises(scheduling.SchedulingError):
        offer(caller(email="al@patients.example", **fields), starts_at=TEN + hours * HOUR)
    assert not Appointment.objects.exists()


def test_who_books_by_phone_only_is_called(caller, offer):
    factories.make_patient(name="Alice Martin", books_by_phone_only=True)
    with pytest.raises(NotBookable, match="phone"):
        offer(caller(email="alice@patients.example"))


def test_a_service_that_only_staff_book_is_not_offered_by_email(caller, offer, service):
    entry = caller(email="alice@patients.example")
    type(service).objects.filter(pk=service.pk).update(booked_by="staff")
    with pytest.raises(NotBookable, match="online"):
        offer(WaitlistEntry.objects.get(pk=entry.pk))


def test_booking_for_who_waits_ends_the_entry_and_confirms(caller, book, desk):
    entry = caller(email="alice@patients.example")
    visit = book(entry)
    entry.refresh_from_db()
    assert (visit.status, visit.patient.name, entry.outcome) == (Status.BOOKED, "Alice Martin", "booked")
    assert visit.events.get().actor == desk.user
    assert Message.objects.filter(kind="confirmation").count() == 1
    with pytest.raises(WrongStatus):
        book(entry, starts_at=TEN + 2 * HOUR)


def test_booking_uses_the_known_patient_or_the_only_one_with_these_details(caller, book):
    known = factories.make_patient(name="Bo Berg", email="", phone="+14035550188", date_of_birth=date(1980, 1, 1))
    assert book(caller(name="Robert Berg", phone="+14035550188", patient=known)).patient == known
    assert book(caller(name="Bo Berg", phone="+14035550188"), TEN + 2 * HOUR).patient == known
    assert book(caller(name="Bo Berg", phone="+14035550189"), TEN + 4 * HOUR).patient != known


def test_booking_withdraws_the_offer_of_the_same_time(caller, book, offer):
    entry = caller(email="alice@patients.example")
    made = offer(entry)
    visit = book(entry)
    made.refresh_from_db()
    assert (made.state, made.appointment.status, visit.status) == ("withdrawn", Status.EXPIRED, Status.BOOKED)


def test_a_booking_that_is_refused_leaves_the_entry_and_its_offer(caller, book, offer):
    entry = caller(email="alice@patients.example")
    made = offer(entry)
    with pytest.raises(scheduling.NeedsReason):
        book(entry, TEN + 10 * HOUR)  # After hours.
    entry.refresh_from_db()
    made.refresh_from_db()
    assert (entry.is_waiting, made.state) == (True, "open")


def test_an_offer_sees_what_was_taken_just_before_the_lock(
    caller, offer, just_before_the_lock, practitioner, service, location
):
    entry = caller(email="alice@patients.example")

    def rival():
        common = {"practitioner": practitioner, "service": service, "location": location}
        factories.make_appointment(**common, starts_at=TEN - HOUR / 2)

    just_before_the_lock(offers, rival)
    with pytest.raises(SlotTaken):
        offer(entry)
    assert not WaitlistOffer.objects.exists()


def test_who_booked_by_phone_leaves_the_list_and_a_namesake_does_not(caller, now, service, location, practitioner):
    booked, namesake = caller(), caller(phone="+14035550199")
    known = factories.make_patient(name="Cy Dee", email="cy@patients.example")
    linked = caller(name="Cy Dee", patient=known)
    common = {"practitioner": practitioner, "service": service, "location": location}
    factories.make_appointment(**common, patient=factories.make_patient(email=""), starts_at=TEN + 24 * HOUR)
    factories.make_appointment(**common, patient=known, starts_at=TEN + 48 * HOUR)
    scheduling.settle_waitlist(now=now + HOUR)
    assert set(WaitlistEntry.objects.waiting()) == {namesake}
    assert {booked, linked} == set(WaitlistEntry.objects.filter(outcome="booked"))
