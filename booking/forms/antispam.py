"""Spam protection for public forms: single values, a honeypot field and a minimum fill time.

``sign_form_token()`` and ``read_form_token()`` sign the time at which a form was rendered. The token
is a hidden field of the form, so no session is needed.
"""

from datetime import timedelta
from typing import Any, cast

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Div
from django import forms
from django.core import signing
from django.http import QueryDict

MINIMUM_FILL_TIME = timedelta(seconds=2)
_SALT = "booking.forms.antispam.shown"


class PageHelper(FormHelper):
    """For forms whose template renders the form tag, and the error summary above the heading."""

    def __init__(self) -> None:
        super().__init__()
        self.form_tag = False
        self.summary_above = True


def honeypot() -> Div:
    """The layout of the honeypot: ``hidden`` keeps it from people, screen readers and reader modes, not from bots."""
    return Div("homepage", hidden="hidden")


class SingleValueForm(forms.Form):
    """A form that rejects a repeated field, because it cannot know which value was meant.

    ``multiple_value_fields`` names the fields that accept several values.
    """

    multiple_value_fields: frozenset[str] = frozenset()

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        for name, field in self.fields.items():
            values = self.data.getlist(self.add_prefix(name)) if hasattr(self.data, "getlist") else []
            if len(values) > 1 and name not in self.multiple_value_fields:
                label = f"“{field.label}”" if field.label else "This"
                self.add_error(name, f"{label} was sent twice: fill it in once.")
        return cleaned


class HoneypotForm(SingleValueForm):
    """A form that detects automated submissions without a CAPTCHA.

    ``shown`` contains a form token; ``homepage`` is a honeypot: hidden from people, filled in by bots.
    """

    shown = forms.CharField(widget=forms.HiddenInput, required=False, max_length=200)
    homepage = forms.CharField(
        label="Leave this empty",
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "tabindex": "-1"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.order_fields([name for name in self.fields if name != "homepage"])  # Visible fields come first.

    @property
    def needs_a_second_look(self) -> bool:
        """Whether the submission looks automated: too fast, without a valid token, or with the honeypot filled in."""
        signed_value = read_form_token(self.cleaned_data.get("shown", ""), older_than=MINIMUM_FILL_TIME)
        return signed_value is None or bool(self.cleaned_data.get("homepage"))

    def for_a_second_look(self, *, fresh_stamp: str) -> QueryDict:
        """The submitted data for a confirmation page, since autofill can look like a bot.

        Clears the honeypot, and replaces an invalid token with ``fresh_stamp``.
        """
        data = cast(QueryDict, self.data).copy()
        data["homepage"] = ""
        if read_form_token(self.cleaned_data.get("shown", "")) is None:
            data["shown"] = fresh_stamp
        return data


def sign_form_token(value: str) -> str:
    """Sign a value, such as the version of the collection notice, with the current time, for ``shown``."""
    return signing.TimestampSigner(salt=_SALT).sign(value)


def read_form_token(token: str, *, older_than: timedelta = timedelta(0)) -> str | None:
    """The signed value; None if the token is missing, invalid or not older than ``older_than``."""
    signer = signing.TimestampSigner(salt=_SALT)
    try:
        value = signer.unsign(token, max_age=older_than or None)
    except signing.SignatureExpired:
        # Raised after the signature was verified, and here it means old enough. The token's format is
        # value:timestamp:signature.
        return token.rsplit(signer.sep, 2)[0]
    except signing.BadSignature:
        return None
    return None if older_than else value
