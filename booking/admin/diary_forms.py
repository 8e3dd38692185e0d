"""Forms for staff: book for a caller, cancel appointments.

They validate the input only; the scheduling commands decide whether a slot is available.
"""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AdminTextInputWidget, AutocompleteSelect
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from booking import availability
from booking.forms.fields import EmailLineField, LineField, PhoneField
from booking.messages.sms import gateway
from booking.models import Appointment, Channel, Location, Patient, Practitioner, Service
from booking.staff.formats import clock, format_phone
from booking.staff.inputs import OfficeDateField, OfficeTimeField, PhoneInput
from booking.text_cleaning import is_plain_digits

MAX_AHEAD = timedelta(days=730)


class WhenForm(forms.Form):
    """Practitioner, location, date and time. ``cleaned_data["starts_at"]`` is the instant in UTC."""

    practitioner = forms.ModelChoiceField(
        Practitioner.objects.active(),
        empty_label="Choose a practitioner",
        error_messages={"required": "Choose a practitioner."},
    )
    location = forms.ModelChoiceField(
        Location.objects.all(), empty_label="Choose a location", error_messages={"required": "Choose a location."}
    )
    on = OfficeDateField(label="Date", error_messages={"required": "Choose a date."})
    at = OfficeTimeField(label="Time", error_messages={"required": "Choose a time."})
    fold = forms.ChoiceField(
        label="Which one",
        choices=[("", "Choose"), ("0", "Before the clock change"), ("1", "After the clock change")],
        required=False,
        help_text="The clocks go back that night, so this time comes twice.",
    )
    overbooked_reason = LineField(
        label="Reason",
        max_length=200,
        widget=AdminTextInputWidget,
        required=False,
        help_text=_("To book it anyway, enter a reason. It stays with the appointment."),
    )
    when_fields: list[Any] = ["practitioner", "location", ("on", "at"), "fold", "overbooked_reason"]
    comes_twice = False  # Whether the clock shows the chosen time twice (R17).

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
            self.fields["at"].help_text = gettext("In the location's own time.")

    def get_fieldsets(self) -> list[tuple[str | None, dict[str, Any]]]:
        return [("When", {"fields": self._present(self.when_fields)})]

    def _present(self, names: list[Any]) -> list[Any]:
        """Without the names of fields that ``__init__`` removed, or that do not apply to the chosen time."""
        shown = set(self.fields) if self._time_comes_twice() else set(self.fields) - {"fold"}
        return [name for name in names if isinstance(name, tuple) or name in shown]

    def _time_comes_twice(self) -> bool:
        """Whether to ask which one is meant: the clock shows the chosen time, or the one to start with, twice."""
        if self.comes_twice or self.is_bound:
            return self.comes_twice
        try:
            on, wall_time = (self.fields[name].to_python(self.initial.get(name)) for name in ("on", "at"))
            location = self.only_location or self.fields["location"].to_python(self.initial.get("location"))
        except forms.ValidationError:
            return False
        if on is None or wall_time is None or location is None:
            return False
        return len(availability.instants_of(on, wall_time, location.zone)) > 1

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if self.only_location:
            cleaned["location"] = self.only_location
        location, on, wall_time = cleaned.get("location"), cleaned.get("on"), cleaned.get("at")
        if on is not None and self._check_day(on, location) and location is not None and wall_time is not None:
            fold = cleaned.get("fold")
            cleaned["starts_at"] = self._parse_start(on, wall_time.replace(second=0), fold, location)
        return cleaned

    def _check_day(self, on: date, location: Location | None) -> bool:
        """Reject a date in the past or too far ahead, in the location's time zone.

        Without a location, allow a day of tolerance around UTC.
        """
        now = timezone.now()
        today = now.astimezone(location.zone).date() if location else now.date() - timedelta(days=1)
        if on < today:
            self.add_error("on", gettext("This day is in the past. Choose today or a later day."))
        elif on > today + MAX_AHEAD:
            self.add_error("on", "This is more than two years ahead. Check the year.")
        return "on" not in self.errors

    def _parse_start(self, on: date, wall_time: time, fold: str | None, location: Location) -> datetime | None:
        """The instant of a wall time; rejects nonexistent ones, and ambiguous ones without ``fold`` (R2, R17)."""
        instants = availability.instants_of(on, wall_time, location.zone)
        self.comes_twice = len(instants) > 1
        if not instants:
            self.add_error(
                "at", f"The clocks go forward that night, so {clock(wall_time)} doesn't exist. Choose another time."
            )
        elif self.comes_twice and not fold:
            self.add_error("at", f"The clocks go back that night, so {clock(wall_time)} comes twice. Say which one.")
        else:
            return instants[int(fold or 0) if self.comes_twice else 0]
        return None


