"""What staff fill in to book for a caller, to move a visit and to cancel one.

These forms check what was typed; whether a time may be taken is the commands' business.
"""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AdminTextInputWidget, AutocompleteSelect
from django.db.models import Q
from django.utils import timezone
from phonenumber_field.formfields import PhoneNumberField

from booking import availability
from booking.admin.inputs import CLOCKS_READ, DAYS_READ, ClockInput, DayInput, PhoneInput
from booking.admin.words import clock, phone_in_words
from booking.messages import texting
from booking.models import Appointment, Channel, Location, Patient, Practitioner, Service
from booking.text import LineField, is_plain_digits

FURTHEST = timedelta(days=730)


class WhenForm(forms.Form):
    """With whom, where and when. ``cleaned_data["starts_at"]`` is the instant (UTC) that was meant."""

    practitioner = forms.ModelChoiceField(
        Practitioner.objects.active(),
        empty_label="Choose a practitioner",
        error_messages={"required": "Choose a practitioner."},
    )
    location = forms.ModelChoiceField(
        Location.objects.all(), empty_label="Choose a location", error_messages={"required": "Choose a location."}
    )
    on = forms.DateField(
        label="Date",
        widget=DayInput,
        input_formats=DAYS_READ,
        error_messages={"required": "Choose a date.", "invalid": "Write the date as 2026-11-24."},
    )
    at = forms.TimeField(
        label="Time",
        widget=ClockInput,
        input_formats=CLOCKS_READ,
        error_messages={"required": "Choose a time.", "invalid": "Write the time as 9:00 am or 14:30."},
    )
    overbooked_reason = LineField(
        label="Reason to overbook",
        max_length=200,
        widget=AdminTextInputWidget,
        required=False,
        help_text="This time is taken. To book it all the same, say why; the reason stays with the appointment.",
    )
    when_fields: list[Any] = ["practitioner", "location", ("on", "at"), "overbooked_reason"]

    def __init__(self, *args: Any, offers_overbooking: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not offers_overbooking:
            del self.fields["overbooked_reason"]
        locations = list(Location.objects.all()[:2])
        self.only_location = locations[0] if len(locations) == 1 else None
        if self.only_location:
            del self.fields["location"]
            self.fields["at"].help_text = self.only_location.time_zone_label
        else:
            self.fields["at"].help_text = "On the location's own clock."

    def fieldsets_shown(self) -> list[tuple[str | None, dict[str, Any]]]:
        return [("When", {"fields": self._present(self.when_fields)})]

    def _present(self, names: list[Any]) -> list[Any]:
        """Only the fields that this form asks for just now."""
        return [name for name in names if isinstance(name, tuple) or name in self.fields]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if self.only_location:
            cleaned["location"] = self.only_location
        place, day, wall = cleaned.get("location"), cleaned.get("on"), cleaned.get("at")
        if day is not None and self._is_near(day, place) and place is not None and wall is not None:
            cleaned["starts_at"] = self._instant(day, wall.replace(second=0), place)
        return cleaned

    def _is_near(self, day: date, place: Location | None) -> bool:
        """Whether the day is worth looking at, on the place's clock; without a place, give or take a day (UTC)."""
        now = timezone.now()
        today = now.astimezone(place.zone).date() if place else now.date() - timedelta(days=1)
        if day < today:
            self.add_error("on", "This day is over. Choose today or a later day.")
        elif day > today + FURTHEST:
            self.add_error("on", "This is more than two years ahead. Check the year.")
        return "on" not in self.errors

    def _instant(self, day: date, wall: time, place: Location) -> datetime | None:
        """The instant a wall time stands for; none, or one of two, is refused (rule R2)."""
        instants = availability.instants_of(day, wall, place.zone)
        if not instants:
            self.add_error("at", f"The clocks go forward that night and skip {clock(wall)}. Choose another time.")
        elif len(instants) > 1:
            self.add_error(
                "at", f"The clocks go back that night, so {clock(wall)} comes twice. Choose a time outside that hour."
            )
        return instants[0] if len(instants) == 1 else None


class MoveForm(WhenForm):
    """A new time for a visit that stands."""


class PatientBox(AutocompleteSelect):
    """Django looks up whatever an address or a form names; only what can be a row's number may get there."""

    def optgroups(self, name: str, value: Sequence[str], attrs: Any = None) -> Any:
        return super().optgroups(
            name, [one for one in value if is_plain_digits(str(one)) and len(str(one)) < 19], attrs
        )


class PatientChoice(forms.ModelChoiceField):
    def label_from_instance(self, patient: Any) -> str:
        return patient_in_a_list(patient)


def patient_in_a_list(patient: Patient) -> str:
    """Patients may share a name, so each is shown with a phone number."""
    return f"{patient.name}, {phone_in_words(patient.phone) if patient.phone else patient.email}"


class BookForm(WhenForm):
    """A visit for somebody on the phone or at the desk, who may be new to the clinic."""

    patient = PatientChoice(
        Patient.objects.current(),
        required=False,
        help_text="Search by name, phone or e-mail. Nobody found? Write them down below.",
    )
    name = LineField(label="Full name", max_length=120, required=False, widget=AdminTextInputWidget)
    preferred_name = LineField(
        max_length=120, required=False, widget=AdminTextInputWidget, help_text="What to call them, where it differs."
    )
    phone = PhoneNumberField(required=False, widget=PhoneInput, help_text="Such as 403-555-0123.")
    email = forms.EmailField(
        label="E-mail",
        required=False,
        widget=forms.EmailInput(attrs={"class": "vTextField"}),
        help_text="The confirmation and its link to change or cancel go here. Leave it empty if they have none.",
    )
    contact_name = LineField(
        label="Who is calling",
        max_length=120,
        required=False,
        widget=AdminTextInputWidget,
        help_text="Where it is not the patient: a parent, a relative. Messages greet this person.",
    )
    service = forms.ModelChoiceField(
        Service.objects.filter(is_active=True),
        empty_label="Choose a service",
        error_messages={"required": "Choose a service."},
    )

    is_first_visit = forms.BooleanField(
        label="This is their first visit to the clinic", required=False, help_text="Marked in the diary."
    )
    reminders = forms.BooleanField(
        label="Send reminders",
        required=False,
        initial=True,
        help_text="When the service says. Never at night.",
    )

    field_order = ["patient", "name", "preferred_name", "phone", "email", "contact_name", "service"]
    new_patient_fields = ["name", "preferred_name", "phone", "email", "contact_name"]

    def __init__(self, *args: Any, admin_site: admin.AdminSite, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choice = self.fields["patient"]
        choice.widget = PatientBox(Appointment._meta.get_field("patient"), admin_site)  # type: ignore[arg-type]
        choice.widget.choices = choice.choices  # type: ignore[attr-defined]

        if texting.is_on():
            self.fields["reminders_by"] = forms.ChoiceField(
                label="By", choices=Channel.choices, initial=Channel.EMAIL, required=False
            )

    def fieldsets_shown(self) -> list[tuple[str | None, dict[str, Any]]]:
        return [
            ("Who", {"fields": ["patient"]}),
            ("A new patient", {"fields": [("name", "preferred_name"), ("phone", "email"), "contact_name"]}),
            ("When", {"fields": ["service", *self._present(self.when_fields)]}),
            ("Also", {"fields": ["is_first_visit", *self._present(["reminders", "reminders_by"])]}),
        ]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        typed = [name for name in self.new_patient_fields if self.data.get(self.add_prefix(name), "").strip()]
        if cleaned.get("patient") and typed:
            self.add_error("patient", "Choose a patient here or write down a new one below, not both.")
        elif not typed and not cleaned.get("patient") and "patient" not in self.errors:
            self.add_error("patient", "Choose a patient, or write down a new one below.")
        elif typed:
            self._check_new_patient(cleaned)
        return cleaned

    def _check_new_patient(self, cleaned: dict[str, Any]) -> None:
        wanted = {
            "name": "Write down the name.",
            "phone": "Write down a phone number.",
        }
        for name, sentence in wanted.items():
            if not cleaned.get(name) and name not in self.errors:
                self.add_error(name, sentence)
        if all(cleaned.get(name) for name in wanted):
            twins = Patient.objects.current().filter(name__iexact=cleaned["name"])
            same_address = Q(phone=cleaned["phone"])
            if cleaned.get("email"):
                same_address |= Q(email__iexact=cleaned["email"])
            twin = twins.filter(same_address).first()
            if twin is not None:
                self.add_error("name", f"{patient_in_a_list(twin)}, is a patient already: search for them above.")

    def new_patient(self) -> Patient:
        """The patient who was written down, not saved yet."""
        return Patient(**{name: self.cleaned_data[name] for name in self.new_patient_fields})


class CancelForm(forms.Form):
    reason = LineField(
        max_length=200,
        required=False,
        widget=AdminTextInputWidget,
        help_text="For the clinic's record. Patients are not told the reason.",
    )

    def fieldsets_shown(self) -> list[tuple[str | None, dict[str, Any]]]:
        return [(None, {"fields": ["reason"]})]
