"""Cells of CSV files."""

import pytest

from booking.privacy.csv_file import safe_cell

pytestmark = pytest.mark.once


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@A1", "\t=1", "\r=1", "\n=1", "＝1", "＋1", "－1", "＠A1"])
def test_a_cell_that_a_spreadsheet_would_compute_stays_text(text):
    assert safe_cell(text) == f"'{text}"


@pytest.mark.parametrize(("value", "text"), [(None, ""), (7, "7"), ("Ann = Roy", "Ann = Roy")])
def test_other_cells_stay_as_they_are(value, text):
    assert safe_cell(value) == text
