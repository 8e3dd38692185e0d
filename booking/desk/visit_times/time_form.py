"""The form for a time that staff choose by hand: to move a visit, or to book it again.

It validates the input only; the commands decide whether the time is free and what needs a reason.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy

from booking import availability
from booking.formatting import clock
from booking.forms.fields import LineField
from booking.models import Appointment, Location, Practitioner
from booking.scheduling import OVERBOOKING, Exemption, NeedsReason, StaffRule
from booking.staff.inputs import OfficeDateField, OfficeTimeField

FARTHEST = timedelta(days=730)


class VisitTimeForm(forms.Form):
    """Date, time and practitioner. ``cleaned_data["starts_at"]`` is the instant in UTC."""

    use_required_attribute = False

    on = OfficeDateField(label=gettext_lazy("Date"), error_messages={"required": gettext_lazy("Choose a date.")})
    at = OfficeTimeField(label=gettext_lazy("Time"), error_messages={"required": gettext_lazy("Choose a time.")})
    fold = forms.ChoiceField(
        label=gettext_lazy("Which one"),
        choices=[
            ("", gettext_lazy("Choose")),
            ("0", gettext_lazy("Before the clock change")),
            ("1", gettext_lazy("After the clock change")),
        ],
        required=False,
    )
    practitioner = forms.ModelChoiceField(
        Practitioner.objects.none(),
        label=gettext_lazy("With"),
        to_field_name="slug",
        empty_label=None,
        error_messages={"required": gettext_lazy("Choose a person.")},
    )
    location = forms.ModelChoiceField(
        Location.objects.all(), label=gettext_lazy("Location"), to_field_name="slug", empty_label=None
    )
    tell_patient = forms.BooleanField(required=False)
    reason = LineField(label=gettext_lazy("Reason"), max_length=200, required=False)

    def __init__(
        self, *args: Any, visit: Appointment, locations: list[Location], own: Practitioner | None = None, **kwargs: Any
    ) -> None:
        """``own``: the only practitioner who may be chosen."""
        super().__init__(*args, **{"label_suffix": "", **kwargs})
        self.visit = visit
        # What the question about a rule was about, if there is one.
        self.asked_for = self.data.get("asked_for", "")
        self.asked_rules = self.data.get("asked_rules", "")
        self.comes_twice = False
        offering = Practitioner.objects.active().filter(practitioner_services__service=visit.service_id)
        offering = offering.filter(pk=own.pk) if own else offering
        self.offering = list(offering)
        self.fields["practitioner"].queryset = offering  # type: ignore[attr-defined]
        self.fields["practitioner"].choices = [(each.slug, each) for each in self.offering]  # type: ignore[attr-defined]
        if len(locations) == 1:
            del self.fields["location"]
        if visit.patient and visit.patient.email:
            self.fields["tell_patient"].label = gettext("Email %(name)s the new time") % {
                "name": visit.patient.given_names
            }
        else:
            del self.fields["tell_patient"]
        self.only_location = locations[0] if len(locations) == 1 else None

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        cleaned.setdefault("tell_patient", False)
        if self.only_location:
            cleaned["location"] = self.only_location
        location, on, at = cleaned.get("location"), cleaned.get("on"), cleaned.get("at")
        if on is not None and abs(on - timezone.localdate()) > FARTHEST:
            self.add_error("on", gettext("This is more than two years away. Check the year."))
        elif location is not None and on is not None and at is not None:
            cleaned["starts_at"] = self._start(on, at.replace(second=0, microsecond=0), cleaned.get("fold"), location)
        return cleaned

    def _start(self, on: date, at: time, fold: str | None, location: Location) -> datetime | None:
        """The instant of a wall time; rejects one that the clock skips, and one that comes twice without ``fold``."""
        instants = availability.instants_of(on, at, location.zone)
        self.comes_twice = len(instants) > 1
        if not instants:
            sentence = gettext("The clocks go forward that night, so %(time)s doesn't exist. Choose another time.")
        elif self.comes_twice and not fold:
            sentence = gettext("The clocks go back that night, so %(time)s comes twice. Say which one.")
        else:
            return instants[int(fold or 0) if self.comes_twice else 0]
        self.add_error("fold" if self.comes_twice else "at", sentence % {"time": clock(at)})
        return None

    # The question about a rule

    @property
    def time_asked_for(self) -> str:
        chosen = self.cleaned_data
        return f"{chosen['starts_at'].isoformat()} {chosen['practitioner'].pk} {chosen['location'].pk}"

    def exemption(self) -> Exemption | None:
        """The reason given, and the rules that the question before was about, if it was about this very time."""
        reason = self.cleaned_data.get("reason", "")
        if not reason or self.data.get("asked_for") != self.time_asked_for:
            return None
        asked = set(self.data.get("asked_rules", "").split(","))
        return Exemption(reason, {rule for rule in StaffRule if rule.value in asked})

    def ask_for_reason(self, error: NeedsReason, *, may_overbook: bool) -> None:
        """Show the rules in words, with a field for the reason if the user may book all the same."""
        self.add_error(None, error.message)
        self.asked_for = self.asked_rules = ""
        if may_overbook or not OVERBOOKING & error.rules:
            self.asked_for = self.time_asked_for
            self.asked_rules = ",".join(rule.value for rule in StaffRule if rule in error.rules)
            if self.data.get("asked_for") == self.asked_for:
                self.add_error("reason", gettext("Write down why. It stays with the visit."))

    def focus_first_error(self) -> None:
        name = next((name for name in self.fields if name in self.errors), "reason" if self.asked_for else "")
        if name:
            self.fields[name].widget.attrs["autofocus"] = True


@dataclass(frozen=True)
class TimeChoice:
    """A start that a button chooses, as one value."""

    starts_at: datetime  # In the location's time zone.
    practitioner: Practitioner
    location: Location

    @property
    def value(self) -> str:
        return f"{self.practitioner.slug} {self.location.slug} {self.starts_at.timestamp():.0f}"


def slot_fields(value: str, locations: list[Location]) -> dict[str, str]:
    """The form's fields for the value of a ``TimeChoice``; empty if it is malformed."""
    parts = value.split(" ")
    location = next((place for place in locations if place.slug in parts[1:2]), None)
    if len(parts) != 3 or location is None or not (parts[2].isascii() and parts[2].isdigit() and len(parts[2]) < 12):
        return {}
    return time_fields(datetime.fromtimestamp(int(parts[2]), tz=location.zone)) | {
        "practitioner": parts[0],
        "location": location.slug,
    }


def time_fields(local: datetime) -> dict[str, str]:
    """The form's fields for a local start."""
    return {"on": local.date().isoformat(), "at": f"{local:%H:%M}", "fold": str(local.fold)}


def posted_fields(posted: Mapping[str, Any], locations: list[Location]) -> dict[str, Any]:
    """What was posted, with the time of the pressed slot, if it was one."""
    fields = {name: posted[name] for name in posted}
    return fields | slot_fields(fields.get("slot", ""), locations)
