"""What the daily mail says: each appointment that changed, once, by what became of it in the end."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from booking.models import Appointment, AppointmentEvent, Message, Practitioner
from booking.words import clock, day

_Kind = AppointmentEvent.Kind
NEWS = (_Kind.BOOKED, _Kind.RESCHEDULED, _Kind.CANCELLED)

# Heading of each section, and how a subject counts it, in the order in which they stand.
SECTIONS = {
    "new": ("New", "new"),
    "moved": ("Moved", "moved"),
    "cancelled": ("Cancelled", "cancelled"),
    "away": ("No longer with you", "moved to somebody else"),
    "undone": ("Booked and cancelled again", "booked and cancelled again"),
}


@dataclass(frozen=True)
class Line:
    """One appointment's news: ``when`` it is, and ``was`` if it was at another time or with somebody else."""

    section: str
    appointment: Appointment
    starts_at: datetime
    when: str
    was: str
    with_whom: str


@dataclass(frozen=True)
class Section:
    heading: str
    lines: list[Line]


def news_of(message: Message) -> list[Section]:
    """The sections of a daily mail, from the events of its day; none if nothing is left to tell."""
    lines = sorted(_lines(message), key=lambda line: (line.starts_at, line.appointment.pk))
    by_section = {name: [line for line in lines if line.section == name] for name in SECTIONS}
    return [Section(SECTIONS[name][0], found) for name, found in by_section.items() if found]


def counted(sections: Sequence[Section]) -> str:
    """2 new, 1 cancelled: for a subject line, so without a name."""
    words = dict(SECTIONS.values())
    counts = Counter({words[section.heading]: len(section.lines) for section in sections})
    return ", ".join(f"{count} {word}" for word, count in counts.items())


def was_before(appointment: Appointment) -> str:
    """How it stood before its last move: "Monday 23 November 2026 at 9:00 am, with Steve Hansen", or nothing."""
    moved = appointment.events.filter(kind=_Kind.RESCHEDULED).last()
    if moved is None or moved.after.get("starts_at") != appointment.starts_at.isoformat():
        return ""
    had = Practitioner.objects.filter(pk=moved.before.get("practitioner")).exclude(pk=appointment.practitioner_id)
    return ", with ".join([_when(appointment, moved.before), *had.values_list("name", flat=True)])


def _lines(message: Message) -> list[Line]:
    since, until = (datetime.fromisoformat(message.content[name]) for name in ("since", "until"))
    events = (
        AppointmentEvent.objects.filter(kind__in=NEWS, at__gte=since, at__lt=until)
        .select_related(*(f"appointment__{name}" for name in ("patient", "service", "location", "practitioner")))
        .order_by("appointment", "at", "pk")
    )
    people = {person.pk: person.name for person in Practitioner.objects.all()}
    lines = []
    for appointment, told in groupby(events, key=lambda event: event.appointment):
        line = _line(appointment, list(told), message.practitioner_id, people)
        if line is not None:
            lines.append(line)
    return lines


def _line(
    appointment: Appointment, events: list[AppointmentEvent], whose: int | None, people: dict[int, str]
) -> Line | None:
    """What the day's events come to, for the clinic (``whose`` is None) or for one practitioner."""
    before, after = events[0].before, events[-1].after
    is_new = events[0].kind == _Kind.BOOKED
    is_off = after["status"] == "cancelled"

    def is_mine(snapshot: dict[str, Any]) -> bool:
        return whose is None or snapshot.get("practitioner") == whose

    had, has = not is_new and is_mine(before), not is_off and is_mine(after)
    if not had and not has:
        # Booked and called off on one day is news; passing through somebody's hands is not.
        if not (is_new and is_off and any(is_mine(event.after) for event in events)):
            return None
        section = "undone"
    elif has:
        section = "moved" if had else "new"
    else:
        section = "cancelled" if is_off else "away"
    when, was = _when(appointment, after), _when(appointment, before) if had else ""
    with_whom = people.get(after["practitioner"], "")
    if had and section == "moved" and before.get("practitioner") != after["practitioner"]:
        was += f" with {people.get(before['practitioner'], '')}"
    return Line(
        section,
        appointment,
        datetime.fromisoformat(after["starts_at"]),
        when,
        was if section in {"moved", "away"} and was != when else "",
        with_whom,
    )


def _when(appointment: Appointment, snapshot: dict[str, Any]) -> str:
    """The time that a snapshot holds, on the clock of the appointment's place."""
    if not snapshot.get("starts_at"):
        return ""
    local = datetime.fromisoformat(snapshot["starts_at"]).astimezone(appointment.location.zone)
    return f"{day(local)} at {clock(local)}"