class PatientSelect(AutocompleteSelect):
    """Drops values that cannot be a primary key, which Django would pass to the database."""

    def optgroups(self, name: str, value: Sequence[str], attrs: Any = None) -> Any:
        return super().optgroups(name, [pk for pk in value if is_plain_digits(str(pk)) and len(str(pk)) < 19], attrs)


class PatientChoice(forms.ModelChoiceField):
    def label_from_instance(self, patient: Any) -> str:
        return patient_label(patient)


def patient_label(patient: Patient) -> str:
    """Name and phone number, because patients may share a name."""
    return f"{patient.name}, {format_phone(patient.phone) if patient.phone else patient.email}"


class BookForm(WhenForm):
    """An appointment for somebody on the phone or at the desk, known or new."""

    patient = PatientChoice(
        Patient.objects.current(),
        required=False,
        help_text=_("Search by name, phone or email. No one found? Add a new patient below."),
    )
    name = LineField(label="Full name", max_length=120, required=False, widget=AdminTextInputWidget)
    preferred_name = LineField(
        max_length=120,
        required=False,
        widget=AdminTextInputWidget,
        help_text=_("What to call them, if it's different."),
    )
    phone = PhoneField(max_length=40, required=False, widget=PhoneInput, help_text="Such as 403-555-0123.")
    email = EmailLineField(
        label=_("Email"),
        required=False,
        max_length=254,
        widget=forms.EmailInput(attrs={"class": "vTextField"}),
        help_text=_("The confirmation and the link to change or cancel go here. Leave empty if they don't have one."),
    )
    contact_name = LineField(
        label="Who is calling",
        max_length=120,
        required=False,
        widget=AdminTextInputWidget,
        help_text=_("If it isn't the patient: a parent or relative. Messages about a child greet this person."),
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
        help_text=_("At the times set for the service. Never at night."),
    )

    field_order = ["patient", "name", "preferred_name", "phone", "email", "contact_name", "service"]
    new_patient_fields = ["name", "preferred_name", "phone", "email", "contact_name"]

    def __init__(self, *args: Any, admin_site: admin.AdminSite, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choice = self.fields["patient"]
        choice.widget = PatientSelect(Appointment._meta.get_field("patient"), admin_site)  # type: ignore[arg-type]
        choice.widget.choices = choice.choices  # type: ignore[attr-defined]

        if gateway.is_enabled():
            self.fields["reminders_by"] = forms.ChoiceField(
                label="By", choices=Channel.choices, initial=Channel.EMAIL, required=False
            )

    def get_fieldsets(self) -> list[tuple[str | None, dict[str, Any]]]:
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
            self.add_error("patient", gettext("Choose a patient here or add a new one below, not both."))
        elif not typed and not cleaned.get("patient") and "patient" not in self.errors:
            self.add_error("patient", gettext("Choose a patient, or add a new one below."))
        elif typed:
            self._check_new_patient(cleaned)
        return cleaned

    def _check_new_patient(self, cleaned: dict[str, Any]) -> None:
        required = {
            "name": gettext("Enter the name."),
            "phone": gettext("Enter a phone number."),
        }
        for name, sentence in required.items():
            if not cleaned.get(name) and name not in self.errors:
                self.add_error(name, sentence)
        if all(cleaned.get(name) for name in required):
            duplicates = Patient.objects.current().filter(name__iexact=cleaned["name"])
            same_address = Q(phone=cleaned["phone"])
            if cleaned.get("email"):
                same_address |= Q(email__iexact=cleaned["email"])
            duplicate = duplicates.filter(same_address).first()
            if duplicate is not None:
                self.add_error("name", f"{patient_label(duplicate)}, is already a patient. Search for them above.")

    def new_patient(self) -> Patient:
        """The new patient, unsaved."""
        return Patient(**{name: self.cleaned_data[name] for name in self.new_patient_fields})


class StaffCancelForm(forms.Form):
    reason = LineField(
        max_length=200,
        required=False,
        widget=AdminTextInputWidget,
        help_text=_("For the clinic's records. Patients don't see the reason."),
    )

    def get_fieldsets(self) -> list[tuple[str | None, dict[str, Any]]]:
        return [(None, {"fields": ["reason"]})]
