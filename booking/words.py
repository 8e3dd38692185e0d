"""Days, times, durations and amounts as this site writes them, and instants as its addresses do.

"Tuesday 24 November 2026", "9:00 am", "45 minutes", "$120". An instant is first brought to a place
with ``at``; what is already a local time (a date, a wall time, ``Appointment.local_start``) is
written as it stands.
"""

from collections.abc import Collection, Iterable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from booking.models import Location, PartOfDay, Service
from booking.opening import OpeningState

# English whatever the process's locale says: strftime("%A") would follow that.
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip

_PARTS = {
    PartOfDay.MORNING: "mornings (before noon)",
    PartOfDay.AFTERNOON: "afternoons (noon to 5:00 pm)",
    PartOfDay.EVENING: "evenings (from 5:00 pm)",
}


def at(instant: datetime, location: Location) -> datetime:
    """An instant on the location's clock."""
    return instant.astimezone(location.zone)


def day(value: date) -> str:
    """Tuesday 24 November 2026."""
    return f"{day_without_year(value)} {value.year}"


def day_without_year(value: date) -> str:
    """Tuesday 24 November, where the year is clear."""
    return f"{WEEKDAYS[value.weekday()]} {value.day} {MONTHS[value.month - 1]}"


def weekday(value: date) -> str:
    """Tuesday."""
    return WEEKDAYS[value.weekday()]


def weekdays(first: int, last: int) -> str:
    """Monday; Saturday and Sunday; Monday to Thursday; Every day. By ``date.weekday()``."""
    if last - first == len(WEEKDAYS) - 1:
        return "Every day"
    return (" and " if last - first == 1 else " to ").join(WEEKDAYS[day] for day in sorted({first, last}))


def date_in_words(value: date) -> str:
    """24 November 2026, where the weekday says nothing (a date of birth) or stands apart."""
    return f"{value.day} {MONTHS[value.month - 1]} {value.year}"


def clock(value: datetime | time) -> str:
    """9:00 am; "12:00 pm" would be midnight to many, so it is called noon. Midnight is 12:00 am."""
    if (value.hour, value.minute) == (12, 0):
        return "noon"
    return f"{value.hour % 12 or 12}:{value.minute:02} {'am' if value.hour < 12 else 'pm'}"


def opening(state: OpeningState) -> str:
    """Open now until 6:00 pm; Closed now, opens tomorrow at 8:00 am; Closed today: Christmas Day."""
    if state.is_open and state.closes:
        return f"Open now until {clock(state.closes)}"
    opens = ""
    if state.opens_on and state.opens:
        opens = f"opens {_soon(state.opens_on, state.today)} at {clock(state.opens)}"
    if state.shut_today is not None:
        shut = f"Closed today: {state.shut_today.name}" if state.shut_today.name else "Closed today"
        return f"{shut}. {opens[0].upper()}{opens[1:]}" if opens else shut
    return f"Closed now, {opens}" if opens else "Closed now"


def _soon(on: date, today: date) -> str:
    """today; tomorrow; Friday; on Monday 4 January."""
    days = (on - today).days
    if days < 7:
        return ("today", "tomorrow")[days] if days < 2 else WEEKDAYS[on.weekday()]
    return f"on {day_without_year(on)}"


def duration(value: timedelta) -> str:
    """45 minutes; 1 hour; 1 hour 30 minutes; 2 days."""
    minutes = int(value.total_seconds()) // 60
    if minutes and minutes % (24 * 60) == 0 and minutes > 24 * 60:
        return _counted(minutes // (24 * 60), "day")
    hours, minutes = divmod(minutes, 60)
    parts = [_counted(hours, "hour")] if hours else []
    if minutes or not hours:
        parts.append(_counted(minutes, "minute"))
    return " ".join(parts)


def money(value: Decimal) -> str:
    """$120, or $97.50: cents only where there are some."""
    return f"${value:,.0f}" if value == value.to_integral_value() else f"${value:,.2f}"


def lengths(values: Iterable[timedelta]) -> str:
    """45 minutes, or 45 minutes to 1 hour where people differ."""
    values = sorted(values)
    return duration(values[0]) if values[0] == values[-1] else f"{duration(values[0])} to {duration(values[-1])}"


def prices(values: Iterable[Decimal]) -> str:
    """$120, or $110 to $120 where people differ."""
    values = sorted(values)
    return money(values[0]) if values[0] == values[-1] else f"{money(values[0])} to {money(values[-1])}"


def lengths_of(service: Service) -> str:
    """How long the service takes with those who offer it (prefetched)."""
    return lengths([offer.duration for offer in service.practitioner_services.all()] or [service.duration])


def prices_of(service: Service) -> str:
    """What the service costs with those who offer it (prefetched)."""
    return prices([offer.price for offer in service.practitioner_services.all()] or [service.price])


def parts_of_day(parts: Collection[str]) -> str:
    """At any time of the day; mornings (before noon); mornings (...) and evenings (...)."""
    if len(parts) == len(PartOfDay):
        return "at any time of the day"
    return all_of(_PARTS[part] for part in PartOfDay if part in parts)


def one_of(names: Iterable[str]) -> str:
    """Steve Hansen; A or B; A, B or C."""
    return _listed(names, "or")


def all_of(names: Iterable[str]) -> str:
    """Steve Hansen; A and B; A, B and C."""
    return _listed(names, "and")


def _listed(names: Iterable[str], word: str) -> str:
    names = list(names)
    return f" {word} ".join(filter(None, [", ".join(names[:-1]), names[-1]])) if names else ""


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def instant(value: datetime) -> str:
    """2026-11-24T16:00Z, for an address; seconds only where there are some."""
    utc = value.astimezone(UTC).replace(tzinfo=None)
    return f"{utc.isoformat(timespec='seconds' if utc.second else 'minutes')}Z"
