"""One week of free times, arranged for the page that shows them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import count

from booking.models import Location
from booking.scheduling import Opening
from booking.words import clock, day, duration, instant, one_of

Find = Callable[[date, date], list[Opening]]
Near = Callable[[datetime, int], list[Opening]]


@dataclass(frozen=True)
class Choice:
    """One start as a radio button. ``before``, the clock and ``after`` together are its whole sentence."""

    opening: Opening
    value: str
    input_id: str
    local: datetime
    lasts: str
    people: str
    is_chosen: bool = False

    @property
    def before(self) -> str:
        return f"{day(self.local)}, "

    @property
    def after(self) -> str:
        return f", {self.lasts}, with {self.people}"

    @property
    def sentence(self) -> str:
        """Tuesday 24 November 2026, 9:00 am, 45 minutes, with Steve Hansen."""
        return f"{self.before}{clock(self.local)}{self.after}"


@dataclass(frozen=True)
class Day:
    on: date
    choices: list[Choice]


@dataclass(frozen=True)
class Board:
    """A week, Monday to Sunday, as far as it can be booked; and where to look when it is empty."""

    monday: date
    days: list[Day]
    earlier_on: date | None
    later_on: date | None
    elsewhere: list[date]

    @property
    def is_empty(self) -> bool:
        return not any(day.choices for day in self.days)


def lay_out(
    *,
    find: Find,
    near: Near,
    names: Mapping[int, str],
    location: Location,
    around: date,
    now: datetime,
    horizon_days: int,
    chosen: datetime | None = None,
) -> Board:
    """The week around a day. ``find`` gives the openings of a span of days, ``near`` those closest to an instant."""
    today = now.astimezone(location.zone).date()
    last_day = today + timedelta(days=horizon_days)
    monday = monday_of(around)
    first, last = max(monday, today), min(monday + timedelta(days=6), last_day)
    openings = find(first, last)
    days = arrange(openings, names=names, location=location, chosen=chosen)
    by_day = {day.on: day for day in days}
    elsewhere: list[date] = []
    if not openings:
        midweek = datetime.combine(monday + timedelta(days=3), time(12), tzinfo=location.zone)
        elsewhere = sorted(
            {monday_of(opening.starts_at.astimezone(location.zone).date()) for opening in near(midweek, 3)}
        )
    return Board(
        monday=monday,
        days=[by_day.get(on) or Day(on, []) for on in _each_day(first, last)],
        earlier_on=max(monday - timedelta(days=7), today) if monday > today else None,
        later_on=monday + timedelta(days=7) if monday + timedelta(days=7) <= last_day else None,
        elsewhere=[max(week, today) for week in elsewhere],
    )


def arrange(
    openings: Sequence[Opening], *, names: Mapping[int, str], location: Location, chosen: datetime | None = None
) -> list[Day]:
    """Openings as days of radio buttons, in order, with one run of ids through all days."""
    numbers = count()
    days: dict[date, list[Choice]] = {}
    for opening in openings:
        local = opening.starts_at.astimezone(location.zone)
        choice = Choice(
            opening=opening,
            value=instant(opening.starts_at),
            input_id=f"id_start_{next(numbers)}",
            local=local,
            lasts=duration(opening.ends_at - opening.starts_at),
            people=_people(opening, names),
            is_chosen=opening.starts_at == chosen,
        )
        days.setdefault(local.date(), []).append(choice)
    return [Day(on, choices) for on, choices in days.items()]


def monday_of(on: date) -> date:
    return on - timedelta(days=on.weekday())


def _people(opening: Opening, names: Mapping[int, str]) -> str:
    return one_of(names[person] for person in opening.practitioner_ids if person in names) or "one of us"


def _each_day(first: date, last: date) -> list[date]:
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]
