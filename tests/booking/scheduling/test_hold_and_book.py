"""hold() and book(): from an available slot to an appointment."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import pytest

from booking import scheduling
from booking.models import Appointment, AppointmentEvent, Message, Patient, PractitionerService, Status
from booking.scheduling import Actor, PatientDetails, SlotTaken
from tests.support.factories import (
    make_appointment,
    make_hours,
    make_practitioner,
    make_room,
    make_service,
)

PATIENT = Actor.patient()
ALICE = PatientDetails(name="Alice Martin", email="alice@patients.example", phone="+14035550123", notice_version="1")
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clinic")]


def at(hour, minute=0, day=24):
    """Return the instant of a November 2026 local time in Alberta (UTC-06)."""
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC) + timedelta(hours=6)


@pytest.fixture
def service():
    return make_service(duration=timedelta(hours=1), price=Decimal("140.00"), buffer_after=timedelta(minutes=10))


@pytest.fixture
def practitioner(service, location):
    made = make_practitioner([service])
    make_hours(made, location, start_time=time(9), end_time=time(17))
    return made


@pytest.fixture
def hold(service, location, practitioner, now):
    def make_hold(starts_at=at(10), holder="browser", **fields):
        return scheduling.hold(
            **{"service": service, "starts_at": starts_at, "holder": holder, "by": PATIENT, "now": now}
            | {"location": location}
            | fields
        )

    return make_hold


def kinds(appointment):
    return list(appointment.events.values_list("kind", flat=True))


def test_a_hold_takes_the_time_for_ten_minutes_and_keeps_what_was_offered(hold, service, practitioner, now):
    held = hold()
    assert (held.status, held.practitioner, held.starts_at, held.ends_at) == ("held", practitioner, at(10), at(11))
    assert (held.price, held.buffer_after) == (Decimal("140.00"), timedelta(minutes=10))
    assert (held.local_on, held.local_time, held.time_zone) == (date(2026, 11, 24), time(10), "America/Edmonton")
    assert held.hold_expires_at == now + timedelta(minutes=10)
    assert kinds(held) == ["held"]


def test_a_held_time_is_refused_to_others_with_three_near_ones(hold):
    hold()
    with pytest.raises(SlotTaken) as refused:
        hold(holder="another browser")
    # 9:00 and 11:00 would leave no ten minutes between the visits.
    assert [opening.starts_at for opening in refused.value.nearest] == [at(12), at(13), at(14)]
    assert Appointment.objects.count() == 1


def test_choosing_another_time_gives_the_first_one_up(hold):
    first = hold()
    second = hold(at(12))
    first.refresh_from_db()
    assert (first.status, kinds(first), second.status) == ("expired", ["held", "released"], "held")


def test_the_same_time_chosen_again_is_the_same_hold_for_longer(hold, practitioner, now):
    first = hold()
    again = hold(now=now + timedelta(minutes=6))
    with_name = hold(now=now + timedelta(minutes=7), practitioner=practitioner)
    assert (again.pk, with_name.pk) == (first.pk, first.pk)
    assert again.hold_expires_at == now + timedelta(minutes=16)


def test_a_hold_can_be_made_longer_ten_times_and_then_stands(hold, now):
    held = hold()
    for minutes in range(1, 11):
        held = scheduling.extend(hold=held, by=PATIENT, now=now + timedelta(minutes=minutes))
    with pytest.raises(scheduling.HoldLimitReached):
        scheduling.extend(hold=held, by=PATIENT, now=now + timedelta(minutes=11))
    assert hold(now=now + timedelta(minutes=11)).hold_expires_at == now + timedelta(minutes=20)
    assert Appointment.objects.get().hold_expires_at == now + timedelta(minutes=20)


def test_a_lapsed_hold_is_made_longer_while_its_time_is_free(hold, now):
    held = hold()
    scheduling.expire_holds(now=now + timedelta(minutes=11))
    again = scheduling.extend(hold=held, by=PATIENT, now=now + timedelta(minutes=12))
    assert (again.pk, again.status, again.hold_expires_at) == (held.pk, "held", now + timedelta(minutes=22))


def test_a_lapsed_hold_whose_time_is_taken_is_not_made_longer(hold, now):
    held = hold()
    hold(holder="another browser", now=now + timedelta(minutes=11))
    with pytest.raises(SlotTaken) as refused:
        scheduling.extend(hold=held, by=PATIENT, now=now + timedelta(minutes=12))
    assert len(refused.value.nearest) == 3


def test_no_time_is_held_past_its_start(hold, now):
    held = hold()
    longer = scheduling.extend(hold=held, by=PATIENT, now=now + timedelta(minutes=5))
    Appointment.objects.update(hold_expires_at=at(10) + timedelta(minutes=1))
    assert scheduling.extend(hold=longer, by=PATIENT, now=at(9, 55)).hold_expires_at == at(10)
    with pytest.raises(SlotTaken):
        scheduling.extend(hold=longer, by=PATIENT, now=at(10))


def test_choosing_a_taken_time_keeps_the_hold_one_has(hold):
    hold(at(12), holder="another browser")
    mine = hold()
    with pytest.raises(SlotTaken):
        hold(at(12))
    mine.refresh_from_db()
    assert mine.status == "held"


def test_a_lapsed_hold_is_marked_and_its_time_sold_on(hold, now):
    first = hold()
    later = hold(holder="another browser", now=now + timedelta(minutes=10))
    first.refresh_from_db()
    assert (first.status, kinds(first), later.starts_at) == ("expired", ["held", "expired"], at(10))


@pytest.mark.parametrize(
    "starts_at",
    [at(10, 30), at(8), at(17), at(10, day=29), at(10, day=20), at(10) + timedelta(seconds=1)],
    ids=["off the grid", "before hours", "at the end", "on a Sunday", "past", "by a second"],
)
def test_only_open_starts_can_be_held(hold, starts_at):
    with pytest.raises(SlotTaken):
        hold(starts_at)
    assert not Appointment.objects.exists()


def test_anyone_goes_to_whoever_has_the_fewest_visits_and_live_holds_that_day(
    hold, service, location, practitioner, now
):
    busy = make_practitioner([service], position=0)
    quiet = make_practitioner([service], position=9)
    for person in (busy, quiet):
        make_hours(person, location)
    for person, hour in ((busy, 13), (busy, 14), (practitioner, 15)):
        make_appointment(practitioner=person, service=service, location=location, starts_at=at(hour))
    make_appointment(practitioner=quiet, service=service, location=location, starts_at=at(9, day=25))
    assert hold().practitioner == quiet
    assert hold(holder="second").practitioner == practitioner  # One visit each now: the clinic's order decides.


def test_visits_of_the_morning_count_in_the_afternoon(hold, service, location, practitioner):
    other = make_practitioner([service], position=9)
    make_hours(other, location)
    make_appointment(practitioner=practitioner, service=service, location=location, starts_at=at(9))
    service.lead_time = timedelta(0)
    service.save()
    assert hold(at(16), now=at(15)).practitioner == other


def test_a_room_is_assigned_with_the_hold_and_the_next_visit_gets_the_next_room(hold, service, location, practitioner):
    service.needs_room = True
    service.save()
    rooms = [make_room(location, position=2), make_room(location, position=1)]
    second = make_practitioner([service])
    make_hours(second, location)
    taken = [hold(holder=str(index)).room for index in range(2)]
    assert taken == [rooms[1], rooms[0]]


def test_booking_makes_one_appointment_with_its_patient_event_and_messages(hold, now):
    booked = scheduling.book(hold=hold(), details=ALICE, submission_key="key", by=PATIENT, now=now)
    assert (booked.status, booked.patient.name, booked.notice_version) == ("booked", "Alice Martin", "1")
    assert kinds(booked) == ["held", "booked"]
    assert Message.objects.filter(appointment=booked, kind=Message.Kind.CONFIRMATION).count() == 1


def test_the_same_submission_again_gives_the_same_appointment(hold, now):
    held = hold()
    first = scheduling.book(hold=held, details=ALICE, submission_key="key", by=PATIENT, now=now)
    messages = Message.objects.count()
    again = scheduling.book(hold=held, details=ALICE, submission_key="key", by=PATIENT, now=now)
    assert (again.pk, Message.objects.count(), Patient.objects.count()) == (first.pk, messages, 1)


def test_another_submission_for_a_booked_hold_is_refused(hold, now):
    held = hold()
    scheduling.book(hold=held, details=ALICE, submission_key="key", by=PATIENT, now=now)
    with pytest.raises(scheduling.AlreadyBooked):
        scheduling.book(hold=held, details=ALICE, submission_key="other", by=PATIENT, now=now)


@pytest.mark.parametrize("marked", [False, True], ids=["still says held", "marked expired"])
def test_a_lapsed_hold_is_taken_again_while_its_time_is_free(hold, now, marked):
    held = hold()
    late = now + timedelta(minutes=30)
    if marked:
        scheduling.expire_holds(now=late)
    booked = scheduling.book(hold=held, details=ALICE, submission_key="key", by=PATIENT, now=late)
    assert (booked.status, booked.starts_at) == ("booked", at(10))


def test_a_lapsed_hold_whose_time_is_gone_is_refused_and_nothing_is_stored(hold, now):
    held = hold()
    late = now + timedelta(minutes=30)
    other = hold(holder="another browser", now=late)
    with pytest.raises(SlotTaken) as refused:
        scheduling.book(hold=held, details=ALICE, submission_key="key", by=PATIENT, now=late)
    assert len(refused.value.nearest) == 3
    assert not Patient.objects.exists()
    assert not Message.objects.exists()
    other.refresh_from_db()
    assert other.status == "held"


def test_changing_the_service_later_does_not_change_the_appointment(hold, service, now):
    booked = scheduling.book(hold=hold(), details=ALICE, submission_key="key", by=PATIENT, now=now)
    service.duration, service.price = timedelta(hours=2), Decimal("999.00")
    service.save()
    booked.refresh_from_db()
    assert (booked.duration, booked.price) == (timedelta(hours=1), Decimal("140.00"))


def test_a_practitioners_own_duration_and_price_are_what_is_booked(hold):
    PractitionerService.objects.update(own_duration=timedelta(minutes=90), own_price=Decimal("200.00"))
    held = hold(at(10, 30))
    assert (held.duration, held.price) == (timedelta(minutes=90), Decimal("200.00"))


def test_people_who_share_an_address_stay_separate_patients(hold, now):
    for index, name in enumerate(["Alice Martin", "Bob Martin", "ALICE MARTIN"]):
        details = PatientDetails(name=name, email="home@patients.example", phone="+14035550123")
        held = hold(at(10 + 2 * index), holder=str(index))
        scheduling.book(hold=held, details=details, submission_key=str(index), by=PATIENT, now=now)
    assert sorted(Patient.objects.values_list("name", flat=True)) == ["Alice Martin", "Bob Martin"]


def test_expire_holds_marks_only_what_has_lapsed(hold, now):
    hold(holder="old")
    hold(at(12), holder="new", now=now + timedelta(minutes=5))
    assert scheduling.expire_holds(now=now + timedelta(minutes=10)) == 1
    assert Appointment.objects.filter(status=Status.HELD).count() == 1


def test_a_released_hold_frees_its_time_at_once(hold, now):
    scheduling.release(appointment=hold(), by=PATIENT, now=now)
    assert hold(holder="another browser").starts_at == at(10)


def test_a_service_for_staff_only_cannot_be_held(hold, service):
    service.booked_by = "staff"
    with pytest.raises(scheduling.NotBookable):
        hold()


def test_events_are_never_changed_or_deleted(hold):
    event = hold().events.get()
    for forbidden in (event.save, event.delete, AppointmentEvent.objects.all().delete):
        with pytest.raises(TypeError):
            forbidden()
    with pytest.raises(TypeError):
        AppointmentEvent.objects.update(note="rewritten")


def test_a_submission_key_that_booked_another_hold_books_nothing_more(hold, now):
    scheduling.book(hold=hold(), details=ALICE, submission_key="one form", by=PATIENT, now=now)
    other = hold(at(12))
    with pytest.raises(scheduling.AlreadyBooked, match="nothing was booked twice"):
        scheduling.book(hold=other, details=ALICE, submission_key="one form", by=PATIENT, now=now)
    other.refresh_from_db()
    assert (other.status, Patient.objects.count()) == ("held", 1)
