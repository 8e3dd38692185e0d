"""How high the bars of charts are."""

import pytest

from booking.reports.charts import HEIGHT, column_chart
from booking.reports.small_numbers import Hidden

UNDER, LEFT_OUT = Hidden.UNDER_5, Hidden.NOT_SHOWN


def heights(stack, total):
    chart = column_chart("", ["Nov 23", "Nov 30"], [stack, [100, 0, 0]], [total, 100], ("held", "missed", "cancelled"))
    return {segment.kind: segment.height * 100 / HEIGHT for segment in chart.columns[0].segments}


def test_a_bar_is_as_high_as_its_number():
    assert heights([50, 7, 0], 57) == {"held": 50, "missed": 7}


@pytest.mark.parametrize("total", [60, UNDER, LEFT_OUT])
def test_bars_of_small_numbers_have_one_height(total):
    found = heights([50, UNDER, UNDER], total)
    assert found["missed"] == found["cancelled"] > 0


def test_a_part_that_is_not_shown_takes_what_the_total_leaves():
    found = heights([LEFT_OUT, UNDER, 9], 60)
    assert found["held"] > 40
    assert sum(found.values()) == 60


def test_without_a_total_a_part_that_is_not_shown_is_as_high_as_a_small_one():
    found = heights([LEFT_OUT, UNDER, 9], LEFT_OUT)
    assert found["held"] == found["missed"]
