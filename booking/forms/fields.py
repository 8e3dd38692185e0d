"""Form fields shared by all forms: single lines, paragraphs, e-mail, phone, dates and images."""

import re
from datetime import date, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator
from django.utils.translation import gettext_lazy as _
from phonenumber_field.phonenumber import to_python as read_phone

from booking.formatting import date_in_words
from booking.image_upload import validate_picture
from booking.text_cleaning import (
    clean_line,
    clean_text,
    fold_phone_number,
    has_phone_number,
    has_web_address,
    unwrap_email_address,
)


class PictureField(forms.ImageField):
    """An image upload, validated by ``validate_picture()``.

    Skips ImageField's own validation, which opens any format that Pillow knows and fails on images with
    too many pixels. The file name's extension is not checked: the stored name depends on the content.
    """

    default_validators = []

    def __init__(self, *, max_length: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)  # Without the model field's max_length: the name is cut when the file is stored.

    def to_python(self, data: Any) -> Any:
        file = forms.FileField.to_python(self, data)
        if file is not None:
            validate_picture(file)
        return file

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return super().widget_attrs(widget) | {"accept": "image/jpeg,image/png,image/webp"}


_TOO_LONG = _("This is too long: use up to %(limit_value)s characters.")


class LineField(forms.CharField):
    """A single line, normalized by ``clean_line()``."""

    default_error_messages = {"max_length": _TOO_LONG}

    def to_python(self, value: Any) -> str:
        return _cleaned(self, value, self.normalize)

    def normalize(self, value: str) -> str:
        """Clean a line of acceptable length. Subclasses first fold what is usual in their kind of value."""
        return clean_line(value)


class ParagraphsField(forms.CharField):
    """Several lines, normalized by ``clean_text()``."""

    widget = forms.Textarea
    default_error_messages = {"max_length": _TOO_LONG}

    def to_python(self, value: Any) -> str:
        return _cleaned(self, value, clean_text)


def _cleaned(field: forms.CharField, value: Any, clean: Any) -> str:
    if value in field.empty_values:
        return ""
    value = str(value)
    # Too long even after cleaning: do not clean it, and let MaxLengthValidator reject it.
    if field.max_length is not None and len(value) > 8 * field.max_length:
        return value
    try:
        return clean(value)
    except ValidationError as error:
        # Add the label, because the error summary lists the message without its field.
        raise ValidationError(f"“{field.label}”: {error.message}" if field.label else error.message) from None


MAX_AGE = timedelta(days=366 * 125)


# Names that only one network knows (RFC 6761, RFC 6762 and usage). Mail to them would stay in the mail server's own.
_LOCAL_NAMES = frozenset({"localhost", "localdomain", "local", "internal", "lan", "invalid"})


def validate_public_email(value: str) -> None:
    """Reject what is no e-mail address, and addresses at a host of the local network or at an IP address."""
    if value and "@" not in value:
        raise ValidationError(_("This email is missing an @."), code="no_at")
    EmailValidator(allowlist=[])(value)
    last_label = value.rpartition("@")[2].rpartition(".")[2].lower()
    if last_label.endswith("]") or last_label.isdigit() or last_label in _LOCAL_NAMES:
        raise ValidationError(EmailValidator.message, code="invalid")


class EmailLineField(LineField):
    """An e-mail address on a single line; also accepts how mail programs copy one, such as ``Ann <a@b.ca>``."""

    widget = forms.EmailInput
    default_validators = [validate_public_email]
    default_error_messages = {"invalid": _("Enter the full email address, such as name@example.ca.")}

    def normalize(self, value: str) -> str:
        return clean_line(unwrap_email_address(value))


