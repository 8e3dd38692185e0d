"""The availability rules: a test for each, and property tests against a brute-force model of minutes."""

import struct
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from importlib import resources
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from booking import availability
from booking.availability import (
    SECOND,
    DatedHours,
    Interval,
    LocationDay,
    OccupiedSpan,
    Request,
    Schedule,
    TimeOffSpan,
    WallSpan,
    WeeklySpan,
    floor_second,
    instant,
    instant_at,
    instants_of,
    local_day,
    merge,
    starts,
)
from booking.availability.starts import hours_of

pytestmark = pytest.mark.once
EDMONTON = ZoneInfo("America/Edmonton")
DENVER = ZoneInfo("America/Denver")
MONDAY = date(2026, 11, 23)
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HERE, ELSEWHERE = 1, 2
NINE_TO_NOON = WallSpan.between(time(9), time(12))
NINE = floor_second(instant_at(MONDAY, time(9), EDMONTON))


def minutes(count: int) -> timedelta:
    return timedelta(minutes=count)


def half_hour(**fields: object) -> Request:
    return Request(**({"duration": minutes(30), "step": minutes(30)} | fields))  # type: ignore[arg-type]


def place(zone: ZoneInfo = EDMONTON, **fields: object) -> LocationDay:
    return LocationDay(id=HERE, zone=zone, **fields)  # type: ignore[arg-type]


def mondays(*spans: WallSpan) -> list[WeeklySpan]:
    return [WeeklySpan(0, span, HERE) for span in spans]


def local_starts(
    schedule: Schedule,
    at: LocationDay | None = None,
    request: Request | None = None,
    first: date = MONDAY,
    last: date | None = None,
    not_before: datetime = LONG_AGO,
) -> list[str]:
    at = at or place()
    slots = starts(schedule, at, request or half_hour(), first=first, last=last or first, not_before=not_before)
    return [f"{instant(start).astimezone(at.zone):%H:%M}" for start in slots]


def test_starts_are_the_hours_start_plus_steps_and_the_whole_visit_fits():
    schedule = Schedule(weekly=mondays(WallSpan.between(time(9), time(10, 20))))
    assert local_starts(schedule) == ["09:00", "09:30"]


def test_the_step_can_be_shorter_than_the_visit():
    schedule = Schedule(weekly=mondays(WallSpan.between(time(9), time(10))))
    assert local_starts(schedule, request=half_hour(step=minutes(15))) == ["09:00", "09:15", "09:30"]


def test_overlapping_and_touching_hours_of_a_day_merge_into_one_grid():
    schedule = Schedule(
        weekly=mondays(
            WallSpan.between(time(10, 10), time(11)),
            WallSpan.between(time(9), time(10)),
            WallSpan.between(time(9, 50), time(10, 10)),
        )
    )
    assert local_starts(schedule) == ["09:00", "09:30", "10:00", "10:30"]


def test_hours_of_neighbouring_days_do_not_merge():
    weekly = [
        WeeklySpan(0, WallSpan.between(time(22, 45), time(0)), HERE),
        WeeklySpan(1, WallSpan.between(time(0), time(1)), HERE),
    ]
    slots = local_starts(Schedule(weekly=weekly), last=MONDAY + timedelta(days=1))
    assert slots == ["22:45", "23:15", "00:00", "00:30"]


def test_hours_past_midnight_belong_to_the_day_they_start_on():
    schedule = Schedule(weekly=mondays(WallSpan.between(time(23), time(1), ends_next_day=True)))
    assert local_starts(schedule) == ["23:00", "23:30"]
    assert local_starts(schedule, first=MONDAY + timedelta(days=1)) == ["00:00", "00:30"]


def test_midnight_to_midnight_is_the_whole_day():
    schedule = Schedule(weekly=mondays(WallSpan.between(time(0), time(0))))
    assert len(local_starts(schedule)) == 48


def test_hours_hold_only_between_their_validity_dates_both_included():
    weekly = [WeeklySpan(0, NINE_TO_NOON, HERE, starts_on=MONDAY, ends_on=MONDAY)]
    week = timedelta(days=7)
    counts = [len(local_starts(Schedule(weekly=weekly), first=day)) for day in (MONDAY - week, MONDAY, MONDAY + week)]
    assert counts == [0, 6, 0]


