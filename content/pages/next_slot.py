"""The next available slot on a page, and the HTML comments that delimit it so that a cache can replace it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from booking import scheduling
from booking.formatting import day_as_of, instant, one_of
from booking.models import Practitioner, Service
from booking.scheduling import Slot

# Written by the templates that show a free time. Text typed by staff is escaped, so it cannot contain them.
BEGIN, END = b"<!-- free time -->", b"<!-- /free time -->"
_BETWEEN = re.compile(re.escape(BEGIN) + b".*?" + re.escape(END), re.DOTALL)


def find_next_slot(now: datetime, *, service: Service, practitioner: Practitioner | None = None) -> Slot | None:
    """Return the first available slot of a service, with one practitioner or for whoever reads the page."""
    is_new = None if practitioner else service.audience != Service.Audience.RETURNING
    return scheduling.next_slot(service=service, practitioner=practitioner, now=now, new_patient=is_new)


@dataclass(frozen=True)
class NextSlot:
    """The first free slot of a service: who is free then, and the address that opens booking at that very time."""

    slot: Slot
    people: tuple[Practitioner, ...]
    address: str

    @property
    def names(self) -> str:
        """Steve Hansen; A or B. Empty where three or more are free, which is no news about a person."""
        return one_of(person.name for person in self.people) if len(self.people) < 3 else ""


def slots_by_practitioner(now: datetime, *, service: Service) -> dict[int, Slot]:
    """Return the first slot of each practitioner, by id, that a reader can book: a new patient, if allowed.

    Booking shows new patients' times until a visitor says that they have been here before, those of the first visit
    where new patients start with another service (R13).
    """
    first = service.service_for_new_patients
    if first is None or first == service:
        return scheduling.next_slot_by_practitioner(service=service, now=now, new_patient=first is not None)
    slots = scheduling.next_slot_by_practitioner(service=first, now=now, new_patient=True)
    offers, following = (scheduling.offers_of_service(service=row, now=now) for row in (first, service))
    wanted = {offer.practitioner_id for offer in scheduling.offers_of_both(offers, following) or offers}
    return {person: slot for person, slot in slots.items() if person in wanted}


def first_of(slots: Mapping[int, Slot], *, service: Service, people: Mapping[int, Practitioner]) -> NextSlot | None:
    """Return the earliest of these slots with everybody who is free at its start."""
    if not slots:
        return None
    first = min(slots.values(), key=lambda slot: (slot.starts_at, slot.location_id))
    place = (first.starts_at, first.location_id)
    free = {pk for pk, slot in slots.items() if (slot.starts_at, slot.location_id) == place}
    return NextSlot(first, tuple(people[pk] for pk in people if pk in free), slot_url(service, first))


def slot_of(practitioner: Practitioner, slots: Mapping[int, Slot], *, service: Service) -> NextSlot | None:
    """Return the first of these slots with this practitioner."""
    slot = slots.get(practitioner.pk)
    return NextSlot(slot, (practitioner,), slot_url(service, slot, practitioner)) if slot else None


def slot_url(service: Service, slot: Slot, practitioner: Practitioner | None = None) -> str:
    """Return the address that opens booking at this slot, optionally with this practitioner."""
    values = {"start": instant(slot.starts_at)}
    if practitioner:
        values["practitioner"] = practitioner.slug
    return f"{service.get_absolute_url()}?{urlencode(values, safe=':')}"


def day_in_words(start: datetime, now: datetime) -> str:
    """Today; tomorrow; Monday, November 30. ``start`` is in the time zone of its location."""
    today = now.astimezone(start.tzinfo).date()
    days = (start.date() - today).days
    return ("today", "tomorrow")[days] if days in (0, 1) else day_as_of(start, today)


def has_next_slot(html: bytes) -> bool:
    """Whether a page shows a next slot, or that there is none."""
    return BEGIN in html


def replace_next_slots(html: bytes, by: bytes) -> bytes:
    """Return the page with its next slots replaced."""
    return _BETWEEN.sub(lambda _match: by, html)
