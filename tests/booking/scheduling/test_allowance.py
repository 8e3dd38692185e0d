"""Stock cannot be taken away: how much unverified visitors may hold and book, and what happens beyond it."""

from datetime import UTC, date, datetime, time, timedelta
from random import Random

import pytest

from booking import scheduling
from booking.models import Appointment, Clinic, HoursOverride, Message, PractitionerService
from booking.scheduling import Actor, PatientDetails, SlotTaken, Visitor
from booking.scheduling.appointments import allowance
from booking.scheduling.slots.bookable_time import bookable_time
from tests.support.factories import make_appointment, make_hours, make_practitioner, make_service

PATIENT = Actor.patient()
PROVED = Visitor(proved_email="alice@patients.example")
MINUTE = timedelta(minutes=1)
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clinic")]


def at(hour, minute=0, day=24):
    """Return the instant of a November 2026 local time in Alberta (UTC-06)."""
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC) + timedelta(hours=6)


def details(number=0, **fields):
    return PatientDetails(
        **{"name": f"Patient {number}", "email": f"p{number}@patients.example", "phone": "+14035550123"} | fields
    )


@pytest.fixture
def service():
    """An hour, on a grid of hours: nine of them fit into the day from 8 to 17."""
    return make_service(duration=timedelta(hours=1))


@pytest.fixture
def practitioner(service, location):
    made = make_practitioner([service])
    make_hours(made, location, start_time=time(8), end_time=time(17))
    return made


@pytest.fixture
def hold(service, location, practitioner, now):
    def make(starts_at=at(10), holder=None, **fields):
        return scheduling.hold(
            **{"service": service, "starts_at": starts_at, "holder": holder or f"{starts_at}", "by": PATIENT}
            | {"now": now, "location": location}
            | fields
        )

    return make


@pytest.fixture
def book(hold, now):
    def make(starts_at=at(10), number=0, visitor=scheduling.UNKNOWN_VISITOR, **fields):
        held = hold(starts_at, visitor=visitor)
        return scheduling.book(
            hold=held, details=details(number, **fields), submission_key=f"{starts_at}-{number}", by=PATIENT, now=now,
            visitor=visitor,
        )  # fmt: skip

    return make


def statuses(rows):
    return [row.status for row in rows]


def test_strangers_hold_less_than_a_third_of_a_day_and_choose_the_rest_without_holding_it(hold):
    assert statuses(hold(at(hour)) for hour in range(8, 14)) == ["held"] * 2 + ["unheld"] * 4


@pytest.mark.parametrize(("share", "held"), [(33, 2), (34, 3), (50, 4), (100, 9), (1, 2)])
def test_the_clinic_sets_the_share(hold, share, held):
    Clinic.objects.update(unverified_share=share)
    assert statuses(hold(at(hour)) for hour in range(8, 17)).count("held") == held


def test_two_visits_are_held_on_the_shortest_day(hold, practitioner, location):
    HoursOverride.objects.create(
        practitioner=practitioner, location=location, on=date(2026, 11, 24), start_time=time(9), end_time=time(12)
    )
    assert statuses(hold(at(hour)) for hour in (9, 10, 11)) == ["held", "held", "unheld"]


def test_each_practitioner_and_each_day_counts_alone(hold, service, location, practitioner):
    other = make_practitioner([service])
    make_hours(other, location)
    for hour in (8, 9):
        hold(at(hour), practitioner=practitioner)
    assert hold(at(10), practitioner=practitioner).status == "unheld"
    assert hold(at(10), practitioner=other, holder="a").status == "held"
    assert hold(at(10, day=25), practitioner=practitioner, holder="b").status == "held"


def test_what_staff_booked_and_what_patients_confirmed_does_not_count(hold, service, location, practitioner):
    for hour in (8, 9, 10, 11):
        make_appointment(practitioner=practitioner, service=service, location=location, starts_at=at(hour))
    assert statuses(hold(at(hour)) for hour in (12, 13, 14)) == ["held", "held", "unheld"]


def test_a_visitor_who_has_proved_an_address_holds_as_usual_and_counts_for_nobody(hold):
    assert statuses(hold(at(hour), visitor=PROVED) for hour in (8, 9, 10, 11)) == ["held"] * 4
    assert statuses(hold(at(hour)) for hour in (12, 13, 14)) == ["held", "held", "unheld"]


