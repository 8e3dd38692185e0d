"""The days that a report covers, and the days that it is compared with."""

from dataclasses import dataclass
from datetime import date, timedelta

from django.db import models
from django.utils.translation import gettext_lazy as _

ONE_DAY = timedelta(days=1)
MOST_DAYS = 731  # Two years, a leap year included.


class Choice(models.TextChoices):
    """All but the last month end today."""

    MONTH = "month", _("This month")
    LAST_MONTH = "last_month", _("Last month")
    QUARTER = "quarter", _("This quarter")
    YEAR = "year", _("This year")


@dataclass(frozen=True)
class ReportPeriod:
    """The days ``first_on`` to ``last_on``, both included. ``months``: how long it is when it is over; 0: in days."""

    first_on: date
    last_on: date
    months: int = 0

    @property
    def days(self) -> int:
        return (self.last_on - self.first_on).days + 1

    def has_days_of(self, other: "ReportPeriod") -> bool:
        """Whether it begins and ends with another, whatever each is compared with."""
        return (self.first_on, self.last_on) == (other.first_on, other.last_on)

    @property
    def compared_with(self) -> "ReportPeriod":
        """The same days of the month, quarter or year before; else as many days before."""
        if not self.months:
            return self.previous
        last_on = add_months(self.last_on, -self.months)
        if ends_month(self.last_on):
            last_on = add_months(last_on.replace(day=1), 1) - ONE_DAY
        return ReportPeriod(add_months(self.first_on, -self.months), last_on, self.months)

    @property
    def previous(self) -> "ReportPeriod":
        """The whole period before this one."""
        first_on = add_months(self.first_on, -self.months) if self.months else self.first_on - self.days * ONE_DAY
        return ReportPeriod(first_on, self.first_on - ONE_DAY, self.months)

    @property
    def following(self) -> "ReportPeriod":
        first_on = add_months(self.first_on, self.months) if self.months else self.last_on + ONE_DAY
        last_on = add_months(first_on, self.months) - ONE_DAY if self.months else self.last_on + self.days * ONE_DAY
        return ReportPeriod(first_on, last_on, self.months)


def chosen_period(choice: str, today: date) -> ReportPeriod:
    """The days of a choice, in the calendar of the clinic."""
    first_on = today.replace(day=1)
    if choice == Choice.LAST_MONTH:
        return ReportPeriod(add_months(first_on, -1), first_on - ONE_DAY, 1)
    if choice == Choice.QUARTER:
        return ReportPeriod(first_on.replace(month=(today.month - 1) // 3 * 3 + 1), today, 3)
    if choice == Choice.YEAR:
        return ReportPeriod(first_on.replace(month=1), today, 12)
    return ReportPeriod(first_on, today, 1)


def typed_period(first_on: date, last_on: date, today: date) -> ReportPeriod:
    """From one day to another: those of a choice are compared as it is, and whole months with whole months."""
    is_whole = first_on.day == 1 and ends_month(last_on)
    months = (last_on.year - first_on.year) * 12 + last_on.month - first_on.month + 1
    typed = ReportPeriod(first_on, last_on, months if is_whole else 0)
    choices = (chosen_period(choice, today) for choice in Choice)
    return next((period for period in choices if period.has_days_of(typed)), typed)


def add_months(day: date, months: int) -> date:
    """The same day of another month, or the last one of a month that is shorter."""
    number = day.year * 12 + day.month - 1 + months
    first_on, next_first = (date(month // 12, month % 12 + 1, 1) for month in (number, number + 1))
    return min(first_on + (day.day - 1) * ONE_DAY, next_first - ONE_DAY)


def ends_month(day: date) -> bool:
    return (day + ONE_DAY).day == 1
