"""Form fields for what people say of themselves, each checked once, whichever form asks.

What they refuse could not be meant or could not be used: an address no mail reaches, a number
nobody can dial, a day that cannot be a birth date.
"""

import re
from datetime import date, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from phonenumber_field.phonenumber import to_python as read_phone

from booking.text import LineField
from booking.words import date_in_words

OLDEST = timedelta(days=366 * 125)


class EmailLineField(LineField):
    """An e-mail address as mail servers take it."""

    widget = forms.EmailInput
    default_validators = forms.EmailField.default_validators


class PhoneField(LineField):
    """A phone number, Canadian unless it starts with +; its value is in E.164 form, such as +14035550123."""

    widget = forms.TelInput
    MESSAGE = "Enter the phone number with its area code, such as 403-555-0123. From abroad, start with +."
    EXTENSION_MESSAGE = (
        "We cannot dial an extension. Enter a number that reaches you directly, such as 403-555-0123, without “ext.”."
    )
    _EXTENSION = re.compile(r"\d\D{0,4}(?:ext|extension|poste|x|#)\W{0,3}\d{1,7}\W*", re.ASCII | re.IGNORECASE)

    def to_python(self, value: Any) -> str:
        typed = super().to_python(value)
        if not typed:
            return ""
        if self._EXTENSION.search(typed):
            raise ValidationError(self.EXTENSION_MESSAGE, code="extension")
        # The library would take other scripts' digits, and letters for digits.
        if not typed.isascii() or any(character.isalpha() for character in typed):
            raise ValidationError(self.MESSAGE, code="invalid")
        number = read_phone(typed, region="CA")
        # Not asked whether it is empty: that would look it up among all the world's numbers once more.
        if number is None or not number.is_valid() or number.extension:
            raise ValidationError(self.MESSAGE, code="invalid")
        return str(number.as_e164)


class BirthDateField(LineField):
    """A day in the past, written 1980-11-24 as the browser's date field does. Its value is a date."""

    widget = forms.DateInput

    def __init__(self, *, today: date, **kwargs: Any) -> None:
        super().__init__(max_length=10, **kwargs)
        self.today = today

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        attrs = super().widget_attrs(widget)
        attrs.pop("maxlength", None)  # HTML knows none for a date.
        return attrs

    def clean(self, value: Any) -> Any:
        typed = super().clean(value)
        if not typed:
            return None
        try:
            # fromisoformat also takes 19801124 and week dates, which nobody means here.
            born_on = date.fromisoformat(typed) if typed.isascii() and typed[4:5] == "-" and typed[7:8] == "-" else None
        except ValueError:
            born_on = None
        if born_on is None:
            raise ValidationError("Enter the date of birth as year, month and day, such as 1980-11-24.")
        if born_on > self.today:
            raise ValidationError("This date of birth has not come yet. Check the year.")
        if self.today - born_on > OLDEST:
            raise ValidationError("This date of birth is too long ago. Check the year.")
        return born_on


class DayField(LineField):
    """A day between two others, both included, written 2026-11-24 as the browser's date field does."""

    def __init__(self, *, first: date, last: date, **kwargs: Any) -> None:
        attrs = {"type": "date", "min": first.isoformat(), "max": last.isoformat()}
        how = "Enter the day as year, month and day, such as 2026-11-24."
        kwargs.setdefault("error_messages", {"required": "Choose a day.", "max_length": how})
        super().__init__(max_length=10, widget=forms.DateInput(attrs=attrs), **kwargs)
        self.first, self.last, self.how = first, last, how

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        attrs = super().widget_attrs(widget)
        attrs.pop("maxlength", None)  # HTML knows none for a date.
        return attrs

    def clean(self, value: Any) -> Any:
        typed = super().clean(value)
        try:
            day = date.fromisoformat(typed) if typed.isascii() and typed[4:5] == "-" and typed[7:8] == "-" else None
        except ValueError:
            day = None
        if day is None:
            raise ValidationError(self.how)
        if day < self.first:
            raise ValidationError("This day has passed. Choose a later one.")
        if day > self.last:
            raise ValidationError(f"We book up to {date_in_words(self.last)}. Choose an earlier day.")
        return day


def validate_has_a_letter(value: str) -> None:
    if not any(character.isalpha() for character in value):
        raise ValidationError("Enter a name, with letters.")


# Mails greet by name, and go to whatever address was typed: by a web address for a name, strangers could advertise.
_WEB_ADDRESS = re.compile(r"://|\bwww\.|\w\.(?:com|net|org|info|biz|io|ca|ru|cn|xyz|top|shop|online|site|link)\b", re.I)


def validate_is_a_name(value: str) -> None:
    """What somebody may be called: it has a letter, and is no web address."""
    validate_has_a_letter(value)
    if _WEB_ADDRESS.search(value):
        raise ValidationError("Enter a name, not a web address.")
