"""No row, column or shared total of a page tells a small number."""

import random

import pytest

from booking.reports import page_numbers
from booking.reports.small_numbers import Hidden
from booking.reports.visits import VISIT_COLUMNS


def spread(rng, number, parts):
    """The number in so many parts, by chance."""
    counts = [0] * parts
    for _ in range(number):
        counts[rng.randrange(parts)] += 1
    return counts


def random_page(rng):
    """The numbers of all tables, which agree with one another."""
    rows = []
    for _ in range(3):
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
    return {"visits": [*rows, list(total.values())], "weeks": weeks, "reasons": reasons}


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
    return found


def values_of(page):
    return {
        (name, row, column): value
        for name in ("visits", "weeks", "reasons")
        for row, cells in enumerate(page[name])
        for column, value in enumerate(cells)
    }


def told(page, hidden):
    """The numbers under 5 that one sum of the page tells: it has no other hidden number."""
    values = values_of(page)
    found = []
    for total, parts in equations(page):
        unknown = [place for place in (total, *parts) if place in hidden]
        found += [place for place in unknown if len(unknown) == 1 and 0 < values[place] < 5]
    return found


@pytest.mark.parametrize("seed", range(40))
def test_no_sum_of_a_page_tells_a_small_number(seed):
    page = random_page(random.Random(seed))
    hidden = page_numbers.hidden_numbers(**page)
    assert {place for place, value in values_of(page).items() if 0 < value < 5} <= hidden.keys()
    assert told(page, hidden) == []


def test_under_5_alone_would_be_told():
    page = random_page(random.Random(1))
    assert told(page, {place: Hidden.UNDER_5 for place, value in values_of(page).items() if 0 < value < 5})


def test_totals_stay_where_there_are_enough_small_numbers():
    rows = [[8, 3, 4, 1, 0, 0, 1, 7, 0], [9, 2, 3, 4, 0, 0, 3, 6, 0], [60, 50, 4, 2, 2, 2, 9, 49, 2]]
    total = [sum(column) for column in zip(*rows, strict=True)]
    weeks = [[30, 6, 5, 41], [25, 5, 4, 34], [55, 11, 9, 75]]
    page = {"visits": [*rows, total], "weeks": weeks, "reasons": [[7, 2], [7, 2]]}
    hidden = page_numbers.hidden_numbers(**page)
    assert [column for column in (0, 1, 2, 6) if ("visits", 3, column) in hidden] == []
