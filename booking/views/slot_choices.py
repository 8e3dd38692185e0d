"""Slots as choices on a page: each with the one practitioner who would see the patient."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import NamedTuple

from booking import scheduling
from booking.formatting import duration, instant
from booking.models import Location, Practitioner
from booking.scheduling import Slot, SlotOverview, SlotQuery

SIX_WEEKS = timedelta(weeks=6)  # What a page counts.
ONE_DAY = timedelta(days=1)


class SlotChoice(NamedTuple):
    """One slot that a visitor can choose."""

    starts_at: datetime
    local: datetime
    length: timedelta
    person: Practitioner
    is_other_person: bool = False  # An appointment being moved is with somebody else now.
    reference: str = ""  # Of the visitor's own time, where several are chosen.

    @property
    def value(self) -> str:
        """What a form or a link sends: the start and the practitioner."""
        return format_start(self.starts_at, self.person)

    @property
    def anchor(self) -> str:
        """The id of its button on the page."""
        return anchor_of(self.starts_at)

    @property
    def on(self) -> date:
        return self.local.date()

    @property
    def part(self) -> str:
        return scheduling.part_of_day(self.local.time())

    @property
    def details(self) -> str:
        """45 minutes, with Steve Hansen."""
        return f"{duration(self.length)}, with {self.person.name}"


@dataclass(frozen=True)
class SlotFinder:
    """The slots of some practitioners at the location of a query, optionally of one part of the day.

    ``overview`` holds the rows of a page that has loaded them already. It may cover more practitioners than ``people``.
    """

    query: SlotQuery
    people: Mapping[int, Practitioner]
    overview: SlotOverview
    part: str = ""

    def between(self, first: date, last: date) -> list[Slot]:
        """The slots on these local days, ordered by start."""
        return [slot for slot in self.overview.between(first, last) if self._is_wanted(slot)]

    def is_worked_on(self, day: date) -> bool:
        """Whether a slot could be chosen on this local day if nothing were taken."""
        return any(self._is_wanted(slot) for slot in self.overview.in_working_hours(day, day))

    def has_hours_on(self, day: date) -> bool:
        """Whether anybody who offers the service works on this local day, chosen or not."""
        return bool(self.overview.in_working_hours(day, day))

    def first(self, today: date, last_bookable: date) -> SlotChoice | None:
        """The first choice. Loads the days after the next six weeks only if there is none before."""
        later = today + SIX_WEEKS
        for first, last in ((today, min(later - ONE_DAY, last_bookable)), (later, last_bookable)):
            for slot in self.overview.between(first, last):
                if self._is_wanted(slot):
                    return self.choice(slot)
        return None

    def near(self, starts_at: datetime, count: int) -> list[SlotChoice]:
        """Up to ``count`` choices closest to an instant, ordered by start. Ignores the part of the day."""
        slots = self.overview.near(starts_at, count, is_wanted=self._has_people)
        return [self.choice(slot) for slot in slots]

    def at(self, starts_at: datetime, person: Practitioner | None = None) -> SlotChoice | None:
        """The slot that starts at this instant, with this practitioner; None if it is not free."""
        people = self.people if person is None else {pk: row for pk, row in self.people.items() if pk == person.pk}
        finder = replace(self, people=people, part="")
        day = starts_at.astimezone(self._location.zone).date()
        slot = next((slot for slot in finder.between(day, day) if slot.starts_at == starts_at), None)
        return finder.choice(slot) if slot else None

    def choice(self, slot: Slot) -> SlotChoice:
        """The slot with the practitioner who would see the patient (R11); one who is moved stays with theirs."""
        moving = self.query.moving
        if moving and moving.practitioner_id in self.people and moving.practitioner_id in slot.practitioner_ids:
            person_id = moving.practitioner_id
        else:
            person_id = self.overview.least_busy(slot, self.people)
        with_person = self.overview.for_practitioner(person_id, slot)
        return SlotChoice(
            starts_at=slot.starts_at,
            local=self.local(slot),
            length=with_person.ends_at - with_person.starts_at,
            person=self.people[person_id],
            is_other_person=moving is not None and moving.practitioner_id != person_id,
        )

    def first_shown(self, choices: Sequence[SlotChoice]) -> list[SlotChoice]:
        """The choices of one local day without those that practitioners with compact days show behind the others."""
        compact = {
            person.pk: self.overview.compact_starts(person.pk, self._location.pk, choices[0].on)
            for person in {choice.person for choice in choices if choice.person.compact_days}
        }
        return [
            choice
            for choice in choices
            if choice.person.pk not in compact or choice.starts_at in compact[choice.person.pk]
        ]

    def local(self, slot: Slot) -> datetime:
        return slot.starts_at.astimezone(self._location.zone)

    @property
    def _location(self) -> Location:
        assert self.query.location is not None
        return self.query.location

    @cached_property
    def _is_wanted(self) -> Callable[[Slot], bool]:
        if not self.part:
            return self._has_people
        return lambda slot: self._has_people(slot) and scheduling.part_of_day(self.local(slot).time()) == self.part

    def _has_people(self, slot: Slot) -> bool:
        """Whether one of ``people`` is free; the present time of an appointment being moved is no choice."""
        moving = self.query.moving
        if moving and slot.starts_at == moving.starts_at and moving.practitioner_id in slot.practitioner_ids:
            return False
        return not self.people.keys().isdisjoint(slot.practitioner_ids)


def anchor_of(starts_at: datetime) -> str:
    return f"at-{int(starts_at.timestamp())}"


def format_start(starts_at: datetime, person: Practitioner | None) -> str:
    """Value of a choice: the start and, if given, the practitioner's slug."""
    return f"{instant(starts_at)} {person.slug}" if person else instant(starts_at)
