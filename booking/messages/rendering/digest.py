"""Content of the daily digest: each changed appointment once, by its net change."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from booking.formatting import clock, day
from booking.models import MADE_UP_DOMAIN, Appointment, AppointmentEvent, Message, Practitioner

_Kind = AppointmentEvent.Kind
REPORTED_KINDS = (_Kind.BOOKED, _Kind.RESCHEDULED, _Kind.CANCELLED, _Kind.RESTORED)

_REPORTED_FIELDS = ("starts_at", "ends_at", "practitioner", "location")

# Section name -> heading and label in the subject line, in display order.
SECTIONS = {
    "new": ("New", "new"),
    "moved": ("Moved", "moved"),
    "cancelled": ("Cancelled", "cancelled"),
    "away": ("No longer with you", "moved to someone else"),
    "undone": ("Booked and cancelled again", "booked and cancelled again"),
}


@dataclass(frozen=True)
class DigestLine:
    """One appointment: ``when`` it is, and ``was`` if its time or practitioner has changed."""

    section: str
    appointment: Appointment
    starts_at: datetime
    when: str
    was: str
    with_whom: str


@dataclass(frozen=True)
class DigestSection:
    heading: str
    lines: list[DigestLine]


def digest_sections(message: Message) -> list[DigestSection]:
    """Build the sections of a digest from the events of its day; empty if there is no net change."""
    lines = sorted(_lines(message), key=lambda line: (line.starts_at, line.appointment.pk))
    by_section = {name: [line for line in lines if line.section == name] for name in SECTIONS}
    return [
        DigestSection(SECTIONS[name][0], section_lines) for name, section_lines in by_section.items() if section_lines
    ]


def summarize_counts(sections: Sequence[DigestSection]) -> str:
    """Return "2 new, 1 cancelled" for the subject line, without patient data."""
    labels = dict(SECTIONS.values())
    counts = Counter({labels[section.heading]: len(section.lines) for section in sections})
    return ", ".join(f"{count} {label}" for label, count in counts.items())


def was_before(appointment: Appointment) -> str:
    """Return the previous time and practitioner: "Monday, November 23, 2026 at 9:00 a.m., with Steve Hansen", or ""."""
    last_move = appointment.events.filter(kind=_Kind.RESCHEDULED).last()
    if last_move is None or last_move.after.get("starts_at") != appointment.starts_at.isoformat():
        return ""
    previous = Practitioner.objects.filter(pk=last_move.before.get("practitioner")).exclude(
        pk=appointment.practitioner_id
    )
    return ", with ".join([_when(appointment, last_move.before), *previous.values_list("name", flat=True)])


def _lines(message: Message) -> list[DigestLine]:
    since, until = (datetime.fromisoformat(message.content[name]) for name in ("since", "until"))
    events = (
        AppointmentEvent.objects.filter(kind__in=REPORTED_KINDS, at__gte=since, at__lt=until)
        .exclude(appointment__patient__disposed_at__isnull=False)  # Their events are empty.
        .exclude(appointment__patient__email__endswith=f"@{MADE_UP_DOMAIN}")
        .select_related(*(f"appointment__{name}" for name in ("patient", "service", "location", "practitioner")))
        .order_by("appointment", "at", "pk")
    )
    names = {practitioner.pk: practitioner.name for practitioner in Practitioner.objects.all()}
    lines = []
    for appointment, appointment_events in groupby(events, key=lambda event: event.appointment):
        line = _line(appointment, list(appointment_events), message.practitioner_id, names)
        if line is not None:
            lines.append(line)
    return lines


def _line(
    appointment: Appointment, events: list[AppointmentEvent], practitioner_id: int | None, names: dict[int, str]
) -> DigestLine | None:
    """Compute the net change of the day's events for a practitioner, or for the clinic (None)."""
    before, after = events[0].before, events[-1].after
    is_new = events[0].kind in {_Kind.BOOKED, _Kind.RESTORED}
    is_cancelled = after["status"] == "cancelled"

    def concerns_recipient(state: dict[str, Any]) -> bool:
        return practitioner_id is None or state.get("practitioner") == practitioner_id

    was_theirs, is_theirs = not is_new and concerns_recipient(before), not is_cancelled and concerns_recipient(after)
    if not was_theirs and not is_theirs:
        # Booked and cancelled on one day is reported; assigned and reassigned on one day is not.
        if not (is_new and is_cancelled and any(concerns_recipient(event.after) for event in events)):
            return None
        section = "undone"
    elif is_theirs:
        section = "moved" if was_theirs else "new"
    else:
        section = "cancelled" if is_cancelled else "away"
    when, was = _when(appointment, after), _when(appointment, before) if was_theirs else ""
    with_whom = names.get(after["practitioner"], "")
    if section == "moved" and all(before.get(name) == after[name] for name in _REPORTED_FIELDS):
        return None  # Cancelled and restored, or moved there and back.
    if was_theirs and section == "moved" and before.get("practitioner") != after["practitioner"]:
        was += f" with {names.get(before['practitioner'], '')}"
    return DigestLine(
        section,
        appointment,
        datetime.fromisoformat(after["starts_at"]),
        when,
        was if section in {"moved", "away"} and was != when else "",
        with_whom,
    )


def _when(appointment: Appointment, state: dict[str, Any]) -> str:
    """Format the time stored in an event, in the location's time zone."""
    if not state.get("starts_at"):
        return ""
    local = datetime.fromisoformat(state["starts_at"]).astimezone(appointment.location.zone)
    return f"{day(local)} at {clock(local)}"
