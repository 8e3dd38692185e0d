"""Format dates, times, durations, prices and phone numbers for people, and instants for URLs.

"Tuesday, November 24", "9:00 a.m.", "45 minutes", "$120". Convert an instant to a location's time
zone with ``at()`` first; dates, wall times and ``Appointment.local_start`` are local already.
"""

from collections.abc import Collection, Iterable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from phonenumber_field.phonenumber import PhoneNumber
from phonenumber_field.phonenumber import to_python as read_phone

from booking.models import Location, PartOfDay, Service
from booking.opening_hours import OpeningState

# Not strftime("%A"), which depends on the process's locale.
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip

_PARTS = {
    PartOfDay.MORNING: "mornings (before 12:00 p.m.)",
    PartOfDay.AFTERNOON: "afternoons (12:00 to 5:00 p.m.)",
    PartOfDay.EVENING: "evenings (from 5:00 p.m.)",
}


def at(instant: datetime, location: Location) -> datetime:
    """Convert an instant to the location's time zone."""
    return instant.astimezone(location.zone)


def day(value: date) -> str:
    """Tuesday, November 24, 2026: for what is read later, such as an email."""
    return f"{day_without_year(value)}, {value.year}"


def day_without_year(value: date) -> str:
    """Tuesday, November 24."""
    return f"{WEEKDAYS[value.weekday()]}, {MONTHS[value.month - 1]} {value.day}"


def day_as_of(value: date, today: date) -> str:
    """Tuesday, November 24; with the year if it is not the one of ``today``."""
    return day_without_year(value) if value.year == today.year else day(value)


def weekday(value: date) -> str:
    """Tuesday."""
    return WEEKDAYS[value.weekday()]


def relative_day(value: date, today: date) -> str:
    """Today, Tuesday, November 24; Wednesday, November 25."""
    return f"Today, {day_without_year(value)}" if value == today else day_as_of(value, today)


def short_weekday(value: date, today: date) -> str:
    """Today; Tue."""
    return "Today" if value == today else WEEKDAYS[value.weekday()][:3]


def short_date(value: date) -> str:
    """The day of the month; on the first of a month with the month: Dec 1."""
    return f"{MONTHS[value.month - 1][:3]} {value.day}" if value.day == 1 else str(value.day)


def short_day(value: date) -> str:
    """Tue, Dec 1."""
    return f"{WEEKDAYS[value.weekday()][:3]}, {MONTHS[value.month - 1][:3]} {value.day}"


def month_and_year(value: date) -> str:
    """November 2026."""
    return f"{MONTHS[value.month - 1]} {value.year}"


def moment(value: datetime, today: date) -> str:
    """Today, 9:00 a.m.; Tue, Dec 1, 9:00 a.m."""
    on = value.date()
    return f"{'Today' if on == today else short_day(on)}, {clock(value)}"


def weekdays(first: int, last: int) -> str:
    """Monday; Saturday and Sunday; Monday to Thursday; Every day. Numbers as in ``date.weekday()``."""
    if last - first == len(WEEKDAYS) - 1:
        return "Every day"
    return (" and " if last - first == 1 else " to ").join(WEEKDAYS[day] for day in sorted({first, last}))


def date_in_words(value: date) -> str:
    """November 24, 2026: a date without its weekday, such as a date of birth."""
    return f"{MONTHS[value.month - 1]} {value.day}, {value.year}"


def clock(value: datetime | time) -> str:
    """9:00 a.m.; 12:00 p.m. at noon, 12:00 a.m. at midnight.

    A local time that the clock shows twice says which one it is: 1:00 a.m., before the clock change (R17).
    """
    return clock_face(value) + clock_change_note(value)


def clock_change_note(value: datetime | time) -> str:
    """For a local time that comes twice that night ", before the clock change" or ", after ...", else ""."""
    if not isinstance(value, datetime) or value.tzinfo is None:
        return ""
    first, second = value.replace(fold=0).utcoffset(), value.replace(fold=1).utcoffset()
    if first is None or second is None or first <= second:  # In a gap, the first offset is the smaller one.
        return ""
    return ", after the clock change" if value.fold else ", before the clock change"


def clock_face(value: datetime | time) -> str:
    """``clock`` without the note about the clock change."""
    return f"{value.hour % 12 or 12}:{value.minute:02} {'a.m.' if value.hour < 12 else 'p.m.'}"


def full_stop(text: str) -> str:
    """End a sentence that may end in a time: 9:00 a.m. has its full stop already."""
    return text if text.endswith(".") else f"{text}."


