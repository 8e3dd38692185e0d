"""Work out when a calendar is busy. Run as a program of its own, with limits, by ``booking.calendars.expand``.

Calendars come from strangers: one can be huge, or repeat every second for ever. So this program limits its own memory
and CPU time before it reads anything, imports nothing of the site, and has none of the site's variables. It reads one
line of JSON and then the calendar from its standard input, and writes one line of JSON: ``{"busy": [[start, end], ...],
"skipped": 0}``, in seconds since 1970 UTC, or ``{"problem": "..."}``. Titles never leave it.
"""

import json
import re
import resource
import sys
import zoneinfo
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from xml.etree import ElementTree

import recurring_ical_events
import x_wr_timezone
from icalendar import Calendar, Component

MEMORY = 512_000_000  # bytes
CPU_TIME = 20  # seconds
NOT_A_CALENDAR, TOO_MANY = "not-a-calendar", "too-many"
CALENDAR_DATA = "{urn:ietf:params:xml:ns:caldav}calendar-data"
TOO_OFTEN = {"SECONDLY", "MINUTELY"}  # No calendar needs them, and working them out takes all of CPU_TIME.
NOT_BUSY = {"FREE", "WORKINGELSEWHERE"}  # Of Outlook's own property.
EMAIL = re.compile(r"[^@\s/:]+@[^@\s/:]+")

Span = tuple[int, int]


@dataclass(frozen=True)
class CalendarQuestion:
    """``zone``: of times without one. ``own``: the owner's addresses. ``ignored``: UIDs of the site's own visits."""

    zone: str
    begin: int
    end: int
    own: Sequence[str] = ()
    ignored: Sequence[str] = ()
    is_multistatus: bool = False
    most: int = 20_000


class Unusable(Exception):
    """Its text is one of the problems above."""


def busy_spans(content: bytes, question: CalendarQuestion) -> tuple[list[Span], int]:
    """The busy times of a calendar within the question's window, and the number of events that could not be read.

    Raises Unusable.
    """
    spans: list[Span] = []
    skipped = 0
    for text in _multistatus(content) if question.is_multistatus else [content]:
        for calendar in _calendars(text):
            own = {address.casefold() for address in question.own} | _addresses(str(calendar.get("X-WR-CALNAME", "")))
            for series in _series(calendar):
                try:
                    found = list(_busy(calendar, series, own, question))
                except (Unusable, MemoryError):
                    raise
                except Exception:  # The libraries raise many kinds for what a calendar should not hold.
                    skipped += 1
                    continue
                spans += found
                if len(spans) > question.most:
                    raise Unusable(TOO_MANY)
            spans += _free_busy(calendar, question)
    return spans, skipped


def _multistatus(content: bytes) -> list[bytes]:
    """The calendars in the answer to a CalDAV query."""
    try:
        root = ElementTree.fromstring(content)  # noqa: S314  (in this process, with its limits)
    except ElementTree.ParseError:
        raise Unusable(NOT_A_CALENDAR) from None
    return [(element.text or "").encode() for element in root.iter(CALENDAR_DATA)]


def _calendars(content: bytes) -> list[Component]:
    text = content.decode("utf-8-sig", errors="replace").replace("\0", "")
    # Without its end, the file was cut: what is missing would be free.
    if not text.strip().upper().endswith("END:VCALENDAR"):
        raise Unusable(NOT_A_CALENDAR)
    try:
        found = Calendar.from_ical(text, multiple=True)
        return [_with_standard_zone(calendar) for calendar in found if calendar.name == "VCALENDAR"]
    except (ValueError, IndexError, KeyError, TypeError, AttributeError):
        raise Unusable(NOT_A_CALENDAR) from None


def _with_standard_zone(calendar: Component) -> Component:
    """Apply the zone of Google's own property. One that nobody knows counts as none."""
    try:
        return x_wr_timezone.to_standard(calendar)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return calendar


def _series(calendar: Component) -> Iterable[list[Component]]:
    """The events, those of one series together: a repeated event and its exceptions share a UID."""
    by_uid: dict[str, list[Component]] = defaultdict(list)
    for number, event in enumerate(calendar.walk("VEVENT")):
        by_uid[str(event.get("UID", f"without {number}"))].append(event)
    return by_uid.values()


