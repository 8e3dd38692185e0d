"""What one page shows of free times: each person's first, and a week of all, from one reading of the diary."""

from dataclasses import replace
from datetime import date, datetime

from booking import availability
from booking.availability import ONE_DAY
from booking.models import Practitioner
from booking.scheduling.facts import Facts, Search, gather_hours, with_visits
from booking.scheduling.openings import SOON, Opening, openings_of, widest_horizon


class Outlook:
    """The openings of one search. Hours are read once, and visits once for each stretch of days that is asked for."""

    def __init__(self, search: Search, hours: Facts | None = None) -> None:
        self.search = search
        self.first, self.last = widest_horizon(search)
        self._hours = hours
        self._seen: list[tuple[date, date, list[Opening]]] = []

    @property
    def hours(self) -> Facts:
        if self._hours is None:
            self._hours = gather_hours(self.search, self.first, self.last)
        return self._hours

    def held_by(self, holder: str) -> "Outlook":
        """The same for a visitor, whose own hold does not hide its time (R10)."""
        search = replace(self.search, holder=holder)
        return self if holder == self.search.holder else Outlook(search, replace(self.hours, search=search))

    def first_of_each(self) -> dict[int, Opening]:
        """The first opening of each practitioner who has one, by practitioner id."""
        found: dict[int, Opening] = {}
        # To the end of a week: the page that names these starts mostly shows one of these weeks.
        soon = self.first + SOON
        soon = min(soon + ONE_DAY * (6 - soon.weekday()), self.last)
        missing = set(self.hours.requests)
        for first, last in ((self.first, soon), (soon + ONE_DAY, self.last)):
            if missing:
                for opening in self._openings(first, last):
                    for person in missing.intersection(opening.practitioner_ids):
                        found[person] = self._with(person, opening)
                        missing.discard(person)
                    if not missing:
                        break
        return found

    def between(self, first: date, last: date, practitioner: Practitioner | None = None) -> list[Opening]:
        """Openings on these local days, of one practitioner or of all, in order."""
        first, last = max(first, self.first), min(last, self.last)
        openings = self._openings(first, last)
        if not openings:
            return []
        bounds = {number: availability.bounds(first, last, place.zone) for number, place in self.hours.places.items()}
        here = [
            opening
            for opening in openings
            for begin, end in (bounds[opening.location_id],)
            if begin <= opening.starts_at < end
        ]
        if practitioner is None:
            return here
        return [self._with(practitioner.pk, one) for one in here if practitioner.pk in one.practitioner_ids]

    def _openings(self, first: date, last: date) -> list[Opening]:
        """All that lie on these days, and perhaps more."""
        if first > last:
            return []
        for begin, end, openings in self._seen:
            if begin <= first and last <= end:
                return openings
        openings = openings_of(with_visits(self.hours, first, last), first, last)
        self._seen.append((first, last, openings))
        return openings

    def _with(self, person: int, opening: Opening) -> Opening:
        ends_at: datetime = opening.starts_at + self.hours.requests[person].duration
        return opening._replace(ends_at=ends_at, practitioner_ids=(person,))