def opening_state_text(state: OpeningState) -> str:
    """Open now until 6:00 p.m.; Closed now, opens tomorrow at 8:00 a.m.; Closed today: Christmas Day."""
    if state.is_open and state.closes:
        return f"Open now until {clock(state.closes)}"
    opens = ""
    if state.opens_on and state.opens:
        opens = f"opens {coming_day(state.opens_on, state.today)} at {clock(state.opens)}"
    if state.shut_today is not None:
        shut = f"Closed today: {state.shut_today.name}" if state.shut_today.name else "Closed today"
        return f"{shut}. {opens[0].upper()}{opens[1:]}" if opens else shut
    return f"Closed now, {opens}" if opens else "Closed now"


def coming_day(on: date, today: date) -> str:
    """today; tomorrow; Friday; on Monday, January 4, 2027."""
    days = (on - today).days
    if days < 7:
        return ("today", "tomorrow")[days] if days < 2 else WEEKDAYS[on.weekday()]
    return f"on {day_as_of(on, today)}"


def duration(value: timedelta) -> str:
    """45 minutes; 1 hour; 1 hour 30 minutes; 2 days."""
    minutes = int(value.total_seconds()) // 60
    if minutes and minutes % (24 * 60) == 0 and minutes > 24 * 60:
        return _pluralize(minutes // (24 * 60), "day")
    hours, minutes = divmod(minutes, 60)
    parts = [_pluralize(hours, "hour")] if hours else []
    if minutes or not hours:
        parts.append(_pluralize(minutes, "minute"))
    return " ".join(parts)


def money(value: Decimal) -> str:
    """$120 or $97.50: cents only if they are not zero."""
    return f"${value:,.0f}" if value == value.to_integral_value() else f"${value:,.2f}"


def lengths(values: Iterable[timedelta]) -> str:
    """45 minutes, or the range: 45 minutes to 1 hour."""
    values = sorted(values)
    return duration(values[0]) if values[0] == values[-1] else f"{duration(values[0])} to {duration(values[-1])}"


def lengths_with_people(people: Iterable[tuple[timedelta, str]]) -> str:
    """45 minutes, with A or B; where the lengths differ: 45 minutes with A or B, 1 hour with C."""
    by_length: dict[timedelta, list[str]] = {}
    for value, name in people:
        by_length.setdefault(value, []).append(name)
    if len(by_length) == 1:
        ((value, names),) = by_length.items()
        return f"{duration(value)}, with {one_of(names)}"
    return ", ".join(f"{duration(value)} with {one_of(by_length[value])}" for value in sorted(by_length))


def prices(values: Iterable[Decimal]) -> str:
    """$120, or the range: $110 to $120."""
    values = sorted(values)
    return money(values[0]) if values[0] == values[-1] else f"{money(values[0])} to {money(values[-1])}"


def lengths_of(service: Service) -> str:
    """The service's durations across its practitioners. Prefetch ``practitioner_services``."""
    return lengths([offer.duration for offer in service.practitioner_services.all()] or [service.duration])


def prices_of(service: Service) -> str:
    """The service's prices across its practitioners. Prefetch ``practitioner_services``."""
    return prices([offer.price for offer in service.practitioner_services.all()] or [service.price])


def parts_of_day(parts: Collection[str]) -> str:
    """At any time of the day; mornings (before 12:00 p.m.); mornings (...) and evenings (...)."""
    if len(parts) == len(PartOfDay):
        return "at any time of the day"
    return all_of(_PARTS[part] for part in PartOfDay if part in parts)


def one_of(names: Iterable[str]) -> str:
    """Steve Hansen; A or B; A, B or C."""
    return _join(names, "or")


def all_of(names: Iterable[str]) -> str:
    """Steve Hansen; A and B; A, B and C."""
    return _join(names, "and")


def format_phone(phone: PhoneNumber) -> str:
    """A number of country code 1 as "403-555-0123", any other in international format."""
    if phone.country_code != 1:
        return str(phone.as_international)
    return str(phone.as_national).replace("(", "").replace(") ", "-")


def phone_in_words(number: str) -> str:
    """A typed or stored number as ``format_phone`` writes it; an invalid one unchanged."""
    phone = read_phone(number, region="CA")
    return format_phone(phone) if phone and phone.is_valid() else number


def _join(names: Iterable[str], word: str) -> str:
    names = list(names)
    return f" {word} ".join(filter(None, [", ".join(names[:-1]), names[-1]])) if names else ""


def _pluralize(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def instant(value: datetime) -> str:
    """2026-11-24T16:00Z, for a URL; seconds only if they are not zero."""
    utc = value.astimezone(UTC).replace(tzinfo=None)
    return f"{utc.isoformat(timespec='seconds' if utc.second else 'minutes')}Z"