def _frequencies(event: Component) -> Iterator[str]:
    rules = event.get("RRULE", [])
    for rule in rules if isinstance(rules, list) else [rules]:
        yield from (str(frequency).upper() for frequency in rule.get("FREQ", ()))


def _busy(calendar: Component, series: list[Component], own: set[str], question: CalendarQuestion) -> Iterator[Span]:
    if str(series[0].get("UID", "")) in question.ignored:
        return
    zone = zoneinfo.ZoneInfo(question.zone)
    part = Calendar()
    part["CALSCALE"] = str(calendar.get("CALSCALE", "GREGORIAN")).upper()
    part.subcomponents = list(series)
    if not any("DTSTART" in event for event in series):
        raise ValueError
    if any(frequency in TOO_OFTEN for event in series for frequency in _frequencies(event)):
        raise Unusable(TOO_MANY)
    # A margin of a day: the library compares times without a zone with these as if they were in UTC.
    first = datetime.fromtimestamp(question.begin, UTC) - timedelta(days=1)
    last = datetime.fromtimestamp(question.end, UTC) + timedelta(days=1)
    for event in recurring_ical_events.of(part).between(first, last):
        if _is_free(event, own):
            continue
        begin, end = _instant(event.start, zone), _instant(event.end, zone)
        begin, end = max(begin, question.begin), min(end, question.end)
        if begin < end:
            yield begin, end


def _is_free(event: Component, own: set[str]) -> bool:
    """Whether an event blocks nothing: shown as free, cancelled, or declined by the owner."""
    if str(event.get("TRANSP", "")).upper() == "TRANSPARENT" or str(event.get("STATUS", "")).upper() == "CANCELLED":
        return True
    if str(event.get("X-MICROSOFT-CDO-BUSYSTATUS", "")).upper() in NOT_BUSY:
        return True
    attendees = event.get("ATTENDEE", [])
    for attendee in attendees if isinstance(attendees, list) else [attendees]:
        declined = str(attendee.params.get("PARTSTAT", "")).upper() == "DECLINED"
        if declined and _addresses(str(attendee)) & own:
            return True
    return False


def _free_busy(calendar: Component, question: CalendarQuestion) -> Iterator[Span]:
    """The periods of a server's answer to a free-busy query (RFC 4791, 7.10)."""
    for answer in calendar.walk("VFREEBUSY"):
        value = answer.get("FREEBUSY", [])
        for period in value if isinstance(value, list) else [value]:
            if str(period.params.get("FBTYPE", "BUSY")).upper() == "FREE":
                continue
            begin, end = max(_instant(period.start, UTC), question.begin), min(_instant(period.end, UTC), question.end)
            if begin < end:
                yield begin, end


def _instant(moment: date | datetime, zone: Any) -> int:
    """Seconds since 1970 UTC. A date is its midnight in ``zone``, a time without a zone is in ``zone`` (RFC 5545)."""
    if not isinstance(moment, datetime):
        moment = datetime.combine(moment, time())
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone)
    return int(moment.astimezone(UTC).timestamp())


def _addresses(text: str) -> set[str]:
    return {found.casefold() for found in EMAIL.findall(text.strip()) if "@" in text}


def limit_resources() -> None:
    """Limit this process's memory and CPU time, and let it write no file."""
    for kind, limit in (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_CPU, CPU_TIME),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(kind, (limit, limit))


def main() -> None:
    limit_resources()
    zoneinfo.reset_tzpath(to=())  # From the pinned tzdata package alone, as in the settings.
    question = CalendarQuestion(**json.loads(sys.stdin.buffer.readline()))
    try:
        spans, skipped = busy_spans(sys.stdin.buffer.read(), question)
    except Unusable as problem:
        json.dump({"problem": str(problem)}, sys.stdout)
    except MemoryError:
        raise  # A status that says: too much.
    except Exception:
        json.dump({"problem": NOT_A_CALENDAR}, sys.stdout)
    else:
        json.dump({"busy": spans, "skipped": skipped}, sys.stdout)


if __name__ == "__main__":
    main()