@pytest.mark.parametrize("order", [1, -1], ids=["as given", "reversed"])
def test_breaks_time_off_and_visits_block_time_without_moving_the_grid(order):
    visits = [
        OccupiedSpan.between(instant_at(MONDAY, time(11), EDMONTON), instant_at(MONDAY, time(11, 5), EDMONTON)),
        OccupiedSpan.between(instant_at(MONDAY, time(9), EDMONTON), instant_at(MONDAY, time(9, 10), EDMONTON)),
    ][::order]
    schedule = Schedule(
        weekly=mondays(NINE_TO_NOON),
        breaks=[WeeklySpan(0, WallSpan.between(time(10, 5), time(10, 10)))],
        away=[TimeOffSpan(MONDAY, time(11, 45), MONDAY, None)],
        visits=visits,
    )
    assert local_starts(schedule) == ["09:30", "10:30"]


def test_touching_visits_do_not_overlap():
    busy = OccupiedSpan.between(instant_at(MONDAY, time(9, 30), EDMONTON), instant_at(MONDAY, time(10), EDMONTON))
    schedule = Schedule(weekly=mondays(WallSpan.between(time(9), time(10, 30))), visits=[busy])
    assert local_starts(schedule) == ["09:00", "10:00"]


@pytest.mark.parametrize(
    ("other_after", "own_before", "first_free"),
    [(10, 0, "10:10"), (0, 15, "10:15"), (10, 15, "10:15"), (15, 10, "10:15")],
    ids=["theirs", "ours", "the longer is ours", "the longer is theirs"],
)
def test_buffers_between_two_visits_are_shared(other_after, own_before, first_free):
    busy = OccupiedSpan.between(
        instant_at(MONDAY, time(9), EDMONTON),
        instant_at(MONDAY, time(10), EDMONTON),
        buffer_after=minutes(other_after),
    )
    schedule = Schedule(weekly=mondays(WallSpan.between(time(9), time(11))), visits=[busy])
    request = half_hour(step=minutes(5), buffer_before=minutes(own_before))
    assert local_starts(schedule, request=request)[0] == first_free


def test_a_fraction_of_a_second_occupies_the_whole_second():
    moment = timedelta(microseconds=1)
    busy = OccupiedSpan.between(
        instant_at(MONDAY, time(9, 30), EDMONTON) - moment, instant_at(MONDAY, time(10), EDMONTON) + moment
    )
    schedule = Schedule(weekly=mondays(WallSpan.between(time(9), time(11))), visits=[busy])
    assert local_starts(schedule) == ["10:30"]


def test_a_buffer_may_extend_beyond_working_hours():
    schedule = Schedule(weekly=mondays(WallSpan.between(time(9), time(10))))
    request = half_hour(buffer_before=minutes(20), buffer_after=minutes(20))
    assert local_starts(schedule, request=request) == ["09:00", "09:30"]


def test_a_start_exactly_at_the_end_of_the_lead_time_can_be_booked():
    schedule = Schedule(weekly=mondays(NINE_TO_NOON))
    boundary = instant_at(MONDAY, time(10), EDMONTON)
    assert local_starts(schedule, not_before=boundary)[0] == "10:00"
    assert local_starts(schedule, not_before=boundary + timedelta(microseconds=1))[0] == "10:30"


def test_the_horizon_counts_local_days():
    # 23:30 on the 22nd in Edmonton is already the 23rd in UTC.
    late = datetime(2026, 11, 23, 5, 30, tzinfo=UTC)
    assert availability.horizon(late, 2, EDMONTON) == (date(2026, 11, 22), date(2026, 11, 24))


def test_dated_hours_replace_the_weekly_ones():
    schedule = Schedule(
        weekly=mondays(NINE_TO_NOON), overrides={MONDAY: [DatedHours(HERE, WallSpan.between(time(15), time(16)))]}
    )
    assert local_starts(schedule) == ["15:00", "15:30"]


def test_dated_hours_at_another_location_replace_the_weekly_ones_here():
    schedule = Schedule(
        weekly=mondays(NINE_TO_NOON), overrides={MONDAY: [DatedHours(ELSEWHERE, WallSpan.between(time(15), time(16)))]}
    )
    assert local_starts(schedule) == []


