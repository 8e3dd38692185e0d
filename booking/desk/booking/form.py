"""The form that books a visit for a patient whom the desk knows, or for a new one.

It validates the input only; ``scheduling.book_by_staff`` decides whether the time can be booked.
"""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from booking import availability
from booking.formatting import clock
from booking.forms.fields import EmailLineField, LineField, PhoneField
from booking.messages.sms import gateway
from booking.models import Channel, Location, Patient, Practitioner, Service
from booking.staff.inputs import OfficeDateField, OfficeTimeField

MAX_AHEAD = timedelta(days=730)
MAX_BACK = timedelta(days=366)
NEW_PATIENT_FIELDS = ("name", "phone", "email", "contact_name")


class BookForm(forms.Form):
    """Who, what, with whom and when. ``cleaned_data["starts_at"]`` is the instant in UTC."""

    words = LineField(label=_("Patient"), max_length=100, required=False)
    patient = forms.ModelChoiceField(Patient.objects.current(), widget=forms.HiddenInput, required=False)
    is_new = forms.BooleanField(widget=forms.HiddenInput, required=False)
    name = LineField(label=_("Name"), max_length=120, required=False)
    phone = PhoneField(label=_("Phone"), max_length=40, required=False)
    email = EmailLineField(label=_("Email"), max_length=254, required=False)
    contact_name = LineField(label=_("Who is calling, if it isn't the patient"), max_length=120, required=False)
    is_really_new = forms.BooleanField(required=False)
    service = forms.ModelChoiceField(
        Service.objects.filter(is_active=True), error_messages={"required": _("Choose a visit.")}
    )
    practitioner = forms.ModelChoiceField(
        Practitioner.objects.active(),
        label=_("With"),
        to_field_name="slug",
        empty_label=_("Choose a practitioner"),
        error_messages={"required": _("Choose a practitioner.")},
    )
    location = forms.ModelChoiceField(
        Location.objects.all(),
        label=_("Location"),
        to_field_name="slug",
        empty_label=_("Choose a location"),
        error_messages={"required": _("Choose a location.")},
    )
    on = OfficeDateField(label=_("Day"), error_messages={"required": _("Choose a day.")})
    at = OfficeTimeField(label=_("Start"), error_messages={"required": _("Choose a start.")})
    fold = forms.ChoiceField(
        label=_("Which one"),
        choices=[("", _("Choose")), ("0", _("Before the clock change")), ("1", _("After the clock change"))],
        required=False,
    )
    note = LineField(label=_("Note"), max_length=300, required=False, help_text=_("For the team, not for the patient."))
    shown_for = forms.CharField(widget=forms.HiddenInput, max_length=20, required=False)
    is_first_visit = forms.BooleanField(label=_("First visit to the clinic"), required=False)
    tell = forms.BooleanField(required=False, initial=True)
    reminders = forms.BooleanField(label=_("Send reminders"), required=False, initial=True)
    reminders_by = forms.ChoiceField(
        label=_("Reminders by"), choices=Channel.choices, initial=Channel.EMAIL, required=False
    )
    anyway = forms.BooleanField(label=_("Book it all the same"), required=False)
    reason = LineField(
        label=_("Reason"), max_length=200, required=False, help_text=_("It stays with the visit, for the team.")
    )

    def __init__(self, *args: Any, locations: Sequence[Location] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "book_%s", "label_suffix": "", **kwargs})
        locations = list(Location.objects.all()[:2]) if locations is None else locations
        self.only_location = locations[0] if len(locations) == 1 else None
        if self.only_location:
            del self.fields["location"]
        if not gateway.is_enabled():
            del self.fields["reminders_by"]
        for name in ("words", *NEW_PATIENT_FIELDS):
            self.fields[name].widget.attrs |= {"autocomplete": "off", "spellcheck": "false"}

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if self.only_location:
            cleaned["location"] = self.only_location
        self._check_patient(cleaned)
        on, wall_time, location = cleaned.get("on"), cleaned.get("at"), cleaned.get("location")
        if on is not None and location is not None and self._check_day(on, location) and wall_time is not None:
            cleaned["starts_at"] = self._start(on, wall_time.replace(second=0), cleaned.get("fold"), location)
        return cleaned

    def _check_patient(self, cleaned: dict[str, Any]) -> None:
        if cleaned.get("patient"):
            return
        if "patient" in self.errors:
            self.add_error("words", gettext("This patient is no longer there. Search again."))
        elif not cleaned.get("is_new"):
            self.add_error("words", gettext("Choose a patient, or add a new one."))
        else:
            if not cleaned.get("name") and "name" not in self.errors:
                self.add_error("name", gettext("Enter the name."))
            if not cleaned.get("phone") and "phone" not in self.errors:
                self.add_error("phone", gettext("Enter a phone number."))

    def _check_day(self, on: date, location: Location) -> bool:
        today = availability.local_day(timezone.now(), location.zone)
        if on < today - MAX_BACK:
            self.add_error("on", gettext("This is more than a year ago. Check the year."))
        elif on > today + MAX_AHEAD:
            self.add_error("on", gettext("This is more than two years ahead. Check the year."))
        return "on" not in self.errors

    def _start(self, on: date, wall_time: time, fold: str | None, location: Location) -> datetime | None:
        """The instant of a wall time; rejects nonexistent ones, and ambiguous ones without ``fold`` (R2, R17)."""
        instants = availability.instants_of(on, wall_time, location.zone)
        words = {"time": clock(wall_time)}
        if not instants:
            sentence = gettext("The clocks go forward that night, so %(time)s doesn't exist. Choose another time.")
        elif len(instants) > 1 and not fold:
            sentence = gettext("The clocks go back that night, so %(time)s comes twice. Say which one.")
        else:
            return instants[int(fold or 0) if len(instants) > 1 else 0]
        self.add_error("at", sentence % words)
        return None

    def new_patient(self) -> Patient:
        """The new patient, unsaved."""
        return Patient(**self.new_patient_values())

    def new_patient_values(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in NEW_PATIENT_FIELDS}

    def focus_first_error(self) -> None:
        """Let the page begin at the first field that is wrong."""
        name = next((name for name in self.fields if name in self.errors), None)
        if name:
            self.fields[name].widget.attrs["autofocus"] = True
