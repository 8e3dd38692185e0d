"""Several appointments in one go: held, extended and booked together, all or none."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from django.db import IntegrityError, transaction

from booking import messages, scheduling
from booking.models import Appointment, AppointmentEvent, Clinic, Message, Patient, Status
from booking.scheduling import Actor, KnownVisits, PatientDetails, Visitor
from tests.support.factories import make_appointment, make_hours, make_practitioner, make_room, make_service

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clinic", "practitioner", "stopped_clock")]
PATIENT = Actor.patient()
NINE = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
WEEK = timedelta(weeks=1)
MINUTE = timedelta(minutes=1)
ALICE = PatientDetails(name="Alice Martin", email="alice@patients.example", phone="+14035550123", is_first_visit=True)
BASKET = UUID("5e0b7b7a-6a60-4a0a-9d0c-0d1f6a1c2b3d")
STAFF_NETWORK = Visitor(is_staff=True)


@pytest.fixture
def service():
    return make_service(duration=timedelta(hours=1), step=timedelta(minutes=30))


@pytest.fixture
def hold(service, location, now):
    def hold(*starts, at=now, holder="me", basket_id=BASKET, visitor=STAFF_NETWORK, service=service, person=None):
        return scheduling.hold_several(
            service=service,
            wishes=[(start, person) for start in starts],
            basket_id=basket_id,
            holder=holder,
            by=PATIENT,
            now=at,
            location=location,
            new_patient=True,
            visitor=visitor,
        )

    return hold


@pytest.fixture
def book(now):
    def book(basket, *, details=ALICE, at=now, key="key", visitor=STAFF_NETWORK, who=None, **more):
        people = {visit.reference: (who or {}).get(visit.starts_at, details) for visit in basket.visits}
        return scheduling.book_basket(
            basket_id=basket.id, holder="me", details=people, submission_key=key, by=PATIENT, now=at, visitor=visitor,
            **more,
        )  # fmt: skip

    return book


def starts_of(rows):
    return [row.starts_at for row in rows]


def held(**fields):
    return Appointment.objects.filter(status=Status.HELD, **fields)


class TestHolding:
    def test_each_choice_holds_one_more_time_in_the_basket(self, hold):
        hold(NINE)
        basket = hold(NINE + WEEK)
        assert starts_of(basket.visits) == [NINE, NINE + WEEK]
        assert held(hold_key="me", series=BASKET).count() == 2

    def test_several_starts_are_held_all_or_none(self, hold, service, practitioner, location):
        make_appointment(service=service, practitioner=practitioner, location=location, starts_at=NINE + WEEK)
        with pytest.raises(scheduling.BasketTaken) as refused:
            hold(NINE, NINE + WEEK, NINE + 2 * WEEK)
        assert refused.value.starts == [NINE + WEEK]
        assert not held().exists()

    def test_a_start_that_is_in_the_basket_is_not_held_twice(self, hold):
        hold(NINE)
        assert starts_of(hold(NINE, NINE, NINE + WEEK).visits) == [NINE, NINE + WEEK]

    def test_the_service_says_how_many_there_may_be(self, hold, service):
        service.series_limit = 2
        service.save()
        hold(NINE, NINE + WEEK)
        with pytest.raises(scheduling.BasketFull, match="up to 2 appointments"):
            hold(NINE + 2 * WEEK)
        assert held().count() == 2

    def test_each_choice_sets_the_end_of_the_whole_basket(self, hold, now):
        hold(NINE)
        hold(NINE + WEEK, at=now + 6 * MINUTE)
        assert set(held().values_list("hold_expires_at", flat=True)) == {now + 16 * MINUTE}

    def test_no_basket_is_held_longer_than_40_minutes_after_its_first_choice(self, hold, now):
        for number in range(4):
            hold(NINE + number * WEEK, at=now + 9 * number * MINUTE)
        hold(NINE + 4 * WEEK, at=now + 35 * MINUTE)
        assert set(held().values_list("hold_expires_at", flat=True)) == {now + 40 * MINUTE}
        with pytest.raises(scheduling.HoldLimitReached):
            hold(NINE + 5 * WEEK, at=now + 40 * MINUTE)

    def test_returning_the_first_time_does_not_start_the_40_minutes_again(self, hold, now):
        first = hold(NINE).visits[0]
        hold(NINE + WEEK, at=now + 9 * MINUTE)
        scheduling.return_time(visit=first, basket_id=BASKET, by=PATIENT, now=now + 9 * MINUTE)
        for minutes in (18, 27, 35):
            scheduling.extend_basket(basket_id=BASKET, holder="me", by=PATIENT, now=now + minutes * MINUTE)
        assert held(starts_at=NINE + WEEK).get().hold_expires_at == now + 40 * MINUTE

    def test_a_time_is_never_held_beyond_its_start(self, hold, service, now):
        service.lead_time = timedelta(0)
        service.save()
        start = NINE + timedelta(hours=1)
        hold(start, NINE + WEEK, at=start - 3 * MINUTE)
        assert held(starts_at=start).get().hold_expires_at == start

    def test_a_returned_time_is_free_for_others_at_once(self, hold, now):
        basket = hold(NINE, NINE + WEEK)
        scheduling.return_time(visit=basket.visits[0], basket_id=BASKET, by=PATIENT, now=now)
        assert starts_of(scheduling.load_basket(BASKET, "me").visits) == [NINE + WEEK]
        assert hold(NINE, holder="other", basket_id=uuid4()).visits

    def test_nobody_returns_a_time_of_another_basket(self, hold, now):
        other = hold(NINE, holder="other", basket_id=uuid4()).visits[0]
        scheduling.return_time(visit=other, basket_id=BASKET, by=PATIENT, now=now)
        assert held(pk=other.pk).exists()

    def test_the_basket_s_own_times_count_as_taken(self, hold):
        hold(NINE)
        with pytest.raises(scheduling.BasketTaken):
            hold(NINE + 30 * MINUTE)

    def test_the_time_that_a_session_holds_on_its_own_joins_its_basket(self, hold, service, location, now):
        own = scheduling.hold(
            service=service, starts_at=NINE, holder="me", by=PATIENT, now=now, location=location, new_patient=True
        )
        basket = hold(NINE + WEEK)
        assert starts_of(basket.visits) == [NINE, NINE + WEEK]
        assert basket.visits[0].pk == own.pk

    def test_choosing_one_time_outside_the_basket_releases_it(self, hold, service, location, now):
        """As code that knows no baskets does, too."""
        hold(NINE, NINE + WEEK)
        scheduling.hold(
            service=service, starts_at=NINE + 2 * WEEK, holder="me", by=PATIENT, now=now, location=location,
            new_patient=True,
        )  # fmt: skip
        assert starts_of(held()) == [NINE + 2 * WEEK]

    def test_one_basket_may_be_changed_40_times(self, hold, now):
        for _ in range(20):
            for visit in hold(NINE, NINE + WEEK).visits:
                scheduling.return_time(visit=visit, basket_id=BASKET, by=PATIENT, now=now)
        with pytest.raises(scheduling.HoldLimitReached, match="chosen and returned"):
            hold(NINE)

    def test_a_basket_counts_once_against_the_holds_of_a_network(self, hold, settings):
        Clinic.objects.update(unverified_share=100)
        settings.BOOKING_LIVE_HOLDS = 2
        network = Visitor("203.0.113.0")
        hold(NINE, NINE + WEEK, NINE + 2 * WEEK, visitor=network)
        hold(NINE + 3 * WEEK, holder="other", basket_id=uuid4(), visitor=network)
        with pytest.raises(scheduling.exceptions.RateLimitExceeded):
            hold(NINE + 4 * WEEK, holder="third", basket_id=uuid4(), visitor=network)

    def test_the_database_refuses_one_start_twice_in_a_basket(self, hold):
        visit = hold(NINE).visits[0]
        visit.pk, visit.uid, visit.reference = None, uuid4(), "22222222"
        visit.practitioner = make_practitioner()
        with pytest.raises(IntegrityError), transaction.atomic():
            visit.save(force_insert=True)


class TestLapsing:
    def test_a_lapsed_basket_is_held_again_as_a_whole(self, hold, now):
        hold(NINE, NINE + WEEK)
        scheduling.expire_holds(now=now + 11 * MINUTE)
        scheduling.extend_basket(basket_id=BASKET, holder="me", by=PATIENT, now=now + 11 * MINUTE)
        assert set(held().values_list("hold_expires_at", flat=True)) == {now + 21 * MINUTE}

    def test_what_is_gone_is_named_and_nothing_else_changes(self, hold, now):
        hold(NINE, NINE + WEEK)
        hold(NINE, holder="other", basket_id=uuid4(), at=now + 11 * MINUTE)
        with pytest.raises(scheduling.BasketTaken) as refused:
            scheduling.extend_basket(basket_id=BASKET, holder="me", by=PATIENT, now=now + 12 * MINUTE)
        assert refused.value.starts == [NINE]
        assert not held(hold_key="me", hold_expires_at__gt=now + 12 * MINUTE).exists()

    def test_another_choice_takes_lapsed_times_again_and_drops_those_that_are_gone(self, hold, now):
        hold(NINE, NINE + WEEK)
        hold(NINE, holder="other", basket_id=uuid4(), at=now + 11 * MINUTE)
        basket = hold(NINE + 2 * WEEK, at=now + 12 * MINUTE)
        assert starts_of(basket.live(now + 12 * MINUTE)) == [NINE + WEEK, NINE + 2 * WEEK]

    def test_a_lapsed_basket_is_booked_if_all_its_times_are_free(self, hold, book, now):
        basket = hold(NINE, NINE + WEEK)
        assert len(book(basket, at=now + timedelta(hours=1))) == 2


class TestBooking:
    def test_all_are_booked_with_a_link_calendar_and_messages_of_their_own(self, hold, book, now):
        booked = book(hold(NINE, NINE + WEEK, NINE + 2 * WEEK))
        assert {visit.status for visit in booked} == {Status.BOOKED}
        assert {visit.series for visit in booked} == {BASKET}
        assert {visit.patient.name for visit in booked} == {"Alice Martin"}
        assert Patient.objects.count() == 1
        confirmations = Message.objects.filter(kind=Message.Kind.CONFIRMATION)
        assert {message.appointment_id for message in confirmations} == {visit.pk for visit in booked}
        assert Message.objects.filter(kind=Message.Kind.REMINDER).values("appointment").distinct().count() == 3
        assert AppointmentEvent.objects.filter(kind=AppointmentEvent.Kind.BOOKED).count() == 3
        assert messages.send_due(now=now + timedelta(hours=1)) >= 3

    def test_if_one_is_gone_none_is_booked_and_it_is_named(self, hold, book, now):
        basket = hold(NINE, NINE + WEEK, NINE + 2 * WEEK)
        later = now + timedelta(hours=1)
        hold(NINE + WEEK, holder="other", basket_id=uuid4(), at=later)
        with pytest.raises(scheduling.BasketTaken) as refused:
            book(basket, at=later)
        assert refused.value.starts == [NINE + WEEK]
        assert not Appointment.objects.filter(status=Status.BOOKED).exists()
        assert not Message.objects.exists()
        assert not Patient.objects.exists()

    def test_if_one_is_no_longer_worked_none_is_booked_though_all_are_held(self, hold, book, practitioner):
        basket = hold(NINE, NINE + WEEK)
        practitioner.time_off.create(starts_on=date(2026, 12, 1), ends_on=date(2026, 12, 1))
        with pytest.raises(scheduling.BasketTaken):
            book(basket)
        assert held().count() == 2

    def test_the_same_form_twice_gives_the_same_appointments(self, hold, book):
        basket = hold(NINE, NINE + WEEK)
        assert [visit.pk for visit in book(basket)] == [visit.pk for visit in book(basket)]
        assert Message.objects.filter(kind=Message.Kind.CONFIRMATION).count() == 2

    def test_a_form_about_another_state_of_the_basket_books_nothing(self, hold, book):
        basket = hold(NINE, NINE + WEEK)
        hold(NINE + 2 * WEEK)
        with pytest.raises(scheduling.AlreadyBooked):
            book(basket)
        assert held().count() == 3

    def test_two_children_are_two_patients_with_one_contact(self, hold, book):
        lea = scheduling.with_name(ALICE, "Lea Martin")
        booked = book(hold(NINE, NINE + WEEK), who={NINE + WEEK: lea})
        assert [visit.patient.name for visit in booked] == ["Alice Martin", "Lea Martin"]
        assert booked[1].patient.contact_name == "Alice Martin"
        assert {visit.patient.email for visit in booked} == {ALICE.email}

    def test_a_child_named_twice_is_one_patient(self, hold, book):
        lea = scheduling.with_name(ALICE, "Lea Martin")
        book(hold(NINE, NINE + WEEK), details=lea)
        assert Patient.objects.get().name == "Lea Martin"

    def test_two_times_at_once_of_one_person_are_asked_about(self, hold, book, service, location):
        other = make_practitioner([service])
        make_hours(other, location)
        basket = hold(NINE, NINE + 30 * MINUTE)
        with pytest.raises(scheduling.VisitOverlaps):
            book(basket)
        assert len(book(basket, accepts_overlap=True)) == 2

    def test_two_times_at_once_of_two_children_are_not(self, hold, book, service, location):
        make_hours(make_practitioner([service]), location)
        lea = scheduling.with_name(ALICE, "Lea Martin")
        assert len(book(hold(NINE, NINE + 30 * MINUTE), who={NINE: lea})) == 2

    def test_an_earlier_visit_of_the_session_at_one_of_the_times_is_asked_about(self, hold, book, service, location):
        other = make_appointment(service=service, practitioner=make_practitioner(), location=location, starts_at=NINE)
        with pytest.raises(scheduling.VisitOverlaps):
            book(hold(NINE, NINE + WEEK), known=KnownVisits(uids=[other.uid]))

    def test_different_services_fit_one_basket(self, hold, book, practitioner):
        short = make_service(duration=timedelta(minutes=30))
        practitioner.practitioner_services.create(service=short)
        hold(NINE)
        booked = book(hold(NINE + WEEK, service=short))
        assert [visit.duration for visit in booked] == [timedelta(hours=1), timedelta(minutes=30)]

    def test_two_lapsed_times_never_get_the_same_room(self, hold, book, service, location, now):
        service.needs_room = True
        service.save()
        make_room(location)
        make_hours(make_practitioner([service]), location)
        room = make_room(location)
        basket = hold(NINE, NINE + 30 * MINUTE)
        assert len({visit.room_id for visit in basket.visits}) == 2
        room.is_active = False
        room.save()
        with pytest.raises(scheduling.BasketTaken):
            book(basket, at=now + timedelta(hours=1), accepts_overlap=True)

    def test_a_basket_counts_once_as_an_upcoming_visit(self, hold, book, now):
        Clinic.objects.update(visits_ahead_per_email=2)
        book(hold(NINE, NINE + WEEK, NINE + 2 * WEEK))
        second = hold(NINE + 3 * WEEK, NINE + 4 * WEEK, basket_id=(two := uuid4()))
        assert second.id == two
        assert len(book(second, key="second")) == 2
        third = hold(NINE + 5 * WEEK, NINE + 6 * WEEK, basket_id=uuid4())
        with pytest.raises(scheduling.CallToBook):
            book(third, key="third")

    def test_what_was_returned_is_no_part_of_the_series(self, hold, book, now):
        basket = hold(NINE, NINE + WEEK, NINE + 2 * WEEK)
        scheduling.return_time(visit=basket.visits[0], basket_id=BASKET, by=PATIENT, now=now)
        book(scheduling.load_basket(BASKET, "me"))
        assert Appointment.objects.filter(series=BASKET).count() == 2


class TestConfirming:
    @pytest.fixture
    def waiting(self, hold, book):
        """Two bookings of a network that has booked enough: both wait for one email."""
        network = Visitor("203.0.113.0")
        for number in (3, 4):
            basket = hold(NINE + number * WEEK, NINE + (number + 2) * WEEK, basket_id=uuid4(), visitor=network)
            book(basket, key=str(number), visitor=network)
        Message.objects.all().delete()
        return book(hold(NINE, NINE + WEEK, visitor=network), visitor=network)

    def test_from_the_third_form_of_a_network_on_all_times_wait_for_one_email(self, waiting):
        assert {visit.status for visit in waiting} == {Status.UNCONFIRMED}
        assert Message.objects.get().kind == Message.Kind.CONFIRM_REQUEST

    def test_its_link_books_all(self, waiting, now):
        booked = scheduling.confirm_basket(appointment=waiting[1], by=PATIENT, now=now)
        assert [(visit.status, visit.is_unverified) for visit in booked] == [(Status.BOOKED, False)] * 2
        assert Message.objects.filter(kind=Message.Kind.CONFIRMATION).count() == 2

    def test_if_one_is_taken_none_is_booked_until_another_time_is_chosen(self, waiting, hold, practitioner, now):
        hold(NINE + WEEK, holder="other", basket_id=uuid4())
        with pytest.raises(scheduling.BasketTaken) as refused:
            scheduling.confirm_basket(appointment=waiting[0], by=PATIENT, now=now)
        assert refused.value.starts == [NINE + WEEK]
        assert Appointment.objects.filter(status=Status.UNCONFIRMED).count() == 2
        instead = {waiting[1].reference: (NINE + WEEK + timedelta(hours=1), practitioner)}
        booked = scheduling.confirm_basket(appointment=waiting[0], by=PATIENT, now=now, instead=instead)
        assert starts_of(booked) == [NINE, NINE + WEEK + timedelta(hours=1)]

    def test_or_it_is_left_out(self, waiting, now):
        booked = scheduling.confirm_basket(
            appointment=waiting[0], by=PATIENT, now=now, instead={waiting[1].reference: None}
        )
        assert starts_of(booked) == [NINE]
        assert Appointment.objects.get(pk=waiting[1].pk).status == Status.EXPIRED

    def test_after_the_hour_none_is_booked(self, waiting, now):
        with pytest.raises(scheduling.NotConfirmed):
            scheduling.confirm_basket(appointment=waiting[0], by=PATIENT, now=now + timedelta(hours=1))

    def test_a_new_address_gets_one_email_for_all(self, waiting, now, admin_user):
        Message.objects.all().delete()
        scheduling.correct_contact(
            patient=waiting[0].patient, email="new@patients.example", phone="+14035550123",
            by=Actor.staff(admin_user), now=now, send=True,
        )  # fmt: skip
        assert Message.objects.filter(kind=Message.Kind.CONFIRM_REQUEST, appointment__series=BASKET).count() == 1
        assert {row.link_generation for row in waiting if row.refresh_from_db() is None} == {2}