def test_dated_hours_without_times_are_a_day_off():
    assert local_starts(Schedule(weekly=mondays(NINE_TO_NOON), overrides={MONDAY: [DatedHours(HERE, None)]})) == []


def test_a_closure_blocks_the_local_day_including_hours_from_the_evening_before():
    weekly = [
        WeeklySpan(6, WallSpan.between(time(23), time(1), ends_next_day=True), HERE),
        WeeklySpan(0, WallSpan.between(time(9), time(10)), HERE),
    ]
    closed = place(closed_on=frozenset({MONDAY}))
    slots = local_starts(Schedule(weekly=weekly), closed, first=MONDAY - timedelta(days=1), last=MONDAY)
    assert slots == ["23:00", "23:30"]


def test_dated_hours_reopen_a_closed_day():
    schedule = Schedule(overrides={MONDAY: [DatedHours(HERE, WallSpan.between(time(9), time(10)))]})
    assert local_starts(schedule, place(closed_on=frozenset({MONDAY}))) == ["09:00", "09:30"]


def test_a_closure_blocks_visits_that_reach_it_across_a_skipped_day():
    # Samoa went from 29 to 31 December 2011; the 31st is closed.
    weekly = [WeeklySpan(3, WallSpan.between(time(23), time(1), ends_next_day=True), HERE)]
    apia = place(ZoneInfo("Pacific/Apia"), closed_on=frozenset({date(2011, 12, 31)}))
    thursday = date(2011, 12, 29)
    before = datetime(2011, 1, 1, tzinfo=UTC)
    slots = local_starts(Schedule(weekly=weekly), apia, half_hour(step=minutes(15)), thursday, not_before=before)
    assert slots == ["23:00", "23:15", "23:30"]


def test_a_room_must_be_free_for_the_whole_visit():
    nine, quarter_past, ten = (
        floor_second(instant_at(MONDAY, at, EDMONTON)) for at in (time(9), time(9, 15), time(10))
    )
    # One room is free at first, the other later, but neither for the half hour from 9:00.
    rooms = {1: [(nine, quarter_past)], 2: [(quarter_past, ten)]}
    schedule = Schedule(weekly=mondays(WallSpan.between(time(9), time(10))))
    assert local_starts(schedule, place(rooms=rooms), half_hour(needs_room=True)) == ["09:30"]
    assert local_starts(schedule, place(rooms={}), half_hour(needs_room=True)) == []


def test_a_wall_time_in_a_dst_gap_uses_the_offset_before_it():
    # 2:30 on the night Denver springs forward.
    assert instant_at(date(2026, 3, 8), time(2, 30), DENVER) == datetime(2026, 3, 8, 9, 30, tzinfo=UTC)


def test_an_ambiguous_wall_time_is_the_first():
    assert instant_at(date(2026, 11, 1), time(1, 30), DENVER) == datetime(2026, 11, 1, 7, 30, tzinfo=UTC)


def test_alberta_no_longer_has_dst_changes():
    offsets = {
        instant_at(day, time(12), EDMONTON).hour for day in (date(2026, 7, 1), date(2026, 11, 2), date(2027, 1, 1))
    }
    assert offsets == {18}


def changes_of(key: str) -> list[int]:
    """The instants of a zone's transitions, from its TZif file (RFC 8536; the second block has 64-bit values)."""
    data = resources.files("tzdata.zoneinfo").joinpath(*key.split("/")).read_bytes()
    _, _, leaps, times, types, letters = struct.unpack(">6L", data[20:44])
    utc_or_not, standard_or_not = struct.unpack(">2L", data[20:28])
    second = 44 + times * 5 + types * 6 + letters + leaps * 8 + standard_or_not + utc_or_not
    (count,) = struct.unpack(">L", data[second + 32 : second + 36])
    return list(struct.unpack(f">{count}q", data[second + 44 : second + 44 + 8 * count]))


def test_no_zone_ever_had_two_transitions_within_two_days():
    # local_time._day() relies on this: it compares three midnights to detect a transition between them.
    zones = [
        key
        for key in sorted(available_timezones())
        if any(later - earlier < 2 * 86_400 for earlier, later in pairwise(changes_of(key)))
    ]
    assert zones == []


