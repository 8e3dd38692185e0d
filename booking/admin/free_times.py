"""Free times as buttons: what stands on each, and what it fills into the form."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from booking.admin.words import clock, day
from booking.models import Location, Practitioner
from booking.scheduling import Opening


@dataclass(frozen=True)
class FreeTime:
    """``choice`` is what ``read_choice`` reads back."""

    label: str
    name: str
    choice: str


@dataclass(frozen=True)
class FreeDay:
    heading: str
    times: list[FreeTime] = field(default_factory=list)


def free_times(openings: Iterable[Opening]) -> list[FreeDay]:
    """Openings grouped by local day and place, each for the first practitioner who could take it."""
    places, people = Location.objects.in_bulk(), Practitioner.objects.in_bulk()
    days: dict[str, FreeDay] = {}
    for opening in openings:
        place, person = places[opening.location_id], people[opening.practitioner_ids[0]]
        local = opening.starts_at.astimezone(place.zone)
        heading = day(local) if len(places) == 1 else f"{day(local)}, {place}"
        days.setdefault(heading, FreeDay(heading)).times.append(
            FreeTime(clock(local), person.name, f"{local:%Y-%m-%d %H:%M} {person.pk} {place.pk}")
        )
    return list(days.values())


def read_choice(choice: str) -> dict[str, str]:
    """What a pressed button fills in, or nothing if it makes no sense."""
    match choice.split(" "):
        case [on, at, practitioner, location]:
            try:
                datetime.strptime(f"{on} {at}", "%Y-%m-%d %H:%M")  # noqa: DTZ007  (a wall time)
            except ValueError:
                return {}
            return {"on": on, "at": at, "practitioner": practitioner, "location": location}
    return {}
