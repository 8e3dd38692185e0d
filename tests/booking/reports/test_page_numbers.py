"""No subtraction between the tables and tiles of one page tells a small number."""

import random
from datetime import date, timedelta

import pytest

from booking.models import Status
from booking.reports import page_numbers
from booking.reports.periods import ReportPeriod
from booking.reports.small_numbers import Hidden
from booking.reports.visits import VISIT_COLUMNS, DayGroup

UNDER, LEFT_OUT = Hidden.UNDER_5, Hidden.NOT_SHOWN


def spread(rng, number, parts):
    """The number in so many parts, by chance."""
    counts = [0] * parts
    for _ in range(number):
        counts[rng.randrange(parts)] += 1
    return counts


def random_page(rng):
    """The numbers of all tables, which agree with one another."""
    people = ["Amara", "Amara", "Steve"]
    rows = []
    for _ in people:
        held, missed, early, late, ahead = (rng.choice([0, 1, 2, 3, 6, 9, 20]) for _ in range(5))
        new, returning, not_said = spread(rng, held + missed + ahead, 3)
        booked = held + missed + early + late + ahead
        rows.append([booked, held, missed, early, late, ahead, new, returning, not_said])
    total = dict(zip(VISIT_COLUMNS, (sum(column) for column in zip(*rows, strict=True)), strict=True))
    held, missed, gone = total["held"], total["no_show"], total["early"] + total["late"]
    weeks = list(zip(*(spread(rng, number, 3) for number in (held, missed, gone)), strict=True))
    weeks = [[*week, sum(week)] for week in [*weeks, (held, missed, gone)]]
    reasons = list(zip(spread(rng, total["early"], 2), spread(rng, total["late"], 2), strict=True))
    reasons.append((total["early"], total["late"]))
    first, second = spread(rng, total["new"], 2)
    other, before = rng.choice([0, 1, 3, 8]), rng.choice([0, 2, 7])
    new = {
        "period": {"a": first, "b": second},
        "m1": {"b": second, "c": other},
        "m2": {"a": first},
        "before": {"d": before},
    }
    return {"people": people, "visits": [*rows, list(total.values())], "weeks": weeks, "reasons": reasons, "new": new}


def equations(page):
    """What adds up on the page, written from what the tables mean: (total, parts)."""
    last, found = len(page["visits"]) - 1, []
    for name in ("visits", "weeks", "reasons"):
        rows = page[name]
        for column in range(len(rows[0])):
            found.append(((name, len(rows) - 1, column), [(name, row, column) for row in range(len(rows) - 1)]))
    for row in range(last + 1):
        found.append((("visits", row, 0), [("visits", row, column) for column in (1, 2, 3, 4, 5)]))
        found.append((("visits", row, 0), [("visits", row, column) for column in (3, 4, 6, 7, 8)]))
    week, reason = len(page["weeks"]) - 1, len(page["reasons"]) - 1
    found += [(("weeks", row, 3), [("weeks", row, column) for column in (0, 1, 2)]) for row in range(week + 1)]
    found.append((("weeks", week, 0), [("visits", last, 1)]))
    found.append((("weeks", week, 1), [("visits", last, 2)]))
    found.append((("weeks", week, 2), [("visits", last, 3), ("visits", last, 4)]))
    found.append((("weeks", week, 2), [("reasons", reason, 0), ("reasons", reason, 1)]))
    found += [(("reasons", reason, 0), [("visits", last, 3)]), (("reasons", reason, 1), [("visits", last, 4)])]
    found.append((("visits", last, 6), [("new", "period")]))
    for name, days in page["new"].items():
        found.append((("new", name), [("new", "days", part) for part in days]))
    return found


def values_of(page):
    values = {
        (name, row, column): value
        for name in ("visits", "weeks", "reasons")
        for row, cells in enumerate(page[name])
        for column, value in enumerate(cells)
    }
    for name, days in page["new"].items():
        values["new", name] = sum(days.values())
        values |= {("new", "days", part): count for part, count in days.items()}
    return values


def told(page, hidden):
    """The numbers under 5 that a reader finds who narrows each hidden number down until nothing changes."""
    values, ranges = values_of(page), {}
    for place, value in values.items():
        kind = hidden.get(place)
        ranges[place] = (1, 4) if kind is UNDER else (1, 10**6) if kind is LEFT_OUT else (value, value)
    sums = equations(page)
    changed = True
    while changed:
        changed = False
        for total, parts in sums:
            low, high = (sum(ranges[part][end] for part in parts) for end in (0, 1))
            narrower = {total: (low, high)}
            for part in parts:
                others = [sum(ranges[other][end] for other in parts if other != part) for end in (0, 1)]
                narrower[part] = (ranges[total][0] - others[1], ranges[total][1] - others[0])
            for place, (least, most) in narrower.items():
                found = (max(ranges[place][0], least), min(ranges[place][1], most))
                assert found[0] <= values[place] <= found[1]
                changed |= found != ranges[place]
                ranges[place] = found
    return [place for place, value in values.items() if 0 < value < 5 and ranges[place][0] == ranges[place][1]]


@pytest.mark.parametrize("seed", range(40))
def test_no_small_number_of_a_page_can_be_told(seed):
    page = random_page(random.Random(seed))
    assert told(page, page_numbers.hidden_numbers(**page)) == []


def test_the_reader_of_this_test_finds_what_a_single_table_tells():
    page = random_page(random.Random(1))
    small = {place: UNDER for place, value in values_of(page).items() if 0 < value < 5}
    assert told(page, small)


def test_days_that_a_month_and_the_period_share_have_one_place():
    groups = [
        DayGroup(date(2026, 11, day), status, is_first, 2, timedelta(0))
        for day, status, is_first in (
            (1, Status.BOOKED, True),
            (9, Status.ARRIVED, True),
            (9, Status.CANCELLED, True),
            (9, Status.BOOKED, None),
        )
    ]
    november = ReportPeriod(date(2026, 11, 1), date(2026, 11, 30))
    found = page_numbers.new_by_days(
        groups, {"period": ReportPeriod(date(2026, 11, 5), date(2026, 11, 9)), "m": november}
    )
    assert found == {"period": {"period+m": 2}, "m": {"m": 2, "period+m": 2}}
