"""Free slots as submit buttons that fill in the form."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from booking.formatting import clock_change_note
from booking.models import Location, Practitioner
from booking.scheduling import Slot
from booking.staff.formats import clock, day


@dataclass(frozen=True)
class SlotButton:
    """A button; ``choice`` is its value, which ``parse_choice`` reads."""

    label: str
    name: str
    choice: str


@dataclass(frozen=True)
class SlotButtonDay:
    heading: str
    times: list[SlotButton] = field(default_factory=list)


def slot_buttons_by_day(slots: Iterable[Slot]) -> list[SlotButtonDay]:
    """Slots as buttons by local day and location, each with the first practitioner who is free."""
    locations, people = Location.objects.in_bulk(), Practitioner.objects.in_bulk()
    days: dict[str, SlotButtonDay] = {}
    for slot in slots:
        location, person = locations[slot.location_id], people[slot.practitioner_ids[0]]
        local = slot.starts_at.astimezone(location.zone)
        fold = f" {local.fold}" if clock_change_note(local) else ""
        heading = day(local) if len(locations) == 1 else f"{day(local)}, {location}"
        days.setdefault(heading, SlotButtonDay(heading)).times.append(
            SlotButton(clock(local), person.name, f"{local:%Y-%m-%d %H:%M} {person.pk} {location.pk}{fold}")
        )
    return list(days.values())


def parse_choice(choice: str) -> dict[str, str]:
    """Form values of a button; empty if its value is malformed."""
    match choice.split(" "):
        case [on, at, practitioner, location, *fold] if fold in ([], ["0"], ["1"]):
            try:
                datetime.strptime(f"{on} {at}", "%Y-%m-%d %H:%M")  # noqa: DTZ007  (a wall time)
            except ValueError:
                return {}
            return {"on": on, "at": at, "practitioner": practitioner, "location": location, "fold": "".join(fold)}
    return {}
