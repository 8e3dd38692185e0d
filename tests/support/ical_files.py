"""Calendars as files, in the shapes that programs write."""

from collections.abc import Iterable

# As Exchange and Outlook write it: a Windows name, with rules that are older than Alberta's permanent time.
WINDOWS_ZONE = """BEGIN:VTIMEZONE
TZID:Mountain Standard Time
BEGIN:STANDARD
DTSTART:16010101T020000
TZOFFSETFROM:-0600
TZOFFSETTO:-0700
RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=1SU;BYMONTH=11
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:16010101T020000
TZOFFSETFROM:-0700
TZOFFSETTO:-0600
RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=2SU;BYMONTH=3
END:DAYLIGHT
END:VTIMEZONE
"""


def make_calendar(*events: str, head: str = "") -> bytes:
    """A calendar with these events, each the lines inside BEGIN:VEVENT; ``head``: further lines before them."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Example//EN", *_lines(head)]
    for event in events:
        lines += ["BEGIN:VEVENT", *_lines(event), "END:VEVENT"]
    return "\r\n".join([*lines, "END:VCALENDAR", ""]).encode()


def _lines(text: str) -> Iterable[str]:
    return text.strip().splitlines() if text.strip() else []
