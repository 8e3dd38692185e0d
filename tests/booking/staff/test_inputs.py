"""Form fields of the office: dates that can be read in two ways."""

from datetime import date

import pytest
from django.core.exceptions import ValidationError

from booking.staff.inputs import OfficeDateField


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("2027-03-02", date(2027, 3, 2)),
        ("24/11/2026", date(2026, 11, 24)),
        ("11/24/2026", date(2026, 11, 24)),
        ("5/5/2027", date(2027, 5, 5)),
        (" 31/01/2027 ", date(2027, 1, 31)),
    ],
)
def test_a_date_with_one_reading_is_accepted(typed, read):
    assert OfficeDateField().clean(typed) == read


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("02/03/2027", "This could be February 3 or March 2. Enter it as 2027-02-03 or 2027-03-02."),
        ("1/12/2026", "This could be January 12 or December 1. Enter it as 2026-01-12 or 2026-12-01."),
        ("2/3/27", "Enter the date as 2026-11-24."),
        ("31/02/2027", "Enter the date as 2026-11-24."),
    ],
)
def test_a_date_with_two_readings_or_none_is_refused(typed, sentence):
    with pytest.raises(ValidationError) as error:
        OfficeDateField().clean(typed)
    assert error.value.messages == [sentence]


def test_dates_of_records_are_read_the_same_way(admin_client, location):
    data = {"location": location.pk, "on": "02/03/2027", "reason": "Holiday"}
    page = admin_client.post("/admin/booking/closure/add/", data).content.decode()
    assert "This could be February 3 or March 2." in page