def test_a_wall_time_is_no_instant_one_or_two():
    counts = [
        len(instants_of(date(2026, 3, 8), time(2, 30), DENVER)),
        len(instants_of(date(2026, 11, 2), time(1, 30), DENVER)),
        len(instants_of(date(2026, 11, 1), time(1, 30), DENVER)),
    ]
    assert counts == [0, 1, 2]


def test_the_day_dst_ends_has_an_extra_hour():
    schedule = Schedule(weekly=[WeeklySpan(6, WallSpan.between(time(0), time(4)), HERE)])
    slots = local_starts(schedule, place(DENVER), half_hour(step=minutes(60), duration=minutes(60)), date(2026, 11, 1))
    assert slots == ["00:00", "01:00", "01:00", "02:00", "03:00"]


# Against a brute-force model of minutes


def instants(interval: Interval) -> tuple[datetime, datetime]:
    return instant(interval[0]), instant(interval[1])


def is_blocked(schedule: Schedule, at: LocationDay, minute: datetime) -> bool:
    """Whether a closure, break or time off covers this minute."""
    local = minute.astimezone(at.zone)
    reopened = any(dated.location == at.id and dated.span for dated in schedule.overrides.get(local.date(), ()))
    if local.date() in at.closed_on and not reopened:
        return True
    for day in (local.date() - timedelta(days=back) for back in range(3)):
        for row in schedule.breaks:
            start, end = instants(row.span.on(day, at.zone))
            if row.weekday == day.weekday() and row.holds_on(day) and start <= minute < end:
                return True
    return any(start <= minute < end for start, end in (instants(away.at(at.zone)) for away in schedule.away))


