"""The rules of availability, one test a rule, and all of them against counting minute by minute."""

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
    Away,
    DatedHours,
    Place,
    Request,
    Schedule,
    Stretch,
    Visit,
    WallSpan,
    WeeklySpan,
    floor_second,
    instant,
    instants_of,
    local_day,
    merge,
    resolve,
    starts,
)
from booking.availability.search import hours_of

pytestmark = pytest.mark.once
EDMONTON = ZoneInfo("America/Edmonton")
DENVER = ZoneInfo("America/Denver")
MONDAY = date(2026, 11, 23)
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HERE, ELSEWHERE = 1, 2
NINE_TO_NOON = WallSpan.between(time(9), time(12))


def minutes(count: int) -> timedelta:
    return timedelta(minutes=count)


def half_hour(**fields: object) -> Request:
    return Request(**({"duration": minutes(30), "step": minutes(30)} | fields))  # type: ignore[arg-type]


def place(zone: ZoneInfo = EDMONTON, **fields: object) -> Place:
    return Place(id=HERE, zone=zone, **fields)  # type: ignore[arg-type]


def mondays(*spans: WallSpan) -> list[WeeklySpan]:
    return [WeeklySpan(0, span, HERE) for span in spans]


def local_starts(
    schedule: Schedule,
    at: Place | None = None,
    request: Request | None = None,
    first: date = MONDAY,
    last: date | None = None,
    not_before: datetime = LONG_AGO,
) -> list[str]:
    at = at or place()
    found = starts(schedule, at, request or half_hour(), first=first, last=last or first, not_before=not_before)
    return [f"{instant(start).astimezone(at.zone):%H:%M}" for start in found]


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
    found = local_starts(Schedule(weekly=weekly), last=MONDAY + timedelta(days=1))
    assert found == ["22:45", "23:15", "00:00", "00:30"]


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
def test_breaks_time_off_and_visits_are_cut_out_without_moving_the_grid(order):
    visits = [
        Visit.between(resolve(MONDAY, time(11), EDMONTON), resolve(MONDAY, time(11, 5), EDMONTON)),
        Visit.between(resolve(MONDAY, time(9), EDMONTON), resolve(MONDAY, time(9, 10), EDMONTON)),
    ][::order]
    schedule = Schedule(
        weekly=mondays(NINE_TO_NOON),
        breaks=[WeeklySpan(0, WallSpan.between(time(10, 5), time(10, 10)))],
        away=[Away(MONDAY, time(11, 45), MONDAY, None)],
        visits=visits,
    )
    assert local_starts(schedule) == ["09:30", "10:30"]


def test_touching_a_visit_is_not_overlapping_it():
    busy = Visit.between(resolve(MONDAY, time(9, 30), EDMONTON), resolve(MONDAY, time(10), EDMONTON))
    schedule = Schedule(weekly=mondays(WallSpan.between(time(9), time(10, 30))), visits=[busy])
    assert local_starts(schedule) == ["09:00", "10:00"]


@pytest.mark.parametrize(
    ("theirs_after", "ours_before", "first_free"),
    [(10, 0, "10:10"), (0, 15, "10:15"), (10, 15, "10:15"), (15, 10, "10:15")],
    ids=["theirs", "ours", "the longer is ours", "the longer is theirs"],
)
def test_buffers_between_two_visits_are_shared(theirs_after, ours_before, first_free):
    busy = Visit.between(
        resolve(MONDAY, time(9), EDMONTON), resolve(MONDAY, time(10), EDMONTON), buffer_after=minutes(theirs_after)
    )
    schedule = Schedule(weekly=mondays(WallSpan.between(time(9), time(11))), visits=[busy])
    request = half_hour(step=minutes(5), buffer_before=minutes(ours_before))
    assert local_starts(schedule, request=request)[0] == first_free


def test_a_visit_that_begins_or_ends_within_a_second_takes_the_whole_of_it():
    moment = timedelta(microseconds=1)
    busy = Visit.between(resolve(MONDAY, time(9, 30), EDMONTON) - moment, resolve(MONDAY, time(10), EDMONTON) + moment)
    schedule = Schedule(weekly=mondays(WallSpan.between(time(9), time(11))), visits=[busy])
    assert local_starts(schedule) == ["10:30"]


def test_a_buffer_may_hang_outside_working_hours():
    schedule = Schedule(weekly=mondays(WallSpan.between(time(9), time(10))))
    request = half_hour(buffer_before=minutes(20), buffer_after=minutes(20))
    assert local_starts(schedule, request=request) == ["09:00", "09:30"]


