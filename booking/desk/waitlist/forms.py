"""Forms of the waitlist: filter it, add a caller, and which time is offered or booked."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from booking.forms.fields import DayField, EmailLineField, LineField, PhoneField, validate_is_a_name
from booking.models import Location, PartOfDay, Practitioner, Service, WaitlistEntry

ANYONE = "anyone"
EVERY_STATE = "all"
YEARS = range(2000, 2200)


class WaitlistFilterForm(forms.Form):
    """What the list shows. Values that mean nothing are ignored."""

    q = LineField(label=_("Name, email or phone"), max_length=120, required=False)
    state = forms.ChoiceField(
        label=_("State"),
        required=False,
        choices=[("", _("On the list")), *WaitlistEntry.Outcome.choices, (EVERY_STATE, _("All"))],
    )
    service = forms.ChoiceField(label=_("Service"), required=False)
    practitioner = forms.ChoiceField(label=_("With"), required=False)

    def __init__(
        self, *args: Any, services: Sequence[Service], practitioners: Sequence[Practitioner], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        _set_choices(self, "service", [("", _("All services")), *((row.slug, row.name) for row in services)])
        people = [(person.slug, person.name) for person in practitioners]
        _set_choices(self, "practitioner", [("", _("All")), (ANYONE, _("Anyone")), *people])


class AddCallerForm(forms.Form):
    """Who called, how to reach them, and what would suit them."""

    name = LineField(
        label=_("Name"),
        max_length=120,
        validators=[validate_is_a_name],
        error_messages={"required": _("Enter the patient's name.")},
    )
    phone = PhoneField(label=_("Phone"), max_length=40, error_messages={"required": _("Enter a phone number.")})
    email = EmailLineField(
        label=_("Email (optional)"),
        max_length=254,
        required=False,
        help_text=_("Without one, we call when something opens up."),
    )
    is_first_visit = forms.BooleanField(label=_("First visit here"), required=False)
    service = forms.ChoiceField(
        label=_("Service"),
        error_messages={"required": _("Choose a service."), "invalid_choice": _("Choose a service from the list.")},
    )
    practitioner = forms.ChoiceField(
        label=_("With"), initial=ANYONE, error_messages={"invalid_choice": _("Choose someone from the list.")}
    )
    location = forms.ChoiceField(
        label=_("Location"), error_messages={"invalid_choice": _("Choose a location from the list.")}
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

    def __init__(
        self,
        *args: Any,
        services: Sequence[Service],
        practitioners: Sequence[Practitioner],
        locations: Sequence[Location],
        first: date,
        last: date,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["first_on"] = DayField(label=_("From"), first=first, last=last)
        self.fields["last_on"] = DayField(label=_("Until"), first=first, last=last)
        _set_choices(self, "service", [("", _("Choose")), *((row.slug, row.name) for row in services)])
        people = [(person.slug, person.name) for person in practitioners]
        _set_choices(self, "practitioner", [(ANYONE, _("Anyone")), *people])
        _set_choices(self, "location", [(place.slug, place.name) for place in locations])
        if len(locations) == 1:
            del self.fields["location"]
        for name in ("name", "phone", "email"):
            self.fields[name].widget.attrs["autocomplete"] = "off"

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        first_on, last_on = cleaned.get("first_on"), cleaned.get("last_on")
        if first_on and last_on and last_on < first_on:
            self.add_error("last_on", _("The last day comes before the first: check both."))
        return cleaned


class GapTimeForm(forms.Form):
    """The time of a gap that is offered or booked, and with whom; it comes from buttons, so nobody corrects it."""

    starts_at = forms.CharField(max_length=40)
    practitioner = forms.ModelChoiceField(Practitioner.objects.active(), to_field_name="slug")

    def clean_starts_at(self) -> datetime:
        try:
            moment = datetime.fromisoformat(self.cleaned_data["starts_at"])
        except ValueError as error:
            raise forms.ValidationError("not an instant") from error
        if moment.tzinfo is None or moment.year not in YEARS:
            raise forms.ValidationError("not an instant")
        return moment.astimezone(UTC)


def _set_choices(form: forms.Form, name: str, choices: Sequence[Any]) -> None:
    field: Any = form.fields[name]
    field.choices = choices
