"""Strict parser of calendar files, from RFC 5545 and RFC 5546.

It is independent of the library that writes the site's files, so that tests do not repeat its errors.
"""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime

_NAME = r"[A-Za-z0-9-]+"
_SAFE = r'[^\x00-\x1f\x7f";:,]*'  # 3.1: no quotes, control characters or delimiters
_QUOTED = r'"[^\x00-\x1f\x7f"]*"'
_LINE = re.compile(
    rf"(?P<name>{_NAME})(?P<params>(?:;{_NAME}=(?:{_SAFE}|{_QUOTED})(?:,(?:{_SAFE}|{_QUOTED}))*)*):(?P<value>[^\x00-\x08\x0a-\x1f\x7f]*)"
)
_PARAM = re.compile(rf";({_NAME})=((?:{_QUOTED}|{_SAFE})(?:,(?:{_QUOTED}|{_SAFE}))*)")
_TEXT = re.compile(r"(?:[^\\;,]|\\[\\;,nN])*")  # 3.3.11
_UTC = re.compile(r"\d{8}T\d{6}Z")
_DURATION = re.compile(r"[+-]?P(?:\d+W|\d+D(?:T(?:\d+H)?(?:\d+M)?(?:\d+S)?)?|T(?:\d+H)?(?:\d+M)?(?:\d+S)?)")
_TEXTS = {"SUMMARY", "DESCRIPTION", "LOCATION", "UID", "PRODID", "NAME", "X-WR-CALNAME"}
_INSTANTS = {"DTSTART", "DTEND", "DTSTAMP", "CREATED", "LAST-MODIFIED"}
_ONE_OF = {
    "STATUS": {"TENTATIVE", "CONFIRMED", "CANCELLED"},
    "CLASS": {"PUBLIC", "PRIVATE", "CONFIDENTIAL"},
    "TRANSP": {"OPAQUE", "TRANSPARENT"},
    "ACTION": {"AUDIO", "DISPLAY", "EMAIL"},
}
# 3.6.1: properties that must not occur more than once in an event.
_ONCE = {
    *("UID", "DTSTAMP", "DTSTART", "DTEND", "CLASS", "CREATED", "DESCRIPTION", "GEO", "LAST-MODIFIED", "LOCATION"),
    *("ORGANIZER", "PRIORITY", "SEQUENCE", "STATUS", "SUMMARY", "TRANSP", "URL", "RECURRENCE-ID", "DURATION"),
}
# RFC 5546, 3.2.1, 3.2.2 and 3.2.5: properties that each method requires in an event.
_NEEDED = {
    "PUBLISH": {"DTSTAMP", "DTSTART", "SUMMARY", "UID"},
    "REQUEST": {"ATTENDEE", "DTSTAMP", "DTSTART", "ORGANIZER", "SUMMARY", "UID", "SEQUENCE"},
    "CANCEL": {"DTSTAMP", "ORGANIZER", "SEQUENCE", "UID", "STATUS"},
}


class NotACalendar(AssertionError):
    """Raised when the file violates a rule."""


@dataclass
class Property:
    name: str
    params: dict[str, str]
    value: str

    @property
    def text(self) -> str:
        return re.sub(r"\\(.)", lambda match: "\n" if match[1] in "nN" else match[1], self.value)

    @property
    def instant(self) -> datetime:
        return datetime.strptime(self.value, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)


@dataclass
class Component:
    name: str
    properties: list[Property] = field(default_factory=list)
    components: list["Component"] = field(default_factory=list)

    def all(self, name: str) -> list[Property]:
        return [item for item in self.properties if item.name == name]

    def one(self, name: str) -> Property:
        items = self.all(name)
        if len(items) != 1:
            raise NotACalendar(f"{self.name} has {len(items)} of {name}, not one")
        return items[0]


def read(file: bytes) -> Component:
    """Parse and validate a file, and return its VCALENDAR. Raises NotACalendar."""
    lines = _content_lines(file)
    root, open_components = Component(""), []
    current = root
    for line in lines:
        item = _property(line)
        if item.name == "BEGIN":
            open_components.append(current)
            current = Component(item.value.upper())
            open_components[-1].components.append(current)
        elif item.name == "END":
            if not open_components or item.value.upper() != current.name:
                raise NotACalendar(f"END:{item.value} ends nothing")
            current = open_components.pop()
        elif current is root:
            raise NotACalendar(f"{item.name} stands outside of the calendar")
        else:
            current.properties.append(item)
    if open_components or len(root.components) != 1 or root.components[0].name != "VCALENDAR":
        raise NotACalendar("not one whole VCALENDAR")
    calendar = root.components[0]
    _check_calendar(calendar)
    return calendar