def test_a_start_exactly_at_the_end_of_the_lead_time_can_be_booked():
    schedule = Schedule(weekly=mondays(NINE_TO_NOON))
    boundary = resolve(MONDAY, time(10), EDMONTON)
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


def test_dated_hours_at_another_place_replace_the_weekly_ones_here():
    schedule = Schedule(
        weekly=mondays(NINE_TO_NOON), overrides={MONDAY: [DatedHours(ELSEWHERE, WallSpan.between(time(15), time(16)))]}
    )
    assert local_starts(schedule) == []


def test_dated_hours_without_times_are_a_day_off():
    assert local_starts(Schedule(weekly=mondays(NINE_TO_NOON), overrides={MONDAY: [DatedHours(HERE, None)]})) == []


def test_a_closure_cuts_out_the_local_day_and_the_tail_of_the_evening_before():
    weekly = [
        WeeklySpan(6, WallSpan.between(time(23), time(1), ends_next_day=True), HERE),
        WeeklySpan(0, WallSpan.between(time(9), time(10)), HERE),
    ]
    closed = place(closed_on=frozenset({MONDAY}))
    found = local_starts(Schedule(weekly=weekly), closed, first=MONDAY - timedelta(days=1), last=MONDAY)
    assert found == ["23:00", "23:30"]


def test_dated_hours_reopen_a_closed_day():
    schedule = Schedule(overrides={MONDAY: [DatedHours(HERE, WallSpan.between(time(9), time(10)))]})
    assert local_starts(schedule, place(closed_on=frozenset({MONDAY}))) == ["09:00", "09:30"]


def test_a_closure_cuts_visits_that_reach_it_across_a_skipped_day():
    # Samoa went from 29 to 31 December 2011; the 31st is closed.
    weekly = [WeeklySpan(3, WallSpan.between(time(23), time(1), ends_next_day=True), HERE)]
    apia = place(ZoneInfo("Pacific/Apia"), closed_on=frozenset({date(2011, 12, 31)}))
    thursday = date(2011, 12, 29)
    before = datetime(2011, 1, 1, tzinfo=UTC)
    found = local_starts(Schedule(weekly=weekly), apia, half_hour(step=minutes(15)), thursday, not_before=before)
    assert found == ["23:00", "23:15", "23:30"]


def test_a_room_must_be_free_for_the_whole_visit():
    nine, quarter_past, ten = (floor_second(resolve(MONDAY, at, EDMONTON)) for at in (time(9), time(9, 15), time(10)))
    # One room is free at first, the other later, but neither for the half hour from 9:00.
    rooms = {1: [(nine, quarter_past)], 2: [(quarter_past, ten)]}
    schedule = Schedule(weekly=mondays(WallSpan.between(time(9), time(10))))
    assert local_starts(schedule, place(rooms=rooms), half_hour(needs_room=True)) == ["09:30"]
    assert local_starts(schedule, place(rooms={}), half_hour(needs_room=True)) == []


def test_a_wall_time_that_is_skipped_takes_the_offset_before_the_gap():
    # 2:30 on the night Denver springs forward.
    assert resolve(date(2026, 3, 8), time(2, 30), DENVER) == datetime(2026, 3, 8, 9, 30, tzinfo=UTC)


def test_a_wall_time_that_comes_twice_is_the_first():
    assert resolve(date(2026, 11, 1), time(1, 30), DENVER) == datetime(2026, 11, 1, 7, 30, tzinfo=UTC)


def test_alberta_no_longer_changes_its_clocks():
    offsets = {resolve(day, time(12), EDMONTON).hour for day in (date(2026, 7, 1), date(2026, 11, 2), date(2027, 1, 1))}
    assert offsets == {18}


def changes_of(key: str) -> list[int]:
    """The instants at which a zone's clocks change, from its file (RFC 8536: the second block counts in 64 bits)."""
    data = resources.files("tzdata.zoneinfo").joinpath(*key.split("/")).read_bytes()
    _, _, leaps, times, types, letters = struct.unpack(">6L", data[20:44])
    utc_or_not, standard_or_not = struct.unpack(">2L", data[20:28])
    second = 44 + times * 5 + types * 6 + letters + leaps * 8 + standard_or_not + utc_or_not
    (count,) = struct.unpack(">L", data[second + 32 : second + 36])
    return list(struct.unpack(f">{count}q", data[second + 44 : second + 44 + 8 * count]))


