"""Parse and format durations as people write them: 45, 45 min, 0:45, 1:30, 24 h, 2 days."""

import re
from datetime import timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

MAX_DURATION = timedelta(days=366)
DURATION_HELP = _("Enter minutes (45), hours and minutes (1:30), or a unit: 24 h, 2 days.")

_CLOCK = re.compile(r"([0-9]{1,4}):([0-5][0-9])(?::([0-5][0-9]))?")
_PART = re.compile(r"([0-9]{1,6})\s*([a-z]*)\s*")
_UNITS = {
    "minutes": ("", "m", "min", "mins", "minute", "minutes"),
    "hours": ("h", "hr", "hrs", "hour", "hours"),
    "days": ("d", "day", "days"),
}
_UNIT_OF = {word: unit for unit, words in _UNITS.items() for word in words}


def parse_duration(text: str) -> timedelta:
    """Parse a duration; a bare number is minutes. Raises ValidationError."""
    text = text.strip().lower()
    if text.startswith(("-", "\N{MINUS SIGN}")):
        raise ValidationError(gettext("A duration can't be negative."))
    clock = _CLOCK.fullmatch(text)
    if clock:
        hours, minutes, seconds = (int(part or 0) for part in clock.groups())
        duration = timedelta(hours=hours, minutes=minutes, seconds=seconds)
    else:
        duration = _parse_parts(text)
    if duration > MAX_DURATION:
        raise ValidationError("This is longer than a year. " + DURATION_HELP)
    return duration


def _parse_parts(text: str) -> timedelta:
    """Parse a number, or numbers with units: "90", "1 h 30 min", "2 days"."""
    amounts: dict[str, int] = {}
    position = 0
    while position < len(text):
        part = _PART.match(text, position)
        unit = _UNIT_OF.get(part[2]) if part else None
        if part is None or unit is None or unit in amounts or (not part[2] and part[0] != text):
            raise ValidationError(DURATION_HELP)
        amounts[unit] = int(part[1])
        position = part.end()
    if not amounts:
        raise ValidationError(DURATION_HELP)
    return timedelta(**amounts)


def format_duration(duration: timedelta) -> str:
    """Format a duration so that ``parse_duration`` reads it back: "45 min", "1 h 30 min", "24 h", "2 days"."""
    minutes, seconds = divmod(int(duration.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    if seconds or hours < 0:
        return f"{hours}:{minutes:02}:{seconds:02}"
    if hours >= 48 and hours % 24 == 0 and not minutes:
        return f"{hours // 24} days"
    parts = [f"{hours} h"] if hours else []
    parts += [f"{minutes} min"] if minutes or not hours else []
    return " ".join(parts)


class HumanDurationField(forms.DurationField):
    """A DurationField that parses and renders durations as people write them."""

    widget = forms.TextInput(attrs={"size": 10})

    def prepare_value(self, value: Any) -> Any:
        return format_duration(value) if isinstance(value, timedelta) else value

    def to_python(self, value: Any) -> timedelta | None:
        if value in self.empty_values:
            return None
        return value if isinstance(value, timedelta) else parse_duration(str(value))