def _content_lines(file: bytes) -> list[str]:
    """Unfold the lines. 3.1: lines end in CRLF, have at most 75 octets, and are folded between characters."""
    if not file.endswith(b"\r\n") or len(re.findall(rb"\r\n", file)) != file.count(b"\n") != file.count(b"\r"):
        raise NotACalendar("a line does not end in CRLF")
    if file.count(b"\r") != file.count(b"\r\n"):
        raise NotACalendar("a bare CR")
    physical = file[:-2].split(b"\r\n")
    for line in physical:
        if len(line) > 75:
            raise NotACalendar(f"a line of {len(line)} octets")
        try:
            line.decode()
        except UnicodeDecodeError as error:
            raise NotACalendar("a fold cuts a character in two") from error
    return re.sub(rb"\r\n[ \t]", b"", file[:-2]).decode().split("\r\n")


def _property(line: str) -> Property:
    match = _LINE.fullmatch(line)
    if not match:
        raise NotACalendar(f"no content line: {line!r}")
    params = _PARAM.findall(match["params"])
    if len({name for name, _ in params}) != len(params):
        raise NotACalendar(f"a parameter twice: {line!r}")
    return Property(match["name"].upper(), {name.upper(): value for name, value in params}, match["value"])


def _check_calendar(calendar: Component) -> None:
    if calendar.one("VERSION").value != "2.0":
        raise NotACalendar("another version")
    calendar.one("PRODID")
    methods = calendar.all("METHOD")
    if len(methods) > 1 or len(calendar.all("CALSCALE")) > 1:
        raise NotACalendar("METHOD or CALSCALE twice")
    _check_values(calendar)
    for event in calendar.components:
        if event.name != "VEVENT":
            raise NotACalendar(f"a {event.name}: times are UTC, so none is needed")
        _check_event(event, methods[0].value if methods else "")


def _check_event(event: Component, method: str) -> None:
    _check_values(event)
    for name in ("UID", "DTSTAMP", "DTSTART"):
        event.one(name)
    for name in _ONCE:
        if len(event.all(name)) > 1:
            raise NotACalendar(f"{name} twice")
    if event.all("DTEND") and (event.all("DURATION") or event.one("DTEND").instant <= event.one("DTSTART").instant):
        raise NotACalendar("DTEND with DURATION, or not after DTSTART")
    if method:
        missing = {name for name in _NEEDED[method] if not event.all(name)}
        if missing:
            raise NotACalendar(f"{method} without {sorted(missing)}")
    if method == "PUBLISH" and event.all("ATTENDEE"):
        raise NotACalendar("PUBLISH has nobody to attend")
    is_cancelled = event.all("STATUS") != [] and event.one("STATUS").value == "CANCELLED"
    if method != "PUBLISH" and (method == "CANCEL") != is_cancelled:  # PUBLISH may have either (RFC 5546, 3.2.1).
        raise NotACalendar("CANCEL and STATUS:CANCELLED belong together")
    for alarm in event.components:
        if alarm.name != "VALARM" or alarm.one("ACTION").value != "DISPLAY":
            raise NotACalendar("another part than an alarm that is shown")
        alarm.one("TRIGGER")
        alarm.one("DESCRIPTION")
        _check_values(alarm)


def _check_values(component: Component) -> None:
    for item in component.properties:
        name, value = item.name, item.value
        is_valid = (
            _TEXT.fullmatch(value) if name in _TEXTS
            else _UTC.fullmatch(value) and item.instant and not item.params if name in _INSTANTS
            else value in _ONE_OF[name] if name in _ONE_OF
            else value.isascii() and value.isdigit() if name in {"SEQUENCE", "PRIORITY"}
            else re.fullmatch(r"mailto:[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9.%-]+", value)
            if name in {"ORGANIZER", "ATTENDEE"}
            else _DURATION.fullmatch(value) if name in {"TRIGGER", "DURATION", "REFRESH-INTERVAL"}
            else True
        )  # fmt: skip
        if not is_valid:
            raise NotACalendar(f"a wrong value: {name}:{value!r}")
