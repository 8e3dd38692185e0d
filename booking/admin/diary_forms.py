"""Forms for staff: move an appointment, cancel one.

They validate the input only; the scheduling commands decide whether a slot is available.
"""

from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.contrib.admin.widgets import AdminTextInputWidget
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from booking import availability
from booking.forms.fields import LineField
from booking.models import Location, Patient, Practitioner
from booking.staff.formats import clock, format_phone
from booking.staff.inputs import OfficeDateField, OfficeTimeField

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


class MoveForm(WhenForm):
    """A new time for an appointment."""


def patient_label(patient: Patient) -> str:
    """Name and phone number, because patients may share a name."""
    return f"{patient.name}, {format_phone(patient.phone) if patient.phone else patient.email}"


class StaffCancelForm(forms.Form):
    reason = LineField(
        max_length=200,
        required=False,
        widget=AdminTextInputWidget,
        help_text=_("For the clinic's records. Patients don't see the reason."),
    )

    def get_fieldsets(self) -> list[tuple[str | None, dict[str, Any]]]:
        return [(None, {"fields": ["reason"]})]