def test_holds_that_ran_out_or_were_given_up_free_the_share(hold, now):
    for hour in (8, 9):
        hold(at(hour))
    assert hold(at(10)).status == "unheld"
    scheduling.release(appointment=Appointment.objects.get(starts_at=at(8)), by=PATIENT, now=now)
    assert hold(at(11)).status == "held"
    assert hold(at(12), now=now + timedelta(minutes=10)).status == "held"


def test_a_gap_that_is_too_short_for_a_visit_counts_as_taken(hold, service):
    """Visits of 60 minutes on a grid of 15: one at 8:45 takes the time before it, too."""
    service.step = 15 * MINUTE
    service.save()
    assert [hold(at(8, 45)).status, hold(at(10, 30)).status, hold(at(16)).status] == ["held", "held", "unheld"]


def test_a_short_visit_must_not_break_up_the_day_for_a_long_one(hold, service, practitioner):
    """Ten minutes in each hour would be a sixth of the day, and leave no room for any visit of an hour."""
    short = make_service(duration=10 * MINUTE, step=10 * MINUTE)
    PractitionerService.objects.create(practitioner=practitioner, service=short)
    held = [hold(at(hour, 20), service=short).status for hour in range(8, 17)]
    assert held.count("held") == 2


def test_a_time_that_is_not_held_can_be_chosen_by_others_and_only_one_session_row_is_kept(hold):
    for hour in (8, 9):
        hold(at(hour))
    first, second = hold(at(10), holder="a"), hold(at(10), holder="b")
    assert statuses([first, second]) == ["unheld", "unheld"]
    assert hold(at(11), holder="a").status == "unheld"
    assert Appointment.objects.filter(hold_key="a").exclude(status="expired").count() == 1


def test_a_booking_beyond_the_share_waits_for_the_patients_email_and_takes_no_time(book, service, now):
    for hour in (8, 9):
        assert book(at(hour), hour).status == "booked"
    waiting = book(at(10), 10)
    assert (waiting.status, waiting.hold_expires_at, waiting.hold_key) == ("unconfirmed", now + 60 * MINUTE, "")
    assert list(waiting.events.values_list("kind", flat=True)) == ["chosen", "unconfirmed"]
    assert list(waiting.messages.values_list("kind", flat=True)) == ["confirm_request"]
    slots = scheduling.available_slots(service=service, now=now, first_on=at(10).date(), last_on=at(10).date())
    assert at(10) in [slot.starts_at for slot in slots]


def test_who_has_proved_the_address_books_at_once_and_who_books_for_another_does_not(book):
    for hour in (8, 9):
        book(at(hour), hour)
    assert book(at(10), 1, PROVED, email="ALICE@patients.example").status == "booked"
    assert book(at(11), 2, PROVED).status == "unconfirmed"


def test_the_time_of_a_booking_that_waits_is_checked_when_it_is_sent(hold, service, location, practitioner, now):
    for hour in (8, 9):
        hold(at(hour))
    chosen = hold(at(10))
    make_appointment(practitioner=practitioner, service=service, location=location, starts_at=at(10))
    with pytest.raises(SlotTaken) as refused:
        scheduling.book(hold=chosen, details=details(), submission_key="key", by=PATIENT, now=now)
    assert len(refused.value.nearest) == 3


def test_a_chosen_time_is_held_once_the_day_has_room_again(hold, now):
    for hour in (8, 9):
        hold(at(hour))
    chosen, later = hold(at(10)), now + timedelta(minutes=11)
    held = scheduling.extend(hold=chosen, by=PATIENT, now=later)
    assert (held.pk, held.status, held.hold_expires_at) == (chosen.pk, "held", later + timedelta(minutes=10))


def test_the_third_booking_of_a_network_in_a_day_waits(book, hold):
    home = Visitor(network="203.0.113.9")
    assert [book(at(9, day=day), day, home).status for day in (24, 25, 26)] == ["booked", "booked", "unconfirmed"]
    assert hold(at(9, day=27), visitor=home).status == "unheld"
    assert hold(at(9, day=27), visitor=Visitor(network="203.0.113.10"), holder="other").status == "held"


