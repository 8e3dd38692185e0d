"""Front desk hours: open from the opening instant up to, not including, the closing one; special hours by date."""

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from booking import formatting
from booking.opening_hours import SpecialHoursOn, end_of_day, group_days, opening_state_at

pytestmark = pytest.mark.once
ALBERTA = ZoneInfo("America/Edmonton")
DESK = (time(8), time(18))
WEEK = {day: [DESK] for day in range(5)} | {5: [(time(9), time(12)), (time(13), time(15))]}
CHRISTMAS = {
    date(2026, 12, 24): SpecialHoursOn(((time(9), time(12)),), "Christmas Eve"),
    date(2026, 12, 25): SpecialHoursOn(name="Christmas Day"),
}


def state_text(wall, *, weekly=WEEK, special=CHRISTMAS, zone=ALBERTA):
    state = opening_state_at(
        datetime.fromisoformat(wall).replace(tzinfo=zone), zone=zone, weekly=weekly, special=special
    )
    return formatting.opening_state_text(state) if state else None


@pytest.mark.parametrize(
    ("wall", "expected"),
    [
        ("2026-11-23 07:59", "Closed now, opens today at 8:00 a.m."),
        ("2026-11-23 08:00", "Open now until 6:00 p.m."),
        ("2026-11-23 17:59:59", "Open now until 6:00 p.m."),
        ("2026-11-23 18:00", "Closed now, opens tomorrow at 8:00 a.m."),
        ("2026-11-28 12:00", "Closed now, opens today at 1:00 p.m."),
        ("2026-11-28 15:00", "Closed now, opens Monday at 8:00 a.m."),
        ("2026-11-29 10:00", "Closed now, opens tomorrow at 8:00 a.m."),
        ("2026-12-24 08:30", "Closed now, opens today at 9:00 a.m."),
        ("2026-12-24 11:00", "Open now until 12:00 p.m."),
        ("2026-12-24 12:00", "Closed now, opens Saturday at 9:00 a.m."),
        ("2026-12-25 10:00", "Closed today: Christmas Day. Opens tomorrow at 9:00 a.m."),
    ],
)
def test_the_state_in_words(wall, expected):
    assert state_text(wall) == expected


def test_an_opening_in_a_week_or_later_is_named_by_its_date():
    shut = {date(2026, 12, 21) + timedelta(days=more): SpecialHoursOn(name="Holiday") for more in range(14)}
    assert state_text("2026-12-20 10:00", special=shut) == "Closed now, opens on Monday, January 4, 2027 at 8:00 a.m."
    assert (
        state_text("2026-12-21 10:00", special=shut)
        == "Closed today: Holiday. Opens on Monday, January 4, 2027 at 8:00 a.m."
    )


def test_a_closed_date_without_a_name_is_just_closed():
    special = {date(2026, 11, 23): SpecialHoursOn()}
    assert state_text("2026-11-23 10:00", special=special) == "Closed today. Opens tomorrow at 8:00 a.m."


def test_touching_and_overlapping_hours_are_merged():
    weekly = {0: [(time(12), time(18)), (time(8), time(12)), (time(9), time(10))]}
    assert state_text("2026-11-23 09:30", weekly=weekly) == "Open now until 6:00 p.m."


def test_without_any_hours_there_is_no_state():
    assert state_text("2026-11-23 10:00", weekly={}, special={}) is None
    assert state_text("2026-12-25 10:00", weekly={}, special={date(2026, 12, 25): SpecialHoursOn(name="x")}) is None


def test_without_a_next_opening_it_is_just_closed():
    special = {date(2026, 11, 2): SpecialHoursOn((DESK,))}
    assert state_text("2026-11-23 10:00", weekly={}, special=special) == "Closed now"


def test_hours_are_in_the_location_s_time_zone():
    # 8:30 a.m. in Alberta, 10:30 a.m. in Halifax, 6:30 a.m. in Los Angeles.
    moment = datetime(2026, 11, 23, 14, 30, tzinfo=UTC)
    states = {
        zone: opening_state_at(moment, zone=ZoneInfo(zone), weekly=WEEK, special={}).is_open
        for zone in ("America/Edmonton", "America/Halifax", "America/Los_Angeles")
    }
    assert states == {"America/Edmonton": True, "America/Halifax": True, "America/Los_Angeles": False}


def test_hours_in_a_dst_gap_use_the_offset_before_it(now):
    """Rule R2: on March 14, 2027 New York's clocks go from 2:00 to 3:00 a.m."""
    new_york, weekly = ZoneInfo("America/New_York"), {6: [(time(2, 30), time(4))]}
    state = opening_state_at(datetime(2027, 3, 14, 6, 59, tzinfo=UTC), zone=new_york, weekly=weekly, special={})
    assert (state.is_open, state.changes_at) == (False, datetime(2027, 3, 14, 7, 30, tzinfo=UTC))


# Against a brute-force model that checks every minute

