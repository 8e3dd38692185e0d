"""Busy times of a practitioner's own calendar cut out slots as time off does, and staff may book over them."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from booking import scheduling
from booking.models import BusyTime, ExternalCalendar
from booking.scheduling import Actor, SlotTaken
from booking.scheduling.appointments import book as booking
from booking.scheduling.slots.staff_rules import Exemption, NeedsReason, StaffRule
from tests.support import factories

pytestmark = pytest.mark.django_db
NINE = datetime(2026, 11, 24, 15, tzinfo=UTC)  # 9:00 in Alberta on Tuesday, November 24.
HOUR = timedelta(hours=1)
TUESDAY = date(2026, 11, 24)


def block(practitioner, start, end, now):
    calendar = ExternalCalendar.objects.create(
        practitioner=practitioner, secret_address="x", next_read_at=now, added_at=now
    )
    return BusyTime.objects.create(calendar=calendar, starts_at=start, ends_at=end)


def slots(service, now, **fields):
    found = scheduling.available_slots(service=service, now=now, first_on=TUESDAY, last_on=TUESDAY, **fields)
    return [(slot.starts_at - NINE) // HOUR for slot in found]


@pytest.fixture
def busy(practitioner, now):
    """From 10:00 to 11:30."""
    return block(practitioner, NINE + HOUR, NINE + 2.5 * HOUR, now)


def test_busy_times_are_no_slots(service, practitioner, busy, now):
    assert slots(service, now) == [0, 3, 4, 5, 6, 7]


def test_only_the_owner_is_busy(service, practitioner, busy, location, now):
    other = factories.make_practitioner([service], name="Maya Okafor")
    factories.make_hours(other, location)
    assert slots(service, now, practitioner=other) == list(range(8))


def test_a_time_that_several_calendars_block_is_blocked_once(service, practitioner, busy, now):
    block(practitioner, NINE + 2 * HOUR, NINE + 4 * HOUR, now)
    assert slots(service, now) == [0, 4, 5, 6, 7]


def test_a_busy_time_that_began_days_ago_blocks(service, practitioner, now):
    block(practitioner, NINE - timedelta(days=10), NINE + 2 * HOUR, now)
    assert slots(service, now) == [2, 3, 4, 5, 6, 7]


def test_nothing_is_asked_of_calendars_when_there_are_none(service, practitioner, now, django_assert_num_queries):
    with CaptureQueriesContext(connection) as queries:
        slots(service, now)
    assert not any("booking_busytime" in query["sql"] for query in queries)
    block(practitioner, NINE, NINE + HOUR, now)
    with django_assert_num_queries(len(queries) + 1):
        slots(service, now)


def test_the_reason_is_named(service, practitioner, location, busy, now):
    reason = scheduling.why_not(
        service=service, starts_at=NINE + HOUR, practitioner=practitioner, location=location, now=now
    )
    assert reason.sentence == "Steve Hansen is busy then, says their own calendar."


def test_a_busy_time_cannot_be_held(service, practitioner, location, busy, now):
    with pytest.raises(SlotTaken):
        scheduling.hold(
            service=service, starts_at=NINE + HOUR, holder="v", by=Actor.patient(), now=now, location=location
        )


@pytest.fixture
def hold(service, practitioner, location, clinic, now):
    return scheduling.hold(
        service=service, starts_at=NINE + HOUR, holder="v", by=Actor.patient(), now=now, location=location
    )


def book(hold, now):
    details = scheduling.PatientDetails(
        name="Alice Martin",
        email="alice@patients.example",
        phone="+14035550123",
        is_first_visit=True,
        notice_version="1",
    )
    return scheduling.book(hold=hold, details=details, submission_key="1", by=Actor.patient(), now=now)


def test_a_time_that_became_busy_while_it_was_held_cannot_be_booked(hold, busy, now):
    with pytest.raises(SlotTaken) as taken:
        book(hold, now)
    assert NINE + HOUR not in [slot.starts_at for slot in taken.value.nearest]


def test_a_time_that_becomes_busy_just_before_the_lock_cannot_be_booked(hold, practitioner, now, just_before_the_lock):
    just_before_the_lock(booking, lambda: block(practitioner, NINE, NINE + 3 * HOUR, now))
    with pytest.raises(SlotTaken):
        book(hold, now)


def test_a_visit_cannot_be_moved_to_a_busy_time_by_its_patient(service, practitioner, location, busy, now):
    visit = factories.make_appointment(
        service=service, practitioner=practitioner, location=location, starts_at=NINE + timedelta(days=2)
    )
    with pytest.raises(SlotTaken):
        scheduling.reschedule(appointment=visit, starts_at=NINE + HOUR, by=Actor.patient(), now=now)


def test_staff_are_asked_and_may_book_with_a_reason(service, practitioner, location, busy, desk, now):
    given = {
        "service": service,
        "starts_at": NINE + HOUR,
        "practitioner": practitioner,
        "location": location,
        "patient": factories.make_patient(),
        "by": desk,
        "now": now,
    }
    with pytest.raises(NeedsReason) as asked:
        scheduling.book_by_staff(**given)
    assert asked.value.rules == {StaffRule.OWN_CALENDAR}
    assert asked.value.sentences == ["Steve Hansen is busy then, says their own calendar."]
    visit = scheduling.book_by_staff(**given, exemption=Exemption("Agreed with Steve", {StaffRule.OWN_CALENDAR}))
    assert visit.exception_reason == "Agreed with Steve"


def test_the_desk_is_offered_no_busy_time(service, practitioner, busy, now):
    found = scheduling.free_times_for_staff(service=service, now=now, first_on=TUESDAY, last_on=TUESDAY)
    assert not any(NINE < slot.starts_at < NINE + 2.5 * HOUR for slot in found)


def test_a_visit_that_is_booked_is_in_no_conflict(service, practitioner, location, busy, now):
    """The calendar may hold a copy of the very visit."""
    factories.make_appointment(service=service, practitioner=practitioner, location=location, starts_at=NINE + HOUR)
    assert scheduling.find_conflicts(now=now) == []


def test_who_is_busy_is_no_substitute(service, practitioner, location, busy, now):
    other = factories.make_practitioner([service], name="Maya Okafor")
    factories.make_hours(other, location)
    visits = [
        factories.make_appointment(service=service, practitioner=other, location=location, starts_at=NINE + hours)
        for hours in (HOUR, 4 * HOUR)
    ]
    assert scheduling.substitutes(visits, now=now) == {practitioner: {visits[1].pk}}


def test_a_busy_time_is_not_offered_to_the_waitlist(service, practitioner, location, clinic, now):
    """What was free when they joined is not offered anyway, so all that day is taken, and then one hour is freed."""
    visits = [
        factories.make_appointment(
            service=service, practitioner=practitioner, location=location, starts_at=NINE + hours * HOUR
        )
        for hours in range(8)
    ]
    wish = factories.make_wish(service, location, first_on=TUESDAY, last_on=TUESDAY)
    entry = scheduling.join(wish=wish, now=now)
    busy = block(practitioner, NINE + 3 * HOUR, NINE + 4 * HOUR, now)
    scheduling.cancel(appointment=visits[3], by=Actor.patient(), now=now)
    assert scheduling.offer_available_slots(now=now + HOUR) == 0
    busy.delete()
    assert scheduling.offer_available_slots(now=now + HOUR) == 1
    assert entry.offers.get().starts_at == NINE + 3 * HOUR
