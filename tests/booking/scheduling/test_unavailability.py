"""why_not(): the rule and sentence for an unavailable start; always consistent with available_slots()."""

from datetime import UTC, date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest

from booking import scheduling
from booking.availability import Reason
from booking.models import Break, Closure, HoursOverride, PractitionerService, Service, Status, TimeOff
from booking.scheduling import Restriction
from booking.scheduling.slots.unavailability import SENTENCES
from tests.support.factories import (
    make_appointment,
    make_hours,
    make_location,
    make_practitioner,
    make_room,
    make_service,
)

TUESDAY = date(2026, 11, 24)
HOUR = timedelta(hours=1)
pytestmark = pytest.mark.django_db


def at(hour, minute=0, day=24):
    """Return the instant of a November 2026 local time in Alberta (UTC-06)."""
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC) + timedelta(hours=6)


@pytest.fixture
def steve(service, location):
    made = make_practitioner([service])
    make_hours(made, location, start_time=time(9), end_time=time(12))
    return made


@pytest.fixture
def ask(service, location, steve, now):
    def ask(starts_at, **changes):
        asked = {"service": service, "practitioner": steve, "location": location, "now": now} | changes
        return scheduling.why_not(starts_at=starts_at, **asked)

    return ask


def reason_of(found):
    return found and found.reason


def test_an_available_start_has_no_reason(ask):
    assert ask(at(9)) is None


def test_a_start_between_the_offered_ones_is_explained_in_words(ask):
    found = ask(at(9, 15))
    assert found.reason == Reason.GRID
    assert found.sentence == (
        "Physiotherapy assessment is offered at other times: every 1 hour from the start of the hours."
    )


@pytest.mark.parametrize(
    ("starts_at", "reason"),
    [
        (at(8), Reason.CLOSED), (at(11, 30), Reason.CLOSED), (at(9, day=22), Reason.HORIZON),
        (at(9, day=23), Reason.LEAD_TIME), (datetime(9999, 12, 31, 12, tzinfo=UTC), Reason.HORIZON),
        (datetime(1, 1, 2, tzinfo=UTC), Reason.HORIZON),
    ],
)  # fmt: skip
def test_hours_and_lead_time_exclude_a_start(ask, starts_at, reason):
    assert reason_of(ask(starts_at)) == reason


def test_every_kind_of_row_is_named(ask, service, steve, location):
    Break.objects.create(practitioner=steve, weekday=1, start_time=time(10, 15), end_time=time(10, 30))
    assert reason_of(ask(at(10))) == Reason.BREAK
    TimeOff.objects.create(practitioner=steve, starts_on=TUESDAY, start_time=time(11), ends_on=TUESDAY)
    assert reason_of(ask(at(11))) == Reason.TIME_OFF
    make_appointment(practitioner=steve, service=service, location=location, starts_at=at(9), buffer_after=HOUR)
    Break.objects.all().delete()
    assert [reason_of(ask(at(hour))) for hour in (9, 10)] == [Reason.VISIT, Reason.BUFFER]
    TimeOff.objects.all().delete()
    HoursOverride.objects.create(
        practitioner=steve, location=location, on=TUESDAY, start_time=time(14), end_time=time(15)
    )
    assert [reason_of(ask(at(hour))) for hour in (9, 14)] == [Reason.OVERRIDE, None]
    Closure.objects.create(location=location, on=date(2026, 11, 25), name="Family Day")
    assert reason_of(ask(at(9, day=25))) == Reason.CLOSURE


def test_a_visit_without_a_free_room_is_explained(ask, service, location):
    service.needs_room = True
    assert reason_of(ask(at(9))) == Reason.ROOM
    make_room(location)
    assert ask(at(9)) is None


@pytest.mark.parametrize(
    ("of_service", "of_steve", "new_patient", "reason"),
    [
        ({"is_active": False}, {}, None, Restriction.SERVICE_INACTIVE),
        ({"booked_by": "staff"}, {}, None, Restriction.STAFF_ONLY),
        ({"audience": "new"}, {}, False, Restriction.OTHER_PATIENTS),
        ({}, {"is_active": False}, None, Restriction.PRACTITIONER_INACTIVE),
        ({"needs_needling_authorisation": True}, {}, None, Restriction.NOT_AUTHORISED),
        ({}, {"takes_new_patients": False}, True, Restriction.NO_NEW_PATIENTS),
        ({}, {"takes_new_patients": False}, False, None),
    ],
)
def test_who_may_book_and_who_may_give_it_decide_before_the_hour(
    ask, service, steve, of_service, of_steve, new_patient, reason
):
    for thing, changes in ((service, of_service), (steve, of_steve)):
        for name, value in changes.items():
            setattr(thing, name, value)
        thing.save()
    assert reason_of(ask(at(9), new_patient=new_patient)) == reason


def test_a_practitioner_who_does_not_offer_the_service_is_named(ask):
    found = ask(at(9), practitioner=make_practitioner(name="Amara Okafor"))
    assert found.sentence == "Amara Okafor doesn't offer Physiotherapy assessment."


