"""The form that adds a practitioner's own calendar."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from booking.calendars.fetch import CalendarAccess
from booking.forms.fields import LineField
from booking.models import Practitioner

_NO_ADDRESS = _("This isn't a calendar's address. Copy the whole address: it begins with https.")


class AddCalendarForm(forms.Form):
    """The secret address, and for CalDAV a user name and password. ``people``: whose calendars the user may add."""

    practitioner = forms.ChoiceField(
        label=_("Whose calendar"), error_messages={"invalid_choice": _("Choose a person from the list.")}
    )
    address = LineField(
        label=_("Secret address of the calendar"),
        max_length=2000,
        help_text=_("It begins with https or webcal. Whoever has it can read the calendar, so we never show it again."),
        error_messages={"required": _("Enter the calendar's address.")},
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "inputmode": "url"}),
    )
    label = LineField(
        label=_("What you call it"),
        max_length=40,
        required=False,
        help_text=_("Such as Home, to tell several calendars apart. The front desk doesn't see it."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    login = LineField(
        label=_("User name"),
        max_length=200,
        required=False,
        help_text=_("For CalDAV only, such as Nextcloud."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    password = forms.CharField(
        label=_("Password"),
        max_length=200,
        required=False,
        strip=False,
        help_text=_("For CalDAV only. Make one for this site in the calendar's settings (an app password)."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, *args: Any, people: Sequence[Practitioner], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.people = {person.slug: person for person in people}
        field = self.fields["practitioner"]
        field.choices = [(person.slug, person.name) for person in people]  # type: ignore[attr-defined]
        if len(people) == 1:
            field.initial, field.required, field.widget = people[0].slug, False, forms.HiddenInput()

    def clean_practitioner(self) -> Practitioner:
        slug = self.cleaned_data["practitioner"] or next(iter(self.people))
        return self.people[slug]

    def clean_address(self) -> str:
        """Read webcal as https, which calendar programs mean by it."""
        address: str = self.cleaned_data["address"]
        scheme, colon, rest = address.partition(":")
        if scheme.lower() in {"webcal", "webcals"}:
            address = f"https{colon}{rest}"
        schemes = {"https", "http"} if settings.DEBUG or settings.CALENDAR_NETWORKS else {"https"}
        try:
            parts = urlsplit(address)
            is_usable = parts.scheme in schemes and parts.hostname and parts.port != 0
        except ValueError:
            is_usable = False
        if not is_usable or " " in address:
            raise ValidationError(_NO_ADDRESS)
        if parts.username is not None:
            raise ValidationError(_("Leave user name and password out of the address. There are fields for them."))
        return address

    def clean_login(self) -> str:
        login: str = self.cleaned_data["login"]
        if ":" in login:
            raise ValidationError(_("A user name can't hold a colon."))
        return login

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        if given.get("password") and "login" in given and not given["login"]:
            self.add_error("login", _("Enter the user name that goes with the password."))
        return given

    @property
    def access(self) -> CalendarAccess:
        """CalDAV if there is a user name. Of a valid form."""
        given = self.cleaned_data
        return CalendarAccess(given["address"], given["login"], given["password"], is_caldav=bool(given["login"]))