class PhoneField(LineField):
    """A phone number, Canadian unless it starts with +; its value is in E.164 form, such as +14035550123."""

    widget = forms.TelInput
    MESSAGE = _("Enter a phone number with its area code, such as 403-555-0123. For other countries, start with +.")
    LETTERS_MESSAGE = _("Use digits only, such as 403-555-0123.")
    EXTENSION_MESSAGE = _("We can't dial an extension: enter a direct number, such as 403-555-0123.")
    _EXTENSION = re.compile(r"\d\D{0,4}(?:ext|extension|poste|x|#)\W{0,3}\d{1,7}\W*", re.ASCII | re.IGNORECASE)

    def __init__(self, *args: Any, region: str | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.region = region or "CA"  # A model's PhoneNumberField passes its own.

    def normalize(self, value: str) -> str:
        return clean_line(fold_phone_number(value))

    def to_python(self, value: Any) -> str:
        typed = super().to_python(value)
        if not typed:
            return ""
        if self._EXTENSION.search(typed):
            raise ValidationError(self.EXTENSION_MESSAGE, code="extension")
        # phonenumbers also accepts other scripts' digits, and letters as digits.
        if any(character.isalpha() for character in typed):
            raise ValidationError(self.LETTERS_MESSAGE, code="letters")
        if not typed.isascii():
            raise ValidationError(self.MESSAGE, code="invalid")
        number = read_phone(typed, region=self.region)
        # Compared with None, because bool(number) would parse the number once more.
        if number is None or not number.is_valid() or number.extension:
            raise ValidationError(self.MESSAGE, code="invalid")
        return str(number.as_e164)


class BirthDateField(LineField):
    """A past date in ISO format (1980-11-24), as sent by ``<input type=date>``. Cleans to a date."""

    widget = forms.DateInput
    MESSAGE = _("Enter the date of birth as year, month and day, such as 1980-11-24.")

    def __init__(self, *, today: date, **kwargs: Any) -> None:
        super().__init__(max_length=10, **kwargs)
        self.today = today

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        attrs = super().widget_attrs(widget)
        attrs.pop("maxlength", None)  # Not valid on <input type=date>.
        return attrs

    def clean(self, value: Any) -> Any:
        typed = super().clean(value)
        if not typed:
            return None
        try:
            # fromisoformat() also accepts 19801124 and week dates.
            born_on = date.fromisoformat(typed) if typed.isascii() and typed[4:5] == "-" and typed[7:8] == "-" else None
        except ValueError:
            born_on = None
        if born_on is None:
            raise ValidationError(self.MESSAGE)
        if born_on > self.today:
            raise ValidationError(_("This date of birth is in the future: check the year."))
        if self.today - born_on > MAX_AGE:
            raise ValidationError(_("This date of birth is too long ago: check the year."))
        return born_on


class DayField(LineField):
    """A date from ``first`` to ``last``, both included, in ISO format as sent by ``<input type=date>``."""

    def __init__(self, *, first: date, last: date, **kwargs: Any) -> None:
        attrs = {"type": "date", "min": first.isoformat(), "max": last.isoformat()}
        format_message = _("Enter the day as year, month and day, such as 2026-11-24.")
        kwargs.setdefault("error_messages", {"required": "Choose a day.", "max_length": format_message})
        super().__init__(max_length=10, widget=forms.DateInput(attrs=attrs), **kwargs)
        self.first, self.last, self.format_message = first, last, format_message

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        attrs = super().widget_attrs(widget)
        attrs.pop("maxlength", None)  # Not valid on <input type=date>.
        return attrs

    def clean(self, value: Any) -> Any:
        typed = super().clean(value)
        try:
            day = date.fromisoformat(typed) if typed.isascii() and typed[4:5] == "-" and typed[7:8] == "-" else None
        except ValueError:
            day = None
        if day is None:
            raise ValidationError(self.format_message)
        if day < self.first:
            raise ValidationError(_("This day has passed: choose a later one."))
        if day > self.last:
            raise ValidationError(f"You can book up to {date_in_words(self.last)}: choose an earlier day.")
        return day


def validate_has_a_letter(value: str) -> None:
    if not any(character.isalpha() for character in value):
        raise ValidationError(_("Enter a name that has letters."))


def validate_is_a_name(value: str) -> None:
    """Reject a name without letters, with a web address or with a phone number."""
    validate_has_a_letter(value)
    if has_web_address(value):
        raise ValidationError(_("Enter a name, not a web address. After a period in a name, type a space."))
    if has_phone_number(value):
        raise ValidationError(_("Enter a name, not a phone number."))
