"""What a visit's panel folds away: its messages and its history."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Model

from booking.messages import can_resend
from booking.models import Appointment, AppointmentEvent, Location, Message, Practitioner, Room
from booking.staff.formats import clock, format_instant, short_day

_NAMED: dict[str, type[Model]] = {"practitioner": Practitioner, "location": Location, "room": Room}


@dataclass(frozen=True)
class VisitMessageRow:
    """A message of the visit, and whether it can be sent again."""

    message: Message
    due: str
    sent: str
    can_resend: bool


@dataclass(frozen=True)
class HistoryRow:
    """An event: when, who, what, and the values before and after."""

    when: str
    who: str
    what: str
    change: str
    note: str


def message_rows(visit: Appointment, *, now: datetime) -> list[VisitMessageRow]:
    """The messages in the order in which they are due. One query."""
    rows = visit.messages.order_by("due_at", "pk").select_related(
        *(f"appointment__{name}" for name in ("location", "patient", "service"))
    )
    return [
        VisitMessageRow(
            row, format_instant(row.due_at, visit), format_instant(row.sent_at, visit), can_resend(row, now=now)
        )
        for row in rows
    ]


def load_events(visit: Appointment) -> list[AppointmentEvent]:
    return list(visit.events.select_related("actor").order_by("at", "pk"))


def history_rows(visit: Appointment, events: Sequence[AppointmentEvent]) -> list[HistoryRow]:
    """The events, newest first. At most three queries."""
    names = _names(events)
    return [
        HistoryRow(
            format_instant(event.at, visit),
            str(event.actor) if event.actor else event.get_actor_kind_display(),
            event.get_kind_display(),
            _change(event, visit, names),
            event.note,
        )
        for event in reversed(events)
    ]


def _names(events: Iterable[AppointmentEvent]) -> dict[str, dict[int, Any]]:
    states = [state for event in events for state in (event.before, event.after)]
    found = {}
    for field, model in _NAMED.items():
        ids = {state[field] for state in states if state.get(field)}
        found[field] = model._default_manager.in_bulk(ids) if ids else {}
    return found


def _change(event: AppointmentEvent, visit: Appointment, names: Mapping[str, Mapping[int, Any]]) -> str:
    """The fields that differ: "9:00 a.m. → 9:45 a.m."; of the first event, what it set."""
    before, after = (_words(state, visit, names) for state in (event.before, event.after))
    return "; ".join(
        f"{before[field]} → {value}" if before.get(field) else value
        for field, value in after.items()
        if value and before.get(field) != value
    )


def _words(state: Mapping[str, Any], visit: Appointment, names: Mapping[str, Mapping[int, Any]]) -> dict[str, str]:
    words = {field: str(rows[state[field]]) for field, rows in names.items() if state.get(field) in rows}
    if state.get("starts_at"):
        local = datetime.fromisoformat(state["starts_at"]).astimezone(visit.location.zone)
        words = {"starts_at": f"{short_day(local)}, {clock(local)}", **words}
    return words