def test_a_network_may_book_again_the_next_day_and_cancelling_buys_nothing(book, hold, now):
    home = Visitor(network="203.0.113.9")
    for day in (24, 25):
        scheduling.cancel(appointment=book(at(16, day=day), day, home), by=PATIENT, now=now)
    assert hold(at(9, day=27), visitor=home).status == "unheld"
    Appointment.objects.update(created_at=now - timedelta(days=1))
    assert hold(at(9, day=30), visitor=home, holder="tomorrow").status == "held"


@pytest.mark.parametrize(
    ("named", "network"),
    [("203.0.113.9", "203.0.113.9"), ("203.0.113.0/24", "203.0.113.9"), ("2001:db8:1:2::5", "2001:db8:1:2::/64")],
)
def test_networks_of_the_clinic_book_without_that_limit(book, named, network):
    Clinic.objects.update(own_networks=f"198.51.100.7\n{named}\n")
    wifi = Visitor(network=network)
    assert [book(at(9, day=day), day, wifi).status for day in (24, 25, 26, 27)] == ["booked"] * 4


def test_a_wide_network_of_ipv6_has_four_times_as_many(book):
    days = [day for day in range(24, 28) for _ in range(2)] + [30]
    made = [
        book(at(8 + index % 2 * 4, day=day), index, Visitor(network=f"2001:db8:1:{index}::/64")).status
        for index, day in enumerate(days)
    ]
    assert made == ["booked"] * 8 + ["unconfirmed"]


def test_the_source_is_a_hash_that_stays_for_a_week(book, now):
    booked = book(at(9), 1, Visitor(network="2001:db8:1:2::/64"))
    assert booked.source == allowance.source_key("2001:db8:1:2::/64")
    assert booked.source_site == allowance.source_key("2001:db8:1::/48")
    assert "2001" not in booked.source + booked.source_site
    Appointment.objects.update(created_at=now - timedelta(days=7))
    assert scheduling.forget_sources(now=now) == 0
    assert scheduling.forget_sources(now=now + timedelta(seconds=1)) == 1
    booked.refresh_from_db()
    assert (booked.source, booked.source_site) == ("", "")


def test_a_stranger_cannot_gather_bookings_of_many_days_on_one(book, now, practitioner):
    for hour in (8, 9):
        book(at(hour), hour)
    elsewhere = book(at(10, day=25), 3)
    with pytest.raises(scheduling.NotBookable, match="link in our email"):
        scheduling.reschedule(appointment=elsewhere, starts_at=at(10), practitioner=practitioner, by=PATIENT, now=now)
    moved = scheduling.reschedule(
        appointment=elsewhere, starts_at=at(10), practitioner=practitioner, by=PATIENT, now=now,
        visitor=Visitor(proved_email=elsewhere.patient.email),
    )  # fmt: skip
    assert (moved.starts_at, moved.is_unverified) == (at(10), False)


def test_the_arithmetic_leaves_the_share_for_any_order_of_choices(hold, service, practitioner, now):
    """Whatever is chosen, two thirds of what could be booked stay, or no more than two visits are taken."""
    service.step = 15 * MINUTE
    service.buffer_after = 10 * MINUTE
    service.save()
    for seed in range(6):
        Appointment.objects.update(status="expired")
        starts = [at(8) + 15 * MINUTE * step for step in range(33)]
        Random(seed).shuffle(starts)
        for starts_at in starts:
            try:
                hold(starts_at, holder=f"{seed} {starts_at}")
            except SlotTaken:
                continue
        taken = list(Appointment.objects.unverified(now=now))
        (day,) = bookable_time(practitioner.pk, date(2026, 11, 24), taken, now=now)
        assert len(taken) == 2 or day.after >= day.before * 2 / 3, seed


def test_no_notice_and_no_reminder_leave_before_a_booking_is_confirmed(book):
    for hour in (8, 9):
        book(at(hour), hour)
    book(at(10), 10)
    assert set(Message.objects.filter(appointment__starts_at=at(10)).values_list("kind", flat=True)) == {
        "confirm_request"
    }
