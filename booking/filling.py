"""How a form was filled in: each field once, and by a person.

``stamp`` and ``read_stamp`` say when a form was shown, signed, so that the form itself carries
what would otherwise need a session.
"""

from datetime import timedelta
from typing import Any, cast

from crispy_forms.helper import FormHelper
from django import forms
from django.core import signing
from django.http import QueryDict

MINIMUM_FILL_TIME = timedelta(seconds=2)
_STAMP_SALT = "booking.filling.shown"


class PageHelper(FormHelper):
    """For a form whose page writes its tag, and says above its heading what is wrong with the form as a whole."""

    def __init__(self) -> None:
        super().__init__()
        self.form_tag = False
        self.summary_above = True


class SaidOnceForm(forms.Form):
    """A form that refuses a field which arrives twice: it cannot know which one was meant.

    ``said_often`` are the fields that take several values by right.
    """

    said_often: frozenset[str] = frozenset()

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        for name, field in self.fields.items():
            said = self.data.getlist(self.add_prefix(name)) if hasattr(self.data, "getlist") else []
            if len(said) > 1 and name not in self.said_often:
                what = f"“{field.label}”" if field.label else "This"
                self.add_error(name, f"{what} was sent twice. Fill it in once.")
        return cleaned


class WatchedForm(SaidOnceForm):
    """A form that notices when it was filled in as a program does, without asking people for proof.

    ``shown`` holds a stamp; ``homepage`` is a trap: people never see it, programs fill it in.
    """

    shown = forms.CharField(widget=forms.HiddenInput, required=False, max_length=200)
    homepage = forms.CharField(
        label="Leave this empty",
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "tabindex": "-1"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.order_fields([name for name in self.fields if name != "homepage"])  # What people fill in comes first.

    @property
    def needs_a_second_look(self) -> bool:
        """Whether it was filled in as a program does: faster than a person, or with the hidden field."""
        stamped = read_stamp(self.cleaned_data.get("shown", ""), older_than=MINIMUM_FILL_TIME)
        return stamped is None or bool(self.cleaned_data.get("homepage"))

    def for_a_second_look(self, *, fresh_stamp: str) -> QueryDict:
        """The same answers, to be shown once more: a browser that fills in everything is as quick as a program."""
        answers = cast(QueryDict, self.data).copy()
        answers["homepage"] = ""
        if read_stamp(self.cleaned_data.get("shown", "")) is None:
            answers["shown"] = fresh_stamp
        return answers


def stamp(said: str) -> str:
    """What ``shown`` holds: a word, such as the version of the notice on the page, and the time, signed."""
    return signing.TimestampSigner(salt=_STAMP_SALT).sign(said)


def read_stamp(value: str, *, older_than: timedelta = timedelta(0)) -> str | None:
    """The word of a stamp; None for one that is forged, missing or not yet so old."""
    signer = signing.TimestampSigner(salt=_STAMP_SALT)
    try:
        said = signer.unsign(value, max_age=older_than or None)
    except signing.SignatureExpired:
        # It is ours, and so old: what it says stands before the time and the signature.
        return value.rsplit(signer.sep, 2)[0]
    except signing.BadSignature:
        return None
    return None if older_than else said
