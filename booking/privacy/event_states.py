"""The states that appointment events store: practitioners, locations and rooms by primary key, here by name."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import Model

from booking.models import AppointmentEvent, Location, Practitioner, Room

_NAMED: dict[str, type[Model]] = {"practitioner": Practitioner, "location": Location, "room": Room}
Names = Mapping[str, Mapping[int, Any]]


def names_in(events: Iterable[AppointmentEvent]) -> Names:
    """The rows that the events' states refer to, by field and primary key. At most three queries."""
    states = [state for event in events for state in (event.before, event.after)]
    names: dict[str, dict[int, Any]] = {}
    for field, model in _NAMED.items():
        ids = {state[field] for state in states if state.get(field)}
        names[field] = model._default_manager.in_bulk(ids) if ids else {}
    return names


def with_names(state: Mapping[str, Any], names: Names) -> dict[str, Any]:
    """The state with names in place of primary keys. The key stays where the row is gone."""
    return {
        name: str(names[name].get(value, value)) if name in names and value is not None else value
        for name, value in state.items()
    }