MINUTE = timedelta(minutes=1)
# Dates near a DST change: by day, at midnight, by half an hour, or none.
ZONES = {
    "America/New_York": [date(2027, 3, 14), date(2026, 11, 1)],
    "Australia/Lord_Howe": [date(2026, 10, 4), date(2027, 4, 4)],
    "America/Santiago": [date(2026, 9, 6), date(2027, 4, 3)],
    "Africa/Cairo": [date(2026, 4, 24), date(2026, 10, 29)],
    "America/Havana": [date(2026, 3, 8), date(2026, 11, 1)],
    "America/Edmonton": [date(2026, 11, 1)],
}
# Mostly in the hours of DST changes.
quarters = (st.integers(0, 15) | st.integers(0, 95)).map(lambda quarter: time(quarter // 4, quarter % 4 * 15))
spans = st.lists(st.tuples(quarters, quarters).filter(lambda span: span[0] < span[1]), max_size=3)


@cache
def minutes_of(on, zone):
    """All instants of the local date, a minute apart."""
    start = datetime.combine(on, time(0), tzinfo=UTC) - timedelta(hours=15)
    instants = (start + MINUTE * more for more in range(60 * 54))
    return [instant for instant in instants if instant.astimezone(zone).date() == on]


def first_showing(on, wall, zone):
    """The first instant of a wall time, by brute force; skipped times use the offset before the gap."""
    before = None
    for instant in minutes_of(on, zone):
        shown = instant.astimezone(zone).time()
        if shown == wall:
            return instant
        if shown > wall:
            break
        before = instant
    if before is None:  # The gap is at the start of the day: count from midnight, which is skipped, too.
        before, shown = minutes_of(on, zone)[0] - MINUTE, time(0)
        return before + MINUTE + timedelta(hours=wall.hour, minutes=wall.minute)
    shown = before.astimezone(zone).time()
    return before + timedelta(hours=wall.hour - shown.hour, minutes=wall.minute - shown.minute)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_it_agrees_with_a_brute_force_model(data):
    name = data.draw(st.sampled_from(sorted(ZONES)))
    zone, around = ZoneInfo(name), data.draw(st.sampled_from(ZONES[name]))
    days = [around + timedelta(days=more) for more in (-1, 0, 1)]
    weekly = {day.weekday(): data.draw(spans) for day in days}
    special = {
        day: SpecialHoursOn(tuple(data.draw(spans)))
        for day in days
        if data.draw(st.booleans(), label=f"{day} is special")
    }
    hours_by_day = {day: special[day].hours if day in special else weekly[day.weekday()] for day in days}
    open_from_to = [
        (first_showing(day, opens, zone), first_showing(day, closes, zone))
        for day in days
        for opens, closes in hours_by_day[day]
    ]
    minutes = [instant for day in days for instant in minutes_of(day, zone)]
    # Test at the edges, and an hour before and after them.
    edges = [edge + MINUTE * more for span in open_from_to for edge in span for more in (-60, -1, 0, 1, 59)]
    now = data.draw(st.sampled_from([instant for instant in edges if instant in set(minutes)] or minutes))

    def is_open(instant):
        return any(start <= instant < end for start, end in open_from_to)

    state = opening_state_at(now, zone=zone, weekly=weekly, special=special)
    if state is None:
        assert not any(hours_by_day.values())
        return

    assert state.is_open == is_open(now)
    assert state.changes_at > now
    checked_until = min(state.changes_at, minutes_of(days[-1], zone)[-1] + MINUTE)
    later = [now + MINUTE * more for more in range(1, (checked_until - now) // MINUTE)]
    assert {is_open(instant) for instant in later} <= {state.is_open}
    if state.is_open and state.changes_at == checked_until:
        assert not is_open(checked_until)
    if not state.is_open:
        assert state.changes_at <= end_of_day(now, zone)
        next_opening = min((start for start, end in open_from_to if now < start < end), default=None)
        if next_opening is not None:
            assert state.opens_on == next_opening.astimezone(zone).date()
            assert formatting.opening_state_text(state).startswith("Closed")


@pytest.mark.parametrize("name", sorted(ZONES))
def test_a_day_ends_with_its_last_local_minute(name):
    zone = ZoneInfo(name)
    for around in ZONES[name]:
        for day in (around - timedelta(days=1), around):
            minutes = minutes_of(day, zone)
            assert {end_of_day(instant, zone) for instant in minutes} == {minutes[-1] + MINUTE}


# The weekly listing

EARLY, LATE, SPLIT = [(time(7), time(19))], [(time(9), time(13))], [(time(8), time(12)), (time(13), time(17))]


@pytest.mark.parametrize(
    ("week", "expected"),
    [
        ([EARLY] * 4 + [LATE, LATE, []],
         [("Monday to Thursday", EARLY), ("Friday and Saturday", LATE), ("Sunday", [])]),
        ([EARLY] * 5 + [[], []], [("Monday to Friday", EARLY), ("Saturday and Sunday", [])]),
        ([EARLY] * 7, [("Every day", EARLY)]),
        ([SPLIT, SPLIT, EARLY, SPLIT, [], [], []],
         [("Monday and Tuesday", SPLIT), ("Wednesday", EARLY), ("Thursday", SPLIT), ("Friday to Sunday", [])]),
        ([[], EARLY, EARLY, EARLY, EARLY, EARLY, []],
         [("Monday", []), ("Tuesday to Saturday", EARLY), ("Sunday", [])]),
    ],
    ids=["alike-then-not", "a-weekend", "every-day", "days-in-two-parts", "not-round-the-week-s-end"],
)  # fmt: skip
def test_consecutive_days_with_the_same_hours_are_grouped(week, expected):
    assert [(formatting.weekdays(first, last), hours) for first, last, hours in group_days(week)] == expected


@pytest.mark.parametrize("days", range(1, 8))
def test_days_with_different_hours_are_not_grouped(days):
    week = [[(time(8), time(12 + day))] for day in range(days)]
    assert list(group_days(week)) == [(day, day, week[day]) for day in range(days)]


@given(st.lists(st.sampled_from([[], EARLY, LATE, SPLIT]), min_size=7, max_size=7))
def test_the_groups_cover_the_whole_week(week):
    lines = list(group_days(week))
    assert [hours for first, last, hours in lines for _ in range(first, last + 1)] == week
    assert all(before[2] != after[2] for before, after in pairwise(lines))