def test_no_clock_was_ever_changed_twice_within_two_days():
    # What lets three midnights tell that nothing changes between them.
    quick = [
        key
        for key in sorted(available_timezones())
        if any(later - earlier < 2 * 86_400 for earlier, later in pairwise(changes_of(key)))
    ]
    assert quick == []


def test_a_persons_wall_time_can_be_no_instant_one_or_two():
    counts = [
        len(instants_of(date(2026, 3, 8), time(2, 30), DENVER)),
        len(instants_of(date(2026, 11, 2), time(1, 30), DENVER)),
        len(instants_of(date(2026, 11, 1), time(1, 30), DENVER)),
    ]
    assert counts == [0, 1, 2]


def test_the_day_the_clocks_go_back_has_an_hour_more():
    schedule = Schedule(weekly=[WeeklySpan(6, WallSpan.between(time(0), time(4)), HERE)])
    found = local_starts(schedule, place(DENVER), half_hour(step=minutes(60), duration=minutes(60)), date(2026, 11, 1))
    assert found == ["00:00", "01:00", "01:00", "02:00", "03:00"]


# Against a model that knows only minutes


def instants(stretch: Stretch) -> tuple[datetime, datetime]:
    return instant(stretch[0]), instant(stretch[1])


def is_taken(schedule: Schedule, at: Place, minute: datetime) -> bool:
    """Whether a visit may not cover this minute, decided the slow and obvious way."""
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


def brute_force(schedule: Schedule, at: Place, request: Request, first: date, last: date, not_before: datetime) -> list:
    found = set()
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
                clear = all(
                    visit[-1] + MINUTE + max(request.buffer_after, other.buffer_before * SECOND) <= instant(other.start)
                    or instant(other.end) + max(other.buffer_after * SECOND, request.buffer_before) <= start
                    for other in schedule.visits
                )
                if (
                    all(minute in covered and not is_taken(schedule, at, minute) for minute in visit)
                    and clear
                    and first <= start.astimezone(at.zone).date() <= last
                    and start >= not_before
                ):
                    found.add(start)
                start += request.step
    return sorted(found)


