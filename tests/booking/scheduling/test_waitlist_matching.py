"""Waitlist matching, compared with a simple model of its rules."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from booking.scheduling.waitlist.matching import FreeSlot, WaitlistCriteria, next_match, offer_ends, part_of_day, suits

pytestmark = pytest.mark.once
EDMONTON, ST_JOHNS = ZoneInfo("America/Edmonton"), ZoneInfo("America/St_Johns")
ZONES = {1: EDMONTON, 2: ST_JOHNS}
NINE = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)  # Tuesday, 9:00 a.m. in Edmonton
DAY = date(2026, 11, 24)
ALL_DAY = frozenset({"morning", "afternoon", "evening"})


def wish(entry=1, **fields):
    return WaitlistCriteria(
        **{
            "entry": entry,
            "person": f"person-{entry}",
            "service": 1,
            "location": 1,
            "practitioner": None,
            "is_first_visit": False,
            "first_on": DAY,
            "last_on": DAY,
            "parts": ALL_DAY,
        }
        | fields
    )


@pytest.mark.parametrize(
    ("at", "part"),
    [
        (time(0), "morning"),
        (time(11, 59, 59), "morning"),
        (time(12), "afternoon"),
        (time(16, 59), "afternoon"),
        (time(17), "evening"),
        (time(23, 59), "evening"),
    ],
    ids=str,
)
def test_the_parts_of_the_day(at, part):
    assert part_of_day(at) == part


@pytest.mark.parametrize(
    ("wanted", "free", "fits"),
    [
        ({}, {}, True),
        ({"first_on": DAY + timedelta(days=1), "last_on": DAY + timedelta(days=2)}, {}, False),
        ({"first_on": DAY - timedelta(days=2), "last_on": DAY - timedelta(days=1)}, {}, False),
        ({"parts": frozenset({"morning"})}, {}, True),
        ({"parts": frozenset({"afternoon"})}, {}, False),
        ({"location": 2}, {}, False),
        ({"practitioner": 7}, {}, True),
        ({"practitioner": 9}, {}, False),
        ({"is_first_visit": True}, {}, True),
        ({"is_first_visit": True}, {"practitioners": (8,)}, False),
        ({"is_first_visit": True, "practitioner": 8}, {"practitioners": (7, 8)}, False),
        ({"is_first_visit": None}, {"practitioners": (8,)}, True),
        ({"known_starts": frozenset({NINE})}, {}, False),
        ({"known_starts": frozenset({NINE + timedelta(minutes=45)})}, {}, True),
    ],
)
def test_a_slot_suits_the_criteria(wanted, free, fits):
    at = FreeSlot(**({"starts_at": NINE, "location": 1, "practitioners": (7,)} | free))
    assert suits(wish(**wanted), at, EDMONTON, accepts_new={7}) is fits


def test_days_and_parts_are_those_of_the_places_clock():
    late = FreeSlot(datetime(2026, 11, 25, 5, 30, tzinfo=UTC), 1, (7,))  # 11:30 p.m. on the 24th in Edmonton
    assert suits(wish(parts=frozenset({"evening"})), late, EDMONTON, accepts_new=())
    assert not suits(wish(), late, ST_JOHNS, accepts_new=())  # 2:00 a.m. on the 25th


@pytest.mark.parametrize(
    ("now", "lasts", "ends"),
    [
        ((8, 0), 60, (9, 0)),
        ((7, 59), 60, None),
        ((19, 0), 60, (20, 0)),
        ((19, 1), 60, None),
        ((19, 45), 15, (20, 0)),
        ((16, 0), 240, (20, 0)),
        ((16, 1), 240, None),
        ((23, 30), 60, None),
    ],
    ids=lambda value: str(value),
)
def test_an_offer_lies_wholly_in_the_day(now, lasts, ends):
    at = datetime(2026, 11, 24, *now, tzinfo=EDMONTON)
    end = offer_ends(at, timedelta(minutes=lasts), EDMONTON)
    assert end == (None if ends is None else datetime(2026, 11, 24, *ends, tzinfo=EDMONTON))


def test_an_offer_lasts_its_whole_time_while_clocks_change():
    # In St. John's, November 1, 2026: clocks go back at 2:00 a.m., long before offers go out.
    at = datetime(2026, 11, 1, 8, 0, tzinfo=ST_JOHNS)
    assert offer_ends(at, timedelta(hours=1), ST_JOHNS) == datetime(2026, 11, 1, 9, 0, tzinfo=ST_JOHNS)
    apia = ZoneInfo("Pacific/Apia")  # Skipped December 30, 2011.
    assert offer_ends(datetime(2011, 12, 29, 19, 30, tzinfo=apia), timedelta(hours=1), apia) is None


starts = st.integers(0, 60).map(lambda steps: NINE - timedelta(hours=3) + steps * timedelta(minutes=45))
free_times = st.builds(
    FreeSlot, starts, st.sampled_from([1, 2]), st.sets(st.sampled_from([7, 8, 9]), min_size=1).map(tuple)
)


@st.composite
def wishes(draw):
    found = []
    for number in range(draw(st.integers(0, 6))):
        first = DAY + timedelta(days=draw(st.integers(-1, 1)))
        found.append(
            wish(
                entry=number,
                person=f"person-{draw(st.integers(0, 4))}",
                service=draw(st.sampled_from([1, 2])),
                location=draw(st.sampled_from([1, 2, 3])),
                practitioner=draw(st.sampled_from([None, 7, 8])),
                is_first_visit=draw(st.sampled_from([None, True, False])),
                first_on=first,
                last_on=first + timedelta(days=draw(st.integers(0, 2))),
                parts=draw(st.sets(st.sampled_from(sorted(ALL_DAY)), min_size=1).map(frozenset)),
                known_starts=draw(st.sets(starts, max_size=3).map(frozenset)),
            )
        )
    return found


def model(waiting, free, accepts_new, has_offer, skipped):
    """Simple model: list every pair of entry and slot, remove the forbidden ones, return the first."""
    pairs = []
    for place_in_line, one in enumerate(waiting):
        for at in free.get(one.service, []):
            if one.location not in ZONES or at.location != one.location:
                continue
            wall = at.starts_at.astimezone(ZONES[at.location])
            minute = wall.hour * 60 + wall.minute
            part = "morning" if minute < 720 else "afternoon" if minute < 1020 else "evening"
            may_see = {who for who in at.practitioners if one.is_first_visit is not True or who in accepts_new}
            asked = may_see if one.practitioner is None else may_see & {one.practitioner}
            days = {one.first_on + timedelta(days=n) for n in range((one.last_on - one.first_on).days + 1)}
            forbidden = (
                not asked
                or wall.date() not in days
                or part not in one.parts
                or at.starts_at in one.known_starts
                or one.person in has_offer
                or (one.entry, at.starts_at) in skipped
            )
            if not forbidden:
                pairs.append((place_in_line, at.starts_at, one, at))
    return min(pairs, key=lambda pair: pair[:2], default=None)


@settings(max_examples=400, deadline=None)
@given(
    wishes(),
    st.dictionaries(st.sampled_from([1, 2]), st.lists(free_times, max_size=8)),
    st.sets(st.sampled_from([7, 8, 9])),
    st.sets(st.integers(0, 4).map(lambda number: f"person-{number}"), max_size=2),
    st.sets(st.tuples(st.integers(0, 5), starts), max_size=3),
)
def test_the_oldest_matching_entry_gets_the_earliest_slot(waiting, free, accepts_new, has_offer, skipped):
    free = {service: sorted(times) for service, times in free.items()}
    found = next_match(waiting, free, ZONES, accepts_new=accepts_new, has_offer=has_offer, skipped=skipped)
    expected = model(waiting, free, accepts_new, has_offer, skipped)
    if expected is None:
        assert found is None
    else:
        assert (found[0], found[1].starts_at) == (expected[2], expected[1])


@settings(max_examples=150, deadline=None)
@given(wishes(), st.lists(free_times, max_size=6))
def test_repeated_matching_gives_each_slot_to_one_person_in_order_of_joining(waiting, times):
    """As in the worker: after each offer, remove that slot and that person."""
    left, given_to, has_offer = sorted(set(times)), [], set()
    while (turn := next_match(waiting, {1: left, 2: left}, ZONES, accepts_new={7, 8}, has_offer=has_offer)) is not None:
        one, at = turn
        given_to.append(turn)
        has_offer.add(one.person)
        left = [other for other in left if other.starts_at != at.starts_at]
    assert len({at.starts_at for _, at in given_to}) == len(given_to)
    assert len({one.person for one, _ in given_to}) == len(given_to)
    for one in waiting:
        if one.person not in has_offer and one.location in ZONES:
            assert not any(suits(one, at, ZONES[one.location], {7, 8}) for at in left)
