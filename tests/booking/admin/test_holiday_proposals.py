"""Holidays by province, as proposed to staff."""

import socket
from datetime import date

import pytest

from booking.admin.opening.statutory_holidays import Holiday, holidays_of, proposals
from booking.models import Closure, Province
from tests.support.factories import make_location

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


def test_alberta_has_nine_general_holidays():
    """Employment Standards Code of Alberta, section 25."""
    assert [(day.on, day.name) for day in holidays_of("AB", 2026) if day.is_statutory] == ALBERTA_2026


def test_optional_holidays_are_not_statutory():
    optional = [(day.on, day.name) for day in holidays_of("AB", 2026) if not day.is_statutory]
    assert (date(2026, 4, 6), "Easter Monday") in optional
    assert (date(2026, 9, 30), "National Day for Truth and Reconciliation") in optional


def test_provinces_have_their_own_holidays():
    assert Holiday(date(2026, 8, 3), "British Columbia Day", True) in holidays_of("BC", 2026)
    assert Holiday(date(2026, 6, 24), "Saint Jean Baptiste Day", True) in holidays_of("QC", 2026)
    assert date(2026, 2, 16) not in [day.on for day in holidays_of("QC", 2026)]


@pytest.mark.parametrize("province", Province.values)
def test_every_province_is_known_and_names_are_formatted(province):
    days = [day for year in range(2026, 2046) for day in holidays_of(province, year)]
    assert len(days) > 150
    assert [day.name for day in days if set(day.name) & set(";()") or not day.name[0].isupper()] == []
    assert len({day.on for day in days}) == len(days)


def test_no_network_access_is_needed(monkeypatch):
    monkeypatch.setattr(socket, "socket", None)
    assert len(holidays_of("AB", 2031)) > 9


@pytest.mark.django_db
def test_past_holidays_are_omitted_and_closed_ones_marked():
    location = make_location()
    Closure.objects.create(location=location, on=date(2026, 12, 25), name="Christmas")
    Closure.objects.create(location=make_location(name="Calgary"), on=date(2026, 12, 26), name="Boxing Day")
    proposed = proposals(location=location, year=2026, today=date(2026, 11, 11))
    assert [(proposal.holiday.name, proposal.closed_as) for proposal in proposed] == [
        ("Remembrance Day", ""),
        ("Christmas Day", "Christmas"),
        ("Boxing Day", ""),
        ("Boxing Day, observed", ""),
    ]
