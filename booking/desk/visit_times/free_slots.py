"""Free times beside a visit, as buttons: the soonest ones, and those near a time."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from booking import scheduling
from booking.desk.visit_times.time_form import TimeChoice
from booking.models import Appointment, Location, Practitioner
from booking.scheduling import Slot

SHOWN = 4
DAYS_AHEAD = timedelta(days=14)
_QUARTER = timedelta(minutes=15)


def soonest(
    visit: Appointment, people: Sequence[Practitioner], *, now: datetime, person: Practitioner | None
) -> list[TimeChoice]:
    """Where to move a visit: the first start of each of the next gaps in two weeks, with this person or anyone."""
    today = now.astimezone(visit.location.zone).date()
    slots = scheduling.free_times_for_staff(
        service=visit.service,
        now=now,
        first_on=today,
        last_on=today + DAYS_AHEAD,
        practitioner=person,
        location=visit.location,
        moving=visit,
    )
    elsewhere = [_outside_own_time(slot, visit) for slot in slots]
    return choices_of(_first_of_each_gap([slot for slot in elsewhere if slot.practitioner_ids]), visit, people)[:SHOWN]


def near(
    visit: Appointment,
    people: Sequence[Practitioner],
    starts_at: datetime,
    *,
    now: datetime,
    person: Practitioner | None,
    moving: bool,
) -> list[TimeChoice]:
    """The free starts closest to this one."""
    slots = scheduling.nearest_for_staff(
        service=visit.service,
        starts_at=starts_at,
        now=now,
        practitioner=person,
        location=visit.location,
        moving=visit if moving else None,
        count=SHOWN,
    )
    return choices_of(slots, visit, people)


def choice_of(slot: Slot, people: Sequence[Practitioner], location: Location) -> TimeChoice | None:
    """The slot with the first of its practitioners."""
    person = next((person for person in people if person.pk == slot.practitioner_ids[0]), None)
    return TimeChoice(slot.starts_at.astimezone(location.zone), person, location) if person else None


def choices_of(slots: Iterable[Slot], visit: Appointment, people: Sequence[Practitioner]) -> list[TimeChoice]:
    return [choice for slot in slots if (choice := choice_of(slot, people, visit.location))]


def _outside_own_time(slot: Slot, visit: Appointment) -> Slot:
    """The slot without the visit's practitioner if it overlaps the visit's own time."""
    if slot.starts_at >= visit.ends_at or slot.starts_at + visit.duration <= visit.starts_at:
        return slot
    others = tuple(person for person in slot.practitioner_ids if person != visit.practitioner_id)
    return slot._replace(practitioner_ids=others)


def _first_of_each_gap(slots: Sequence[Slot]) -> list[Slot]:
    """Drop the starts that continue a gap: somebody who is free then was also free up to a quarter hour before."""
    free: dict[int, datetime] = {}
    result = []
    for slot in slots:
        is_new = any(slot.starts_at - free[person] > _QUARTER for person in slot.practitioner_ids if person in free)
        if is_new or not free.keys() & set(slot.practitioner_ids):
            result.append(slot)
        free |= dict.fromkeys(slot.practitioner_ids, slot.starts_at)
    return result
