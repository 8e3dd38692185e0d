"""Periods: which days they have, and which they are compared with."""

from datetime import date

import pytest

from booking.reports.periods import Choice, ReportPeriod, add_months, chosen_period, typed_period

TODAY = date(2026, 11, 29)


def span(period):
    return f"{period.first_on} {period.last_on}"


@pytest.mark.parametrize(
    ("choice", "days", "compared", "previous"),
    [
        ("", "2026-11-01 2026-11-29", "2026-10-01 2026-10-29", "2026-10-01 2026-10-31"),
        (Choice.MONTH, "2026-11-01 2026-11-29", "2026-10-01 2026-10-29", "2026-10-01 2026-10-31"),
        (Choice.LAST_MONTH, "2026-10-01 2026-10-31", "2026-09-01 2026-09-30", "2026-09-01 2026-09-30"),
        (Choice.QUARTER, "2026-10-01 2026-11-29", "2026-07-01 2026-08-29", "2026-07-01 2026-09-30"),
        (Choice.YEAR, "2026-01-01 2026-11-29", "2025-01-01 2025-11-29", "2025-01-01 2025-12-31"),
    ],
)
def test_a_period_ends_today_and_is_compared_with_the_same_days_before(choice, days, compared, previous):
    period = chosen_period(choice, TODAY)
    assert [span(period), span(period.compared_with), span(period.previous)] == [days, compared, previous]


def test_the_last_day_of_a_short_month_is_compared_with_the_last_one_before():
    assert span(chosen_period(Choice.MONTH, date(2027, 2, 28)).compared_with) == "2027-01-01 2027-01-31"
    assert span(chosen_period(Choice.MONTH, date(2027, 3, 30)).compared_with) == "2027-02-01 2027-02-28"


def test_other_days_are_compared_with_as_many_days_before():
    period = typed_period(date(2026, 11, 3), date(2026, 11, 9), TODAY)
    assert span(period.compared_with) == span(period.previous) == "2026-10-27 2026-11-02"
    assert span(period.following) == "2026-11-10 2026-11-16"


def test_the_days_of_a_choice_that_are_typed_are_compared_as_it_is():
    for choice in Choice:
        chosen = chosen_period(choice, TODAY)
        assert typed_period(chosen.first_on, chosen.last_on, TODAY) == chosen


def test_whole_months_that_are_typed_step_by_months():
    period = typed_period(date(2026, 2, 1), date(2026, 3, 31), TODAY)
    assert [span(period.previous), span(period.following)] == ["2025-12-01 2026-01-31", "2026-04-01 2026-05-31"]


def test_the_period_before_and_the_one_after_lead_back_to_it():
    for choice in Choice.values:
        before = chosen_period(choice, TODAY).previous
        assert before.following == ReportPeriod(
            chosen_period(choice, TODAY).first_on, before.following.last_on, before.months
        )


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [("2026-01-31", 1, "2026-02-28"), ("2028-01-31", 1, "2028-02-29"), ("2026-01-15", -1, "2025-12-15")],
)
def test_a_month_that_is_shorter_ends_the_sum(day, months, expected):
    assert add_months(date.fromisoformat(day), months).isoformat() == expected
