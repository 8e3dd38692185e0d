"""Times as people read them."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from booking.formatting import clock, day_as_of, full_stop, lengths_with_people, moment, relative_day
from booking.staff.formats import span
from tests.support.factories import make_appointment, make_location

TORONTO = ZoneInfo("America/Toronto")
FALL_BACK = datetime(2027, 11, 7, 5, 0, tzinfo=UTC)  # 1:00 a.m. in Toronto, which comes again an hour later.
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("at", "words"),
    [
        (FALL_BACK - HOUR, "12:00 a.m."),
        (FALL_BACK, "1:00 a.m., before the clock change"),
        (FALL_BACK + HOUR / 2, "1:30 a.m., before the clock change"),
        (FALL_BACK + HOUR, "1:00 a.m., after the clock change"),
        (FALL_BACK + 2 * HOUR, "2:00 a.m."),
        (datetime(2027, 3, 14, 7, 0, tzinfo=UTC), "3:00 a.m."),
    ],
    ids=str,
)
def test_two_times_that_read_the_same_are_told_apart(at, words):
    assert clock(at.astimezone(TORONTO)) == words


TODAY = date(2026, 11, 30)


@pytest.mark.parametrize(
    ("on", "words"),
    [
        (TODAY, "Today, Monday, November 30"),
        (date(2026, 12, 31), "Thursday, December 31"),
        (date(2027, 1, 1), "Friday, January 1, 2027"),
        (date(2025, 11, 30), "Sunday, November 30, 2025"),
    ],
    ids=str,
)
def test_a_day_of_another_year_is_named_with_it(on, words):
    assert relative_day(on, TODAY) == words
    assert day_as_of(on, TODAY) == words.removeprefix("Today, ")


def test_a_moment_on_a_button_is_short():
    assert moment(datetime(2026, 11, 30, 12, 0), TODAY) == "Today, 12:00 p.m."
    assert moment(datetime(2026, 12, 1, 11, 0), TODAY) == "Tue, Dec 1, 11:00 a.m."


def test_a_sentence_that_ends_in_a_time_has_one_full_stop():
    assert full_stop(f"Held until {clock(time(9))}") == "Held until 9:00 a.m."
    assert full_stop("1:00 a.m., before the clock change") == "1:00 a.m., before the clock change."


def test_a_wall_time_of_no_day_and_a_time_in_a_gap_have_no_note(db):
    assert clock(time(1)) == "1:00 a.m."
    assert clock(datetime(2027, 11, 7, 1, 0)) == "1:00 a.m."
    assert clock(datetime(2027, 3, 14, 2, 30, tzinfo=TORONTO)) == "2:30 a.m."


@pytest.mark.parametrize(
    ("hours", "words"),
    [
        (0, "1:00 to 1:45 a.m., before the clock change"),
        (1, "1:00 to 1:45 a.m., after the clock change"),
        (0.5, "1:30 a.m., before the clock change, to 1:15 a.m., after the clock change"),
        (-0.5, "12:30 a.m., to 1:15 a.m., before the clock change"),
        (9, "9:00 to 9:45 a.m."),
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
