"""The days of six weeks with their number of free slots, and the slots of one of these days."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import NamedTuple

from booking.formatting import WEEKDAYS
from booking.models import Closure, Location, PartOfDay
from booking.views.slot_choices import ONE_DAY, SIX_WEEKS, SlotChoice, SlotFinder

WEEK = timedelta(days=7)
DAYS_IN_ROW = 14  # In the row above the slots.
MAX_SHOWN = 16  # Slots of a day that are not folded: about one and a half screens of a phone.
FEW_SLOTS = 12  # In a week: too few to be filtered.
PARTS = ((PartOfDay.MORNING, "Morning"), (PartOfDay.AFTERNOON, "Afternoon"), (PartOfDay.EVENING, "Evening"))


class CalendarDay(NamedTuple):
    """One local day: its number of free slots, the name of its closure, and whether it is full or nobody works."""

    on: date
    free: int
    closed: str = ""
    is_full: bool = False
    is_selected: bool = False
    is_idle: bool = False

    @property
    def is_closed(self) -> bool:
        return bool(self.closed) or self.is_idle


@dataclass(frozen=True)
class DayPart:
    """The slots of a morning, afternoon or evening: their number, and those that are not folded."""

    name: str
    total: int
    shown: list[SlotChoice]


@dataclass
class SlotCalendar:
    """Free slots by local day, and the selected day with its slots. ``first`` to ``last`` are the counted days."""

    today: date
    selected: date
    last_bookable: date
    first: date
    last: date
    counts: Counter[date]
    choices: list[SlotChoice]
    first_shown: list[SlotChoice]  # All of them, unless a practitioner has compact days (R15).
    closures: dict[date, str] = field(default_factory=dict)
    full: frozenset[date] = frozenset()  # Of the row's days.
    idle: frozenset[date] = frozenset()  # Of the row's days: those on which nobody works.

    weekday_names = (*WEEKDAYS[-1:], *WEEKDAYS[:-1])

    def show_chosen(self, chosen: Sequence[SlotChoice]) -> None:
        """Show the visitor's own times of the selected day among its free ones."""
        own = [choice for choice in chosen if choice.on == self.selected]
        starts = {choice.starts_at for choice in own}
        self.choices = sorted([*own, *(choice for choice in self.choices if choice.starts_at not in starts)])
        self.first_shown = sorted([*own, *(choice for choice in self.first_shown if choice.starts_at not in starts)])

    @property
    def selected_day(self) -> CalendarDay:
        return self.day(self.selected)

    def day(self, on: date) -> CalendarDay:
        closed = "" if self.counts[on] else self.closures.get(on, "")
        return CalendarDay(on, self.counts[on], closed, on in self.full, on == self.selected, on in self.idle)

    @property
    def week_start(self) -> date:
        """The first day of the row: weeks are counted from today, so that the row changes as rarely as possible."""
        return start_of_row(self.selected, self.today)

    @property
    def row(self) -> list[CalendarDay]:
        last = min(self.week_start + timedelta(days=DAYS_IN_ROW - 1), self.last)
        return [self.day(on) for on in each_day(self.week_start, last)]

    @property
    def has_many(self) -> bool:
        """Whether the week of the selected day has enough slots to be worth filtering."""
        return sum(day.free for day in self.row[:7]) >= FEW_SLOTS

    @property
    def weeks(self) -> list[list[CalendarDay]]:
        """Whole weeks, Sunday to Saturday, that cover the counted days."""
        begin = self.first - timedelta(days=(self.first.weekday() + 1) % 7)
        end = self.last + timedelta(days=(5 - self.last.weekday()) % 7)
        days = [self.day(on) for on in each_day(begin, end)]
        return [days[number : number + 7] for number in range(0, len(days), 7)]

    @property
    def later_on(self) -> date | None:
        """The first day after the counted ones."""
        return self.last + ONE_DAY if self.last < self.last_bookable else None

    @property
    def earlier_on(self) -> date | None:
        """The first day of the six weeks before the counted ones."""
        return max(self.today, self.first - SIX_WEEKS) if self.first > self.today else None

    @property
    def next_week_on(self) -> date | None:
        """The day to select for the week after this row's first: its first with free slots, else its first."""
        begin = self.week_start + WEEK
        return (self._first_free(begin, begin + WEEK - ONE_DAY) or begin) if begin <= self.last_bookable else None

    @property
    def previous_week_on(self) -> date | None:
        begin = self.week_start - WEEK
        return (self._first_free(begin, begin + WEEK - ONE_DAY) or begin) if begin >= self.today else None

    @property
    def next_free(self) -> CalendarDay | None:
        """The next day with free slots after the selected one."""
        on = self._first_free(self.selected + ONE_DAY, self.last)
        return self.day(on) if on else None

    @property
    def parts(self) -> list[DayPart]:
        """The slots of the selected day, in morning, afternoon and evening."""
        shown = unfolded(self.first_shown)
        numbers = Counter(choice.part for choice in self.choices)
        return [
            DayPart(name, numbers[part], [choice for choice in shown if choice.part == part])
            for part, name in PARTS
            if numbers[part]
        ]

    @property
    def folded(self) -> list[SlotChoice]:
        """The slots of the selected day that are not shown at once."""
        shown = set(unfolded(self.first_shown))
        return [choice for choice in self.choices if choice not in shown]

    def _first_free(self, first: date, last: date) -> date | None:
        return next((on for on in each_day(first, last) if self.counts[on]), None)


def build_calendar(
    finder: SlotFinder, location: Location, *, selected: date, today: date, last_bookable: date
) -> SlotCalendar:
    """The six weeks from today if the selected day's row is among them, else those from that row on."""
    row_start = start_of_row(selected, today)
    first = today if row_start + timedelta(days=DAYS_IN_ROW) <= today + SIX_WEEKS else row_start
    last = min(first + SIX_WEEKS - ONE_DAY, last_bookable)
    days = [(finder.local(slot).date(), slot) for slot in finder.between(first, last)]
    choices = [finder.choice(slot) for on, slot in days if on == selected]
    counts = Counter(on for on, _ in days)
    closures = dict(Closure.objects.filter(location=location, on__range=(first, last)).values_list("on", "name"))
    row = each_day(row_start, min(row_start + timedelta(days=DAYS_IN_ROW - 1), last))
    without = [on for on in row if not counts[on]]
    return SlotCalendar(
        today=today,
        selected=selected,
        last_bookable=last_bookable,
        first=first,
        last=last,
        counts=counts,
        choices=choices,
        first_shown=finder.first_shown(choices),
        closures=closures,
        full=frozenset(on for on in without if finder.is_worked_on(on)),
        idle=frozenset(on for on in without if on != today and not finder.has_hours_on(on)),
    )


def unfolded(choices: Sequence[SlotChoice]) -> Sequence[SlotChoice]:
    """At most ``MAX_SHOWN`` of a day's slots: all, or those on the half hour, or those on the hour."""
    for minutes in (1, 30, 60):
        kept = [choice for choice in choices if choice.local.minute % minutes == 0]
        if kept and len(kept) <= MAX_SHOWN:
            return kept
    return choices[:MAX_SHOWN]


def start_of_row(selected: date, today: date) -> date:
    return today + (selected - today) // WEEK * WEEK


def each_day(first: date, last: date) -> Iterator[date]:
    for number in range((last - first).days + 1):
        yield first + timedelta(days=number)
