"""Free times, found and arranged for the page that shows them: a week, or the few nearest to one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache, partial
from typing import Any, NamedTuple

from booking import scheduling
from booking.models import Appointment, Closure, Location, Practitioner, Service
from booking.scheduling import Opening, Outlook
from booking.words import WEEKDAYS, clock, day, duration, instant, one_of


@dataclass(frozen=True)
class Finder:
    """What a page looks for. ``holder`` and ``moving`` are those of ``scheduling.open_starts``.

    ``outlook`` is where a page that shows more of the same diary has read it already.
    """

    service: Service
    now: datetime
    location: Location
    practitioner: Practitioner | None = None
    new_patient: bool | None = None
    holder: str = ""
    moving: Appointment | None = None
    outlook: Outlook | None = None

    def between(self, first: date, last: date) -> list[Opening]:
        """The openings of these local days."""
        if self.outlook:
            return self.outlook.between(first, last, self.practitioner)
        found = scheduling.open_starts(first_on=first, last_on=last, **self._wanted())
        return [opening for opening in found if self._is_news(opening)]

    def near(self, instant: datetime, count: int) -> list[Opening]:
        """Up to ``count`` openings closest to an instant."""
        found = scheduling.nearest(starts_at=instant, count=count + 1 if self.moving else count, **self._wanted())
        news = [opening for opening in found if self._is_news(opening)]
        return sorted(sorted(news, key=lambda opening: abs(opening.starts_at - instant))[:count])

    def _wanted(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "outlook"}

    def _is_news(self, opening: Opening) -> bool:
        """Whether a visit that moves would not stay as it is: the same time, with the same person."""
        moving = self.moving
        return not moving or opening.starts_at != moving.starts_at or not _keeps(moving, opening.practitioner_ids)


class Choice(NamedTuple):
    """One start as a radio button. Made by the hundred, and named tuples are cheap to make."""

    opening: Opening
    value: str
    input_id: str
    local: datetime
    lasts: str
    people: str
    is_chosen: bool = False
    other_person: str = ""  # Who would see the patient, where it is not the one they see now.

    @property
    def after(self) -> str:
        return f", {self.lasts}, with {self.people}"

    @property
    def sentence(self) -> str:
        """Tuesday 24 November 2026, 9:00 am, 45 minutes, with Steve Hansen."""
        return f"{day(self.local)}, {clock(self.local)}{self.after}"


@dataclass(frozen=True)
class Day:
    """A local day; ``closed`` names the holiday, or why else the place is shut, where nobody works all the same."""

    on: date
    choices: list[Choice]
    closed: str = ""

    @property
    def anchor(self) -> str:
        return f"on-{self.on.isoformat()}"

    @property
    def short(self) -> str:
        """Mon 23."""
        return f"{WEEKDAYS[self.on.weekday()][:3]} {self.on.day}"


@dataclass(frozen=True)
class Board:
    """A week, Monday to Sunday, as far as it can be booked; and where to look when it is empty."""

    monday: date
    days: list[Day]
    earlier_on: date | None
    later_on: date | None
    elsewhere: list[date]

    @property
    def names_others(self) -> bool:
        """Whether some of the times are with somebody else than the patient sees now."""
        return any(choice.other_person for day in self.days for choice in day.choices)

    @property
    def closures(self) -> list[Day]:
        return [day for day in self.days if day.closed]

    @property
    def is_empty(self) -> bool:
        return not any(day.choices for day in self.days)


def lay_out(
    finder: Finder,
    *,
    people: Mapping[int, Practitioner],
    around: date,
    first_free: datetime,
    chosen: datetime | None = None,
    closed: Mapping[date, str] | None = None,
) -> Board:
    """The week around a day. ``closed`` names the days on which the place is shut, where they are known.

    No earlier week is offered than the one of ``first_free``: there would be nothing in it to choose.
    """
    location = finder.location
    today = finder.now.astimezone(location.zone).date()
    last_day = today + timedelta(days=finder.service.horizon_days)
    monday, first_on = monday_of(around), first_free.astimezone(location.zone).date()
    first, last = max(monday, today), min(monday + timedelta(days=6), last_day)
    openings = finder.between(first, last)
    days = arrange(openings, finder, people=people, chosen=chosen)
    by_day = {day.on: day for day in days}
    if closed is None:
        closed = dict(Closure.objects.filter(location=location, on__range=(first, last)).values_list("on", "name"))
    elsewhere: list[date] = []
    if not openings:
        midweek = datetime.combine(monday + timedelta(days=3), time(12), tzinfo=location.zone)
        elsewhere = sorted(
            {monday_of(opening.starts_at.astimezone(location.zone).date()) for opening in finder.near(midweek, 3)}
        )
    return Board(
        monday=monday,
        days=[by_day.get(on) or Day(on, [], closed=closed.get(on, "")) for on in _each_day(first, last)],
        earlier_on=max(monday - timedelta(days=7), today) if monday > first_on else None,
        later_on=monday + timedelta(days=7) if monday + timedelta(days=7) <= last_day else None,
        elsewhere=[max(week, today) for week in elsewhere],
    )


def arrange(
    openings: Sequence[Opening],
    finder: Finder,
    *,
    people: Mapping[int, Practitioner],
    chosen: datetime | None = None,
) -> list[Day]:
    """Openings as days of radio buttons, in order, with one run of ids through all days.

    A visit that moves stays with its practitioner where they are free; elsewhere the choice names the
    one other person whom it would take, and its value holds them, too.
    """
    days: dict[date, list[Choice]] = {}
    zone, moving = finder.location.zone, finder.moving
    # Many starts are with the same people, and last as long.
    said_people, said_length = cache(partial(_people, moving, people)), cache(duration)
    for number, opening in enumerate(openings):
        starts_at, ends_at, _, takers = opening
        local = starts_at.astimezone(zone)
        person = _other_person(moving, takers, people) if moving else None
        choice = Choice(
            opening,
            write_start(starts_at, person),
            f"id_start_{number}",
            local,
            said_length(ends_at - starts_at),
            said_people(takers),
            starts_at == chosen,
            person.name if person else "",
        )
        days.setdefault(local.date(), []).append(choice)
    return [Day(on, choices) for on, choices in days.items()]


def monday_of(on: date) -> date:
    return on - timedelta(days=on.weekday())


def write_start(starts_at: datetime, person: Practitioner | None) -> str:
    """A choice's value: the start, and who is chosen with it, if anybody is."""
    return f"{instant(starts_at)} {person.slug}" if person else instant(starts_at)


def _keeps(moving: Appointment, takers: Sequence[int]) -> bool:
    """Whether the patient would go on seeing the same person."""
    return moving.practitioner_id in takers


def _other_person(
    moving: Appointment | None, takers: Sequence[int], people: Mapping[int, Practitioner]
) -> Practitioner | None:
    """Who would take a visit that cannot stay with its practitioner: the first in the clinic's order."""
    if moving is None or _keeps(moving, takers):
        return None
    return next((people[person] for person in takers if person in people), None)


def _people(moving: Appointment | None, people: Mapping[int, Practitioner], takers: Sequence[int]) -> str:
    if moving is not None and _keeps(moving, takers):
        return moving.practitioner.name
    if other := _other_person(moving, takers, people):
        return f"somebody else: {other.name}"
    return one_of(people[person].name for person in takers if person in people) or "one of us"


def _each_day(first: date, last: date) -> list[date]:
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]
