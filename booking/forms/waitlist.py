"""Forms to join the waitlist and to accept an offer."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from crispy_forms.layout import Fieldset, Layout
from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from booking.forms.antispam import HoneypotForm, PageHelper, SingleValueForm, honeypot, read_form_token
from booking.forms.fields import BirthDateField, DayField, EmailLineField, LineField, PhoneField, validate_is_a_name
from booking.models import Location, PartOfDay, Practitioner

ANYONE = "anyone"


class WaitlistForm(HoneypotForm):
    """Join the waitlist of the service in the URL: days, practitioner, location and contact details.

    ``asks_visit`` adds the question whether it will be the first visit. Days must be from ``first`` to
    ``last``. The practitioner and location fields are omitted if there is only one choice.
    """

    multiple_value_fields = frozenset({"parts"})

    visit = forms.ChoiceField(
        label=_("Has the patient been here before?"),
        choices=[("new", _("No, this is a first visit")), ("returning", _("Yes"))],
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Choose whether this is a first visit."),
            "invalid_choice": _("Choose whether this is a first visit."),
        },
    )
    practitioner = forms.ChoiceField(
        label=_("Who would you like to see?"),
        widget=forms.RadioSelect,
        initial=ANYONE,
        error_messages={
            "required": _("Choose someone, or anyone."),
            "invalid_choice": _("Choose one of the people shown, or anyone."),
        },
    )
    location = forms.ChoiceField(
        label=_("Which location?"),
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose a location."), "invalid_choice": _("Choose one of the locations shown.")},
    )
    parts = forms.MultipleChoiceField(
        label=_("What time of day?"),
        choices=PartOfDay.choices,
        widget=forms.CheckboxSelectMultiple,
        initial=[str(part) for part in PartOfDay],
        error_messages={
            "required": _("Choose at least one part of the day."),
            "invalid_choice": _("Choose one of the parts of the day shown."),
        },
    )
    name = LineField(
        label=_("Patient's full name"),
        max_length=120,
        validators=[validate_is_a_name],
        error_messages={"required": _("Enter the patient's name.")},
    )
    contact_name = LineField(
        label=_("Your name, if this is for someone else"),
        max_length=120,
        required=False,
        help_text=_("For example, for a child or relative."),
        validators=[validate_is_a_name],
    )
    email = EmailLineField(
        label=_("Email address"),
        max_length=254,
        help_text=_("We'll email you here when a time opens up."),
        error_messages={
            "required": _("Enter an email address."),
            "invalid": _("Enter the full email address, such as name@example.ca."),
        },
    )
    phone = PhoneField(
        label=_("Phone number"),
        max_length=40,
        help_text=_("We'll only call about your appointment."),
        error_messages={"required": _("Enter a phone number."), "max_length": PhoneField.MESSAGE},
    )

    def __init__(
        self,
        *args: Any,
        people: Sequence[Practitioner],
        locations: Sequence[Location],
        first: date,
        last: date,
        asks_visit: bool,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["first_on"] = DayField(label=_("From which day?"), first=first, last=last)
        self.fields["last_on"] = DayField(label=_("Until which day?"), first=first, last=last)
        self._choice_field("practitioner").choices = [
            (ANYONE, _("Anyone")),
            *((person.slug, person.name) for person in people),
        ]
        self._choice_field("location").choices = [(place.slug, f"{place.name}, {place.street}") for place in locations]
        needed = {"visit": asks_visit, "practitioner": len(people) > 1, "location": len(locations) > 1}
        for name, is_needed in needed.items():
            if not is_needed:
                del self.fields[name]
        for name, token in {"email": "email", "phone": "tel", "name": "name", "contact_name": "off"}.items():
            self.fields[name].widget.attrs["autocomplete"] = token
        for name in ("name", "contact_name", "email"):
            self.fields[name].widget.attrs["spellcheck"] = "false"
        self.order_fields([*self._existing(_CRITERIA_FIELDS), *self._existing(_PERSON_FIELDS)])
        self.helper = self._helper()

    def _choice_field(self, name: str) -> Any:
        return self.fields[name]

    def _existing(self, names: Sequence[str]) -> list[str]:
        return [name for name in names if name in self.fields]

    def _helper(self) -> PageHelper:
        helper = PageHelper()
        helper.layout = Layout(
            "shown",
            Fieldset(_("What works for you"), *self._existing(_CRITERIA_FIELDS)),
            Fieldset(_("Who it's for, and how to reach you"), *self._existing(_PERSON_FIELDS)),
            honeypot(),
        )
        return helper

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        first_on, last_on = cleaned.get("first_on"), cleaned.get("last_on")
        if first_on and last_on and last_on < first_on:
            self.add_error("last_on", ValidationError(_("The last day comes before the first: check both.")))
        return cleaned

    @property
    def notice_version(self) -> str:
        """The version of the collection notice that the page showed."""
        return read_form_token(self.cleaned_data.get("shown", "")) or ""


_CRITERIA_FIELDS = ("visit", "location", "practitioner", "first_on", "last_on", "parts")
_PERSON_FIELDS = ("name", "contact_name", "email", "phone")


class AcceptForm(SingleValueForm):
    """Accept an offer: the entry's details, to be corrected, and those that a booking still needs.

    ``offer`` identifies the slot that was shown. The e-mail address stays: its link has led here.
    """

    offer = forms.CharField(widget=forms.HiddenInput, required=False, max_length=40)
    shown = forms.CharField(widget=forms.HiddenInput, required=False, max_length=200)
    name = LineField(
        label=_("Patient's full name"),
        max_length=120,
        validators=[validate_is_a_name],
        error_messages={"required": _("Enter the patient's name.")},
    )
    contact_name = LineField(
        label=_("Your own name, if you're booking for someone else"),
        max_length=120,
        required=False,
        validators=[validate_is_a_name],
    )
    phone = PhoneField(
        label=_("Phone number"),
        max_length=40,
        error_messages={"required": _("Enter a phone number."), "max_length": PhoneField.MESSAGE},
    )
    reminders = forms.BooleanField(label=_("Email me reminders before the appointment"), required=False, initial=True)

    def __init__(self, *args: Any, today: date, needs_date_of_birth: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if needs_date_of_birth:
            self.fields["date_of_birth"] = BirthDateField(
                label=_("Patient's date of birth"),
                today=today,
                help_text=_("We need it for this appointment. Year, month and day, such as 1980-11-24."),
                widget=forms.DateInput(attrs={"type": "date", "max": today.isoformat(), "autocomplete": "off"}),
                error_messages={
                    "required": _("Enter the date of birth."),
                    "max_length": BirthDateField.MESSAGE,
                },
            )
            self.order_fields(["offer", "shown", "name", "date_of_birth", "contact_name", "phone", "reminders"])
        for name, token in {"name": "off", "contact_name": "off", "phone": "tel"}.items():
            self.fields[name].widget.attrs["autocomplete"] = token
        self.helper = PageHelper()

    @property
    def corrections(self) -> dict[str, str]:
        """The patient's and the contact's name and the phone number, as they are to be booked."""
        return {name: self.cleaned_data[name] for name in ("name", "contact_name", "phone")}

    @property
    def notice_version(self) -> str:
        return read_form_token(self.cleaned_data.get("shown", "")) or ""