def test_a_visit_may_move_over_itself(ask, service, steve, location):
    visit = make_appointment(practitioner=steve, service=service, location=location, starts_at=at(9), ends_at=at(10))
    assert reason_of(ask(at(9))) == Reason.VISIT
    assert ask(at(9), moving=visit) is None


def test_every_rule_has_a_sentence():
    assert set(SENTENCES) == {*Reason, *Restriction}


# Compared with available_slots() on random rows


def some_time(dice):
    return time(dice.randrange(20), dice.choice([0, 15, 30, 45]))


def span(dice):
    start, end = some_time(dice), some_time(dice)
    if start == end:
        end = time(0)
    return {"start_time": start, "end_time": end, "ends_next_day": time(0) < end < start}


def fill(dice, practitioner, location, room, service, first):
    """Create random rows of every kind for one week."""

    def day():
        return first + timedelta(days=dice.randrange(-1, 4))

    for weekday in range(7):
        if dice.random() < 0.8:
            make_hours(practitioner, location, weekdays=[weekday], **span(dice))
    for _ in range(dice.randrange(3)):
        Break.objects.create(practitioner=practitioner, weekday=dice.randrange(7), **span(dice))
    if dice.random() < 0.5:
        hours = span(dice) if dice.random() < 0.7 else {}
        HoursOverride.objects.create(practitioner=practitioner, location=location, on=day(), **hours)
    if dice.random() < 0.5:
        Closure.objects.get_or_create(location=location, on=day(), name="Closed")
    if dice.random() < 0.5:
        on = day()
        TimeOff.objects.create(practitioner=practitioner, starts_on=on, ends_on=on + timedelta(days=1))
    midnight = datetime.combine(first, time(0), tzinfo=ZoneInfo(location.time_zone)).astimezone(UTC)
    visit_at = midnight
    while (visit_at := visit_at + timedelta(minutes=15 * dice.randrange(4, 40))) < midnight + timedelta(days=3):
        status = dice.choice([*Status])
        make_appointment(
            practitioner=practitioner, service=service, location=location, starts_at=visit_at, status=status,
            ends_at=visit_at + HOUR, room=dice.choice([room, None]),
            hold_expires_at=midnight - dice.choice([1, -1]) * timedelta(days=5),
        )  # fmt: skip
        visit_at += HOUR


# Weeks with a clock change forward and back, a 45-minute offset, and half-hour changes.
DAYS = [
    ("America/Edmonton", date(2026, 3, 7)), ("America/Denver", date(2026, 10, 31)),
    ("Asia/Kathmandu", date(2026, 6, 1)), ("Australia/Lord_Howe", date(2026, 4, 4)),
]  # fmt: skip


@pytest.mark.parametrize("seed", range(20))
def test_why_not_agrees_with_available_slots_at_every_start(seed):
    dice = Random(seed)
    zone, first = DAYS[seed % len(DAYS)]
    minutes = [timedelta(minutes=length) for length in (0, 0, 10, 25)]
    location = make_location(time_zone=zone)
    service = make_service(
        duration=timedelta(minutes=dice.choice([30, 45, 90])), step=dice.choice([None, timedelta(minutes=15)]),
        buffer_before=dice.choice(minutes), buffer_after=dice.choice(minutes), needs_room=dice.random() < 0.5,
        lead_time=timedelta(hours=dice.randrange(12)), horizon_days=dice.randrange(3),
        booked_by=Service.BookedBy.ONLINE if dice.random() < 0.9 else Service.BookedBy.STAFF,
        audience=Service.Audience.NEW if dice.random() < 0.1 else Service.Audience.ANYONE,
    )  # fmt: skip
    people = [make_practitioner([service], takes_new_patients=dice.random() < 0.8) for _ in range(2)]
    PractitionerService.objects.filter(practitioner=people[0]).update(own_duration=timedelta(minutes=50))
    for person in people:
        fill(dice, person, location, make_room(location), service, first)
    now = datetime.combine(first, some_time(dice), tzinfo=ZoneInfo(zone)).astimezone(UTC)
    new_patient = dice.choice([None, True, False])
    for person in people:
        asked = {
            "service": service, "practitioner": person, "location": location, "now": now, "new_patient": new_patient,
        }  # fmt: skip
        open_to_them = service.is_bookable and service.is_open_to(new_patient)
        openings = scheduling.available_slots(first_on=date.min, last_on=date.max, **asked) if open_to_them else []
        offered = {opening.starts_at for opening in openings}
        quarters = {now.replace(minute=15 * dice.randrange(4)) + timedelta(hours=h) for h in range(-6, 84, 5)}
        asked_for = quarters | set(dice.sample(sorted(offered), min(len(offered), 12)))
        found = {start: scheduling.why_not(starts_at=start, **asked) for start in asked_for}
        assert {start for start, why in found.items() if why is None} == offered & asked_for
        assert all(why is None or "{" not in why.sentence for why in found.values())
