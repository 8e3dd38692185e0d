"""Every week for some weeks: the dates that follow from one chosen time, or the nearest free times."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from django.http import QueryDict

from booking.views.book.slot_page import SlotPage
from booking.views.query_params import InvalidParams, single_values, times_url
from booking.views.slot_choices import SlotChoice, SlotFinder

WEEKS = (4, 6)  # What is offered, as far as the service allows.
_NEAR = timedelta(days=3)


@dataclass(frozen=True)
class WeekDate:
    """One week: the time that was wanted, and the one that would be held; None if that week has none.

    ``is_chosen``: it is in the basket already.
    """

    wanted: datetime
    choice: SlotChoice | None
    is_chosen: bool = False

    @property
    def is_other(self) -> bool:
        return self.choice is not None and self.choice.local != self.wanted


def offered_weeks(page: SlotPage) -> list[tuple[int, str]]:
    """The numbers of weeks to offer from the first chosen time, each with its address."""
    if not page.chosen:
        return []
    here = replace(page.params, location=page.location, start=None)
    return [
        (number, times_url(page.address_service, here, weeks=str(number)) + "#weeks")
        for number in WEEKS
        if _fits(page, number)
    ]


def _fits(page: SlotPage, number: int) -> bool:
    """Whether the basket, with the dates of so many weeks that are not in it yet, is no larger than allowed."""
    chosen = {choice.local for choice in page.chosen}
    new = sum(wanted not in chosen for wanted in _wanted(page.chosen[0], number)) if page.chosen else number
    return max(page.in_basket, len(page.chosen)) + new <= page.service.series_limit


def _wanted(first: SlotChoice, number: int) -> Iterator[datetime]:
    """The wall clock's time, week by week: over a change of the clocks, the instant moves."""
    for week in range(number):
        yield (first.local.replace(tzinfo=None) + timedelta(weeks=week)).replace(tzinfo=first.local.tzinfo)


def weeks_context(page: SlotPage, query: QueryDict) -> dict[str, Any]:
    """The dates for ``?weeks=``. Raises InvalidParams for a number that is not offered."""
    value = single_values(query, {"weeks"}).get("weeks", "")
    numbers = {str(number): number for number in WEEKS if _fits(page, number)}
    if value not in numbers:
        raise InvalidParams("This link doesn't say for how many weeks.", status=404)
    dates = list(_dates(page, numbers[value])) if page.chosen else []
    return {
        "weeks": dates,
        "weeks_number": numbers[value],
        "weeks_new": [one.choice for one in dates if one.choice and not one.is_chosen],
        "without_weeks": times_url(page.address_service, replace(page.params, location=page.location, start=None)),
    }


def _dates(page: SlotPage, number: int) -> Iterator[WeekDate]:
    first = page.chosen[0]
    chosen = {choice.starts_at: choice for choice in page.chosen}
    finder = replace(page.finder, people={first.person.pk: first.person}, part="")
    used = set(chosen)
    for wanted in _wanted(first, number):
        same = next((choice for choice in chosen.values() if choice.local == wanted), None)
        if same is not None:
            yield WeekDate(wanted, same, is_chosen=True)
            continue
        choice = _nearest(finder, wanted, used, page.last_bookable)
        if choice is not None:
            used.add(choice.starts_at)
        yield WeekDate(wanted, choice)


def _nearest(finder: SlotFinder, wanted: datetime, used: set[datetime], last: date) -> SlotChoice | None:
    """The free time closest to the wanted one, no more than three days away, with the same practitioner."""
    slots = finder.between(wanted.date() - _NEAR, min(wanted.date() + _NEAR, last))
    free = [slot for slot in slots if slot.starts_at not in used]
    nearest = min(free, key=lambda slot: (abs(slot.starts_at - wanted), slot.starts_at), default=None)
    return finder.choice(nearest) if nearest else None
