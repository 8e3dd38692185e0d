"""Times as people read them."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from booking.formatting import clock, lengths_with_people
from booking.staff.formats import span
from tests.support.factories import make_appointment, make_location

TORONTO = ZoneInfo("America/Toronto")
FALL_BACK = datetime(2027, 11, 7, 5, 0, tzinfo=UTC)  # 1:00 am in Toronto, which comes again an hour later.
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("at", "words"),
    [
        (FALL_BACK - HOUR, "12:00 am"),
        (FALL_BACK, "1:00 am, before the clock change"),
        (FALL_BACK + HOUR / 2, "1:30 am, before the clock change"),
        (FALL_BACK + HOUR, "1:00 am, after the clock change"),
        (FALL_BACK + 2 * HOUR, "2:00 am"),
        (datetime(2027, 3, 14, 7, 0, tzinfo=UTC), "3:00 am"),
    ],
    ids=str,
)
def test_two_times_that_read_the_same_are_told_apart(at, words):
    assert clock(at.astimezone(TORONTO)) == words


def test_a_wall_time_of_no_day_and_a_time_in_a_gap_have_no_note(db):
    assert clock(time(1)) == "1:00 am"
    assert clock(datetime(2027, 11, 7, 1, 0)) == "1:00 am"
    assert clock(datetime(2027, 3, 14, 2, 30, tzinfo=TORONTO)) == "2:30 am"


@pytest.mark.parametrize(
    ("hours", "words"),
    [
        (0, "1:00 to 1:45 am, before the clock change"),
        (1, "1:00 to 1:45 am, after the clock change"),
        (0.5, "1:30 am, before the clock change, to 1:15 am, after the clock change"),
        (-0.5, "12:30 am, to 1:15 am, before the clock change"),
        (9, "9:00 to 9:45 am"),
    ],
    ids=str,
)
def test_a_span_on_the_desk_says_on_which_side_of_the_clock_change_it_is(db, hours, words):
    location = make_location(time_zone="America/Toronto")
    assert span(make_appointment(location=location, starts_at=FALL_BACK + hours * HOUR)) == words


@pytest.mark.parametrize(
    ("people", "words"),
    [
        ([(45, "A"), (45, "B")], "45 minutes, with A or B"),
        ([(60, "A"), (45, "B"), (60, "C")], "45 minutes with B, 1 hour with A or C"),
    ],
    ids=str,
)
def test_lengths_are_named_with_their_people(people, words):
    assert lengths_with_people((timedelta(minutes=length), name) for length, name in people) == words