def brute_force(
    schedule: Schedule, at: LocationDay, request: Request, first: date, last: date, not_before: datetime
) -> list:
    slots = set()
    for offset in range(-2, (last - first).days + 1):
        day = first + timedelta(days=offset)
        covered = set()
        for minute, end in map(instants, hours_of(schedule, at, day, day)):
            while minute < end:
                covered.add(minute)
                minute += MINUTE
        anchors = sorted(minute for minute in covered if minute - MINUTE not in covered)
        for anchor in anchors:
            start = anchor
            while start in covered:
                visit = [start + MINUTE * index for index in range(request.duration // MINUTE)]
                has_buffers = all(
                    visit[-1] + MINUTE + max(request.buffer_after, other.buffer_before * SECOND) <= instant(other.start)
                    or instant(other.end) + max(other.buffer_after * SECOND, request.buffer_before) <= start
                    for other in schedule.visits
                )
                if (
                    all(minute in covered and not is_blocked(schedule, at, minute) for minute in visit)
                    and has_buffers
                    and first <= start.astimezone(at.zone).date() <= last
                    and start >= not_before
                ):
                    slots.add(start)
                start += request.step
    return sorted(slots)


quarters = st.integers(0, 95).map(lambda quarter: time(quarter // 4, quarter % 4 * 15))


@st.composite
def spans(draw):
    start, end = draw(quarters), draw(quarters)
    if end == time(0):
        return WallSpan.between(start, end)
    if end == start:
        return WallSpan.between(start, time(0))
    return WallSpan.between(start, end, ends_next_day=end < start)


# DST starting, DST ending, a 45-minute offset, a half-hour change, a skipped day.
DAYS = [
    (ZoneInfo("America/Edmonton"), date(2026, 3, 7)),
    (ZoneInfo("America/Edmonton"), date(2026, 10, 31)),
    (ZoneInfo("America/Denver"), date(2026, 10, 31)),
    (ZoneInfo("Asia/Kathmandu"), date(2026, 6, 1)),
    (ZoneInfo("Australia/Lord_Howe"), date(2026, 4, 4)),
    (ZoneInfo("Pacific/Apia"), date(2011, 12, 29)),
]


@st.composite
def cases(draw):
    zone, first = draw(st.sampled_from(DAYS))
    day = st.integers(-1, 3).map(lambda offset: first + timedelta(days=offset))
    weekly = draw(st.lists(st.builds(WeeklySpan, st.integers(0, 6), spans(), st.just(HERE)), max_size=8))
    overrides = draw(
        st.dictionaries(
            day, st.lists(st.builds(DatedHours, st.just(HERE), st.none() | spans()), min_size=1, max_size=2), max_size=2
        )
    )
    visits = []
    for _ in range(draw(st.integers(0, 5))):
        start = instant_at(draw(day), draw(quarters), zone) + minutes(draw(st.integers(0, 14)))
        buffers = minutes(draw(st.integers(0, 30))), minutes(draw(st.integers(0, 30)))
        visits.append(OccupiedSpan.between(start, start + minutes(draw(st.integers(1, 90))), *buffers))
    away = []
    for _ in range(draw(st.integers(0, 2))):
        starts_on = draw(day)
        ends_on = starts_on + timedelta(days=draw(st.integers(0, 1)))
        start_time, end_time = draw(st.none() | quarters), draw(st.none() | quarters)
        time_off = TimeOffSpan(starts_on, start_time, ends_on, end_time)
        start, end = time_off.at(zone)
        if start < end:
            away.append(time_off)
    schedule = Schedule(
        weekly=weekly,
        overrides=overrides,
        breaks=draw(st.lists(st.builds(WeeklySpan, st.integers(0, 6), spans()), max_size=3)),
        away=away,
        visits=visits,
    )
    at = LocationDay(HERE, zone, closed_on=frozenset(draw(st.sets(day, max_size=2))))
    request = Request(
        duration=minutes(draw(st.sampled_from([15, 30, 50, 120]))),
        step=minutes(draw(st.sampled_from([10, 30, 45]))),
        buffer_before=minutes(draw(st.sampled_from([0, 10, 25]))),
        buffer_after=minutes(draw(st.sampled_from([0, 5, 20]))),
    )
    not_before = instant_at(first, draw(quarters), zone)
    return schedule, at, request, first, first + timedelta(days=draw(st.integers(0, 2))), not_before


@settings(max_examples=150, deadline=None)
@given(cases())
def test_all_rules_together_agree_with_a_brute_force_model(case):
    schedule, at, request, first, last, not_before = case
    slots = starts(schedule, at, request, first=first, last=last, not_before=not_before)
    assert [instant(start) for start in slots] == brute_force(schedule, at, request, first, last, not_before)


@settings(max_examples=150, deadline=None)
@given(cases(), st.data())
def test_a_start_is_available_if_and_only_if_no_rule_excludes_it(case, data):
    schedule, at, request, first, last, not_before = case
    available = set(map(instant, starts(schedule, at, request, first=first, last=last, not_before=not_before)))
    start_of_day = instant_at(first, time(0), at.zone)
    offsets = data.draw(st.lists(st.integers(-100, 1200), max_size=12))
    candidates = {start_of_day + minutes(5 * offset) for offset in offsets} | available
    bounds = {"first": first, "last": last, "not_before": not_before}
    assert available == {
        start for start in candidates if availability.why_not(schedule, at, request, start, **bounds) is None
    }


def test_a_closure_of_a_day_that_the_zone_skips_blocks_nothing():
    apia, day = ZoneInfo("Pacific/Apia"), date(2011, 12, 29)
    schedule = Schedule(weekly=[WeeklySpan(3, WallSpan.between(time(9), time(2), ends_next_day=True), HERE)])
    at = LocationDay(HERE, apia, closed_on=frozenset({date(2011, 12, 30)}))
    bounds = {"first": day, "last": day, "not_before": instant_at(day, time(0), apia)}
    request, across_midnight = half_hour(duration=minutes(60)), floor_second(instant_at(day, time(23, 30), apia))
    assert across_midnight in starts(schedule, at, request, **bounds)
    assert availability.why_not(schedule, at, request, instant(across_midnight), **bounds) is None
    assert availability.works_at(schedule, at, request, across_midnight, not_before=bounds["not_before"])


quarter_hours = st.tuples(st.integers(-2, 14), st.integers(1, 4)).map(
    lambda drawn: (NINE + drawn[0] * 900, NINE + (drawn[0] + drawn[1]) * 900)
)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.lists(quarter_hours, max_size=4).map(merge), max_size=3), st.sampled_from([15, 30, 60]))
def test_a_start_that_needs_a_room_is_available_if_and_only_if_one_is_free(rooms, length):
    """The slot page, the booking command and the reason shown to staff must agree."""
    at = place(rooms=dict(enumerate(rooms)))
    request = half_hour(duration=minutes(length), step=minutes(15), needs_room=True)
    schedule = Schedule(weekly=mondays(NINE_TO_NOON))
    bounds = {"first": MONDAY, "last": MONDAY, "not_before": LONG_AGO}
    available = starts(schedule, at, request, **bounds)
    for start in range(NINE, NINE + 3 * 3600 - length * 60 + 1, 900):
        visit = start, start + length * 60
        free = [
            room
            for room, occupied in at.rooms.items()
            if all(end <= visit[0] or visit[1] <= begin for begin, end in occupied)
        ]
        assert availability.free_room(at, visit) == (free[0] if free else None)
        assert (start in available) == bool(free) == availability.is_free(schedule, at, request, start)
        reason = availability.why_not(schedule, at, request, instant(start), **bounds)
        assert reason == (None if free else availability.Reason.ROOM)


@settings(max_examples=300, deadline=None)
@given(cases(), st.data())
def test_the_check_of_one_start_agrees_with_the_list_of_all(case, data):
    """The check under the lock must agree with the slots on the page."""
    schedule, at, request, first, last, not_before = case
    start_of_day = instant_at(first, time(0), at.zone)
    intervals = st.tuples(st.integers(0, 300), st.integers(0, 30)).map(
        lambda drawn: (
            floor_second(start_of_day) + drawn[0] * 600,
            floor_second(start_of_day) + (drawn[0] + drawn[1]) * 600,
        )
    )
    rooms = data.draw(st.lists(st.lists(intervals, max_size=4).map(merge), max_size=2))
    at = replace(at, rooms=dict(enumerate(rooms)))
    request = replace(request, needs_room=data.draw(st.booleans()))
    available = set(starts(schedule, at, request, first=first, last=last, not_before=not_before))
    offsets = data.draw(st.lists(st.integers(-100, 1200), max_size=12))
    candidates = available | {floor_second(start_of_day) + 300 * offset for offset in offsets}
    candidates |= {start + 1 for start in available} | {start - 1 for start in available}
    candidates |= {end for intervals in rooms for interval in intervals for end in interval}
    assert available == {
        start
        for start in candidates
        if first <= local_day(instant(start), at.zone) <= last
        and availability.works_at(schedule, at, request, start, not_before=not_before)
        and availability.is_free(schedule, at, request, start)
    }


@pytest.mark.parametrize(
    ("start", "reason"),
    [
        ("09:00", None), ("09:10", "between the offered starts"), ("08:30", "outside working hours"),
        ("11:45", "outside working hours"), ("10:00", "a break"), ("10:30", "another visit"), ("11:00", "time off"),
        ("09:30", "too close to another visit"), ("07:00", "too soon"),
    ],
)  # fmt: skip
def test_the_reason_names_the_rule_that_excludes_a_start(start, reason):
    schedule = Schedule(
        weekly=mondays(NINE_TO_NOON),
        breaks=[WeeklySpan(0, WallSpan.between(time(10, 5), time(10, 15)))],
        visits=[
            OccupiedSpan.between(instant_at(MONDAY, time(10, 30), EDMONTON), instant_at(MONDAY, time(10, 45), EDMONTON))
        ],
        away=[TimeOffSpan(MONDAY, time(11, 15), MONDAY, time(11, 30))],
    )
    request = half_hour(buffer_after=minutes(31))
    bounds = {"first": MONDAY, "last": MONDAY, "not_before": instant_at(MONDAY, time(8), EDMONTON)}
    starts_at = instant_at(MONDAY, time.fromisoformat(start), EDMONTON)
    result = availability.why_not(schedule, place(), request, starts_at, **bounds)
    assert (result and result.value) == reason


@given(st.lists(st.tuples(st.integers(0, 200), st.integers(0, 60)), max_size=20))
def test_merged_intervals_cover_the_same_seconds_and_never_touch(pairs):
    unmerged = [(start, start + length) for start, length in pairs]
    merged = merge(unmerged)

    def covered(intervals):
        return {second for second in range(261) if any(start <= second < end for start, end in intervals)}

    assert covered(merged) == covered(unmerged)
    assert all(a[1] < b[0] for a, b in pairwise(merged))
