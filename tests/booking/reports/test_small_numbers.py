"""Small numbers: neither they nor what tells them by one subtraction is shown."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.reports.small_numbers import Hidden, people, protect

UNDER, LEFT_OUT = Hidden.UNDER_5, Hidden.NOT_SHOWN


@pytest.mark.parametrize(("count", "shown"), [(0, 0), (1, UNDER), (4, UNDER), (5, 5), (342, 342)])
def test_one_to_four_people_are_under_5(count, shown):
    assert people(count) == shown


def test_a_number_that_the_total_would_tell_takes_the_smallest_other_one_with_it():
    assert protect([[20], [3], [9], [0], [32]]) == [[20], [UNDER], [LEFT_OUT], [0], [32]]


def test_two_small_numbers_need_no_other_one():
    assert protect([[20], [3], [2], [25]]) == [[20], [UNDER], [UNDER], [25]]


@pytest.mark.parametrize("small", [1, 4])
def test_two_that_must_both_be_the_least_or_the_most_take_another_one_with_them(small):
    shown = protect([[20], [small], [small], [20 + 2 * small]])
    assert shown == [[LEFT_OUT], [UNDER], [UNDER], [20 + 2 * small]]


def test_the_total_is_left_out_where_there_is_no_other_number():
    assert protect([[3, 9], [0, 0], [3, 9]])[-1] == [UNDER, 9]


def test_columns_that_add_up_are_protected_along_the_row_too():
    # Booked = held + missed: 12 = 9 + 3, and 31 = 24 + 7.
    shown = protect([[12, 9, 3], [19, 15, 4], [31, 24, 7]], [(0, (1, 2))])
    for total, held, missed in shown[:2]:
        assert missed == UNDER
        assert LEFT_OUT in {total, held}


def test_a_number_left_out_alone_in_its_line_takes_another_one_with_it():
    # Booked = held + missed + in time + late. "In time" is left out beside the late ones of the first row, and would be
    # told by the others, and then so would the late ones.
    shown = protect([[58, 40, 2, 7, 9], [60, 44, 0, 9, 7], [118, 84, 2, 16, 16]], [(0, (1, 2, 3, 4))])
    for line in (*shown, *zip(*shown, strict=True)):
        assert sum(isinstance(cell, Hidden) for cell in line) != 1, shown


def possible_values(shown, total):
    """Every assignment of a column's hidden parts that gives its total, if each is at most 60."""
    ranges = [range(1, 5) if cell is UNDER else range(5, 61) if cell is LEFT_OUT else [cell] for cell in shown]
    return {values for values in product(*ranges) if sum(values) == total}


@given(st.lists(st.sampled_from([0, 1, 2, 3, 4, 5, 6, 7, 12, 40]), min_size=1, max_size=4))
def test_no_small_number_of_a_column_can_be_told_from_its_total(counts):
    total = sum(counts)
    shown = protect([*([count] for count in counts), [total]])
    parts, shown_total = [row[0] for row in shown[:-1]], shown[-1][0]
    assert all(cell is UNDER for cell, count in zip(parts, counts, strict=True) if 0 < count < 5)
    if isinstance(shown_total, Hidden):
        return
    fitting = possible_values(parts, total)
    for number, cell in enumerate(parts):
        if cell is UNDER:
            assert len({values[number] for values in fitting}) > 1, (counts, shown)