quarters = st.integers(0, 95).map(lambda quarter: time(quarter // 4, quarter % 4 * 15))


@st.composite
def spans(draw):
    start, end = draw(quarters), draw(quarters)
    if end == time(0):
        return WallSpan.between(start, end)
    if end == start:
        return WallSpan.between(start, time(0))
    return WallSpan.between(start, end, ends_next_day=end < start)


# A change forwards, a change back, a 45-minute offset, half-hour changes, the day a law changed.
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
        start = resolve(draw(day), draw(quarters), zone) + minutes(draw(st.integers(0, 14)))
        buffers = minutes(draw(st.integers(0, 30))), minutes(draw(st.integers(0, 30)))
        visits.append(Visit.between(start, start + minutes(draw(st.integers(1, 90))), *buffers))
    away = []
    for _ in range(draw(st.integers(0, 2))):
        starts_on = draw(day)
        ends_on = starts_on + timedelta(days=draw(st.integers(0, 1)))
        start_time, end_time = draw(st.none() | quarters), draw(st.none() | quarters)
        stretch = Away(starts_on, start_time, ends_on, end_time)
        begin, end = stretch.at(zone)
        if begin < end:
            away.append(stretch)
    schedule = Schedule(
        weekly=weekly,
        overrides=overrides,
        breaks=draw(st.lists(st.builds(WeeklySpan, st.integers(0, 6), spans()), max_size=3)),
        away=away,
        visits=visits,
    )
    at = Place(HERE, zone, closed_on=frozenset(draw(st.sets(day, max_size=2))))
    request = Request(
        duration=minutes(draw(st.sampled_from([15, 30, 50, 120]))),
        step=minutes(draw(st.sampled_from([10, 30, 45]))),
        buffer_before=minutes(draw(st.sampled_from([0, 10, 25]))),
        buffer_after=minutes(draw(st.sampled_from([0, 5, 20]))),
    )
    not_before = resolve(first, draw(quarters), zone)
    return schedule, at, request, first, first + timedelta(days=draw(st.integers(0, 2))), not_before


@settings(max_examples=150, deadline=None)
@given(cases())
def test_every_rule_at_once_agrees_with_counting_minutes(case):
    schedule, at, request, first, last, not_before = case
    found = starts(schedule, at, request, first=first, last=last, not_before=not_before)
    assert [instant(start) for start in found] == brute_force(schedule, at, request, first, last, not_before)


@settings(max_examples=150, deadline=None)
@given(cases(), st.data())
def test_a_start_is_offered_exactly_when_no_rule_hides_it(case, data):
    schedule, at, request, first, last, not_before = case
    offered = set(map(instant, starts(schedule, at, request, first=first, last=last, not_before=not_before)))
    begin = resolve(first, time(0), at.zone)
    offsets = data.draw(st.lists(st.integers(-100, 1200), max_size=12))
    asked = {begin + minutes(5 * offset) for offset in offsets} | offered
    bounds = {"first": first, "last": last, "not_before": not_before}
    assert offered == {start for start in asked if availability.why_not(schedule, at, request, start, **bounds) is None}


def test_a_closure_of_a_day_that_the_place_skips_hides_nothing():
    apia, day = ZoneInfo("Pacific/Apia"), date(2011, 12, 29)
    schedule = Schedule(weekly=[WeeklySpan(3, WallSpan.between(time(9), time(2), ends_next_day=True), HERE)])
    at = Place(HERE, apia, closed_on=frozenset({date(2011, 12, 30)}))
    bounds = {"first": day, "last": day, "not_before": resolve(day, time(0), apia)}
    request, across_midnight = half_hour(duration=minutes(60)), floor_second(resolve(day, time(23, 30), apia))
    assert across_midnight in starts(schedule, at, request, **bounds)
    assert availability.why_not(schedule, at, request, instant(across_midnight), **bounds) is None
    assert availability.works_at(schedule, at, request, across_midnight, not_before=bounds["not_before"])


@settings(max_examples=300, deadline=None)
@given(cases(), st.data())
def test_one_start_is_free_exactly_when_it_is_among_all_of_them(case, data):
    """What a booking checks under the lock is the rule of the pages that offered the time."""
    schedule, at, request, first, last, not_before = case
    begin = resolve(first, time(0), at.zone)
    stretches = st.tuples(st.integers(0, 300), st.integers(0, 30)).map(
        lambda drawn: (floor_second(begin) + drawn[0] * 600, floor_second(begin) + (drawn[0] + drawn[1]) * 600)
    )
    rooms = data.draw(st.lists(st.lists(stretches, max_size=4).map(merge), max_size=2))
    at = replace(at, rooms=dict(enumerate(rooms)))
    request = replace(request, needs_room=data.draw(st.booleans()))
    offered = set(starts(schedule, at, request, first=first, last=last, not_before=not_before))
    offsets = data.draw(st.lists(st.integers(-100, 1200), max_size=12))
    asked = offered | {floor_second(begin) + 300 * offset for offset in offsets}
    asked |= {start + 1 for start in offered} | {start - 1 for start in offered}
    asked |= {end for stretches in rooms for stretch in stretches for end in stretch}
    assert offered == {
        start
        for start in asked
        if first <= local_day(instant(start), at.zone) <= last
        and availability.works_at(schedule, at, request, start, not_before=not_before)
        and availability.is_untaken(schedule, at, request, start)
    }


@pytest.mark.parametrize(
    ("start", "reason"),
    [
        ("09:00", None), ("09:10", "between the offered starts"), ("08:30", "outside working hours"),
        ("11:45", "outside working hours"), ("10:00", "a break"), ("10:30", "another visit"), ("11:00", "time off"),
        ("09:30", "too close to another visit"), ("07:00", "too soon"),
    ],
)  # fmt: skip
def test_staff_are_told_which_rule_hides_a_start(start, reason):
    schedule = Schedule(
        weekly=mondays(NINE_TO_NOON),
        breaks=[WeeklySpan(0, WallSpan.between(time(10, 5), time(10, 15)))],
        visits=[Visit.between(resolve(MONDAY, time(10, 30), EDMONTON), resolve(MONDAY, time(10, 45), EDMONTON))],
        away=[Away(MONDAY, time(11, 15), MONDAY, time(11, 30))],
    )
    request = half_hour(buffer_after=minutes(31))
    bounds = {"first": MONDAY, "last": MONDAY, "not_before": resolve(MONDAY, time(8), EDMONTON)}
    wanted = resolve(MONDAY, time.fromisoformat(start), EDMONTON)
    found = availability.why_not(schedule, place(), request, wanted, **bounds)
    assert (found and found.value) == reason


@given(st.lists(st.tuples(st.integers(0, 200), st.integers(0, 60)), max_size=20))
def test_merged_stretches_cover_the_same_seconds_and_never_touch(pairs):
    stretches = [(start, start + length) for start, length in pairs]
    merged = merge(stretches)

    def covered(several):
        return {second for second in range(261) if any(start <= second < end for start, end in several)}

    assert covered(merged) == covered(stretches)
    assert all(one[1] < two[0] for one, two in pairwise(merged))
