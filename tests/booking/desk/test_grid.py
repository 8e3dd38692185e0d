"""The grid of the calendar: rows, lanes and the range that is shown."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.desk.calendar import grid

pytestmark = pytest.mark.once
SHOWN = (8 * 60, 18 * 60)


def test_the_range_covers_everything_in_whole_hours():
    assert grid.shown_range([(7 * 60 + 15, 9 * 60), (10 * 60, 18 * 60 + 5)]) == (7 * 60, 19 * 60)


def test_an_empty_day_shows_the_usual_hours():
    assert grid.shown_range([]) == SHOWN


@pytest.mark.parametrize(
    ("span", "cell"),
    [
        ((8 * 60, 8 * 60 + 45), grid.Cell(1, 9)),
        ((9 * 60, 9 * 60 + 5), grid.Cell(13, 1)),
        ((7 * 60, 9 * 60), grid.Cell(1, 12)),
        ((17 * 60, 20 * 60), grid.Cell(109, 12)),
        ((9 * 60 + 2, 9 * 60 + 3), grid.Cell(13, 1)),
    ],
    ids=["45 minutes", "5 minutes", "begins before", "ends after", "one minute"],
)
def test_a_span_takes_rows_of_five_minutes(span, cell):
    assert grid.cell(span, SHOWN) == cell


def test_overlapping_visits_stand_side_by_side_and_others_alone():

    assert grid.lanes([(540, 600), (570, 610), (600, 660), (660, 700)]) == [(1, 2), (2, 2), (1, 2), (1, 1)]


spans = st.lists(st.tuples(st.integers(0, 1400), st.integers(5, 90)), max_size=12).map(
    lambda rows: sorted((start, start + length) for start, length in rows)
)


@given(spans)
def test_no_two_spans_in_one_lane_overlap(spans):
    placed = grid.lanes(spans)
    assert len(placed) == len(spans)
    for (start, end), (lane, count) in zip(spans, placed, strict=True):
        assert 1 <= lane <= count
        for (other_start, other_end), (other_lane, other_count) in zip(spans, placed, strict=True):
            if (start, end) != (other_start, other_end) and start < other_end and other_start < end:
                assert lane != other_lane
                assert count == other_count


@given(spans)
def test_covered_and_uncovered_time_make_up_the_whole_range(spans):
    free = grid.uncovered(SHOWN, spans)
    for minute in range(SHOWN[0], SHOWN[1], 5):
        is_covered = any(start <= minute < end for start, end in spans)
        is_free = any(start <= minute < end for start, end in free)
        assert is_covered != is_free


@given(spans, spans)
def test_spans_overlap_if_a_minute_is_in_both(first, second):
    for one in first:
        for other in second:
            assert grid.overlap(one, other) == bool(set(range(*one)) & set(range(*other)))
