"""The holidays that a province keeps, as they are proposed to staff."""

import socket
from datetime import date

import pytest

from booking.models import Closure, Province
from booking.statutory_holidays import Holiday, holidays_of, proposals
from tests.make import make_location

ALBERTA_2026 = [
    (date(2026, 1, 1), "New Year's Day"),
    (date(2026, 2, 16), "Family Day"),
    (date(2026, 4, 3), "Good Friday"),
    (date(2026, 5, 18), "Victoria Day"),
    (date(2026, 7, 1), "Canada Day"),
    (date(2026, 9, 7), "Labour Day"),
    (date(2026, 10, 12), "Thanksgiving Day"),
    (date(2026, 11, 11), "Remembrance Day"),
    (date(2026, 12, 25), "Christmas Day"),
]


def test_alberta_keeps_nine_general_holidays():
    """Employment Standards Code of Alberta, section 25."""
    assert [(day.on, day.name) for day in holidays_of("AB", 2026) if day.is_statutory] == ALBERTA_2026


def test_days_that_employers_may_choose_are_told_apart():
    chosen = [(day.on, day.name) for day in holidays_of("AB", 2026) if not day.is_statutory]
    assert (date(2026, 4, 6), "Easter Monday") in chosen
    assert (date(2026, 9, 30), "National Day for Truth and Reconciliation") in chosen


def test_provinces_keep_their_own_days():
    assert Holiday(date(2026, 8, 3), "British Columbia Day", True) in holidays_of("BC", 2026)
    assert Holiday(date(2026, 6, 24), "Saint Jean Baptiste Day", True) in holidays_of("QC", 2026)
    assert date(2026, 2, 16) not in [day.on for day in holidays_of("QC", 2026)]


@pytest.mark.parametrize("province", Province.values)
def test_every_province_is_known_and_its_names_are_plain_words(province):
    days = [day for year in range(2026, 2046) for day in holidays_of(province, year)]
    assert len(days) > 150
    assert [day.name for day in days if set(day.name) & set(";()") or not day.name[0].isupper()] == []
    assert len({day.on for day in days}) == len(days)


def test_nobody_is_asked_for_them(monkeypatch):
    monkeypatch.setattr(socket, "socket", None)
    assert len(holidays_of("AB", 2031)) > 9


@pytest.mark.django_db
def test_days_that_are_over_are_left_out_and_closed_ones_say_so():
    location = make_location()
    Closure.objects.create(location=location, on=date(2026, 12, 25), name="Christmas")
    Closure.objects.create(location=make_location(name="Calgary"), on=date(2026, 12, 26), name="Boxing Day")
    found = proposals(location=location, year=2026, today=date(2026, 11, 11))
    assert [(one.holiday.name, one.closed_as) for one in found] == [
        ("Remembrance Day", ""),
        ("Christmas Day", "Christmas"),
        ("Boxing Day", ""),
        ("Boxing Day, observed", ""),
    ]
