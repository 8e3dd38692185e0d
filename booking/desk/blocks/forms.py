"""Forms: block time, and change one block."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from booking.desk.calendar.params import EARLIEST, LATEST
from booking.forms.fields import LineField
from booking.models import Practitioner, TimeOff
from booking.scheduling import MAX_WEEKS, BlockSpan
from booking.staff.inputs import OfficeDateField, OfficeTimeField

NAME_LENGTH = 120  # Of a closure.
HOUR = timedelta(hours=1)
STEP = 5  # Minutes.
NOON = time(12)
PRESETS = {"hour", "morning", "day", "days", "sick"}


class SpanForm(forms.Form):
    """From when, until when, and why."""

    starts_on = OfficeDateField(label=_("From"), error_messages={"required": _("Enter the first day.")})
    start_time = OfficeTimeField(label=_("Starts at"), required=False)
    ends_on = OfficeDateField(label=_("Until"), error_messages={"required": _("Enter the last day.")})
    end_time = OfficeTimeField(label=_("Ends at"), required=False)
    kind = forms.ChoiceField(
        label=_("Why"), required=False, choices=[("", _("Not said")), *TimeOff.Kind.choices],
        error_messages={"invalid_choice": _("Choose a reason from the list.")},
    )  # fmt: skip
    note = LineField(
        label=_("Note"),
        max_length=200,
        required=False,
        help_text=_("For staff. If the whole clinic is closed, patients see it."),
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("end_time") == time(0) and cleaned.get("ends_on") == cleaned.get("starts_on"):
            cleaned["end_time"] = None  # Midnight at the end of the day.
        for name in {"starts_on", "ends_on"} & cleaned.keys():
            if not EARLIEST <= cleaned[name] <= LATEST:
                self.add_error(name, _("Choose a day from last month to three years ahead."))
        if {"starts_on", "start_time", "ends_on", "end_time"} <= cleaned.keys() and self.span.is_empty:
            self.add_error("end_time", _("The end has to be after the start."))
        return cleaned

    @property
    def span(self) -> BlockSpan:
        values = self.cleaned_data
        return BlockSpan(values["starts_on"], values["start_time"], values["ends_on"], values["end_time"])


class BlockForm(SpanForm):
    """Whose time, from when until when, why, and for how many weeks."""

    who = forms.MultipleChoiceField(
        label=_("Who"), required=False, error_messages={"invalid_choice": _("Choose from the people shown.")}
    )
    everyone = forms.BooleanField(label=_("Whole clinic"), required=False)
    weeks = forms.IntegerField(
        label=_("Repeat weekly"),
        min_value=1,
        max_value=MAX_WEEKS,
        required=False,
        help_text=_("How many weeks in all; 1 is once."),
    )

    def __init__(self, *args: Any, people: Sequence[Practitioner], may_block_everyone: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        who: Any = self.fields["who"]
        who.choices = [(person.slug, person.name) for person in people]
        if not may_block_everyone:
            del self.fields["everyone"]
        self.people = people

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if not cleaned.get("everyone") and not cleaned.get("who") and "who" not in self.errors:
            self.add_error("who", _("Choose whose time to block."))
        if self.closes_clinic and "note" not in self.errors and not 0 < len(cleaned["note"]) <= NAME_LENGTH:
            self.add_error("note", _("Write in a few words why the clinic is closed: patients see it."))
        return cleaned

    @property
    def closes_clinic(self) -> bool:
        """Whether whole days of the whole clinic are meant, which is a closure."""
        times = (self.cleaned_data.get("start_time"), self.cleaned_data.get("end_time"))
        return bool(self.cleaned_data.get("everyone")) and times == (None, None)

    @property
    def chosen(self) -> list[Practitioner]:
        if self.cleaned_data.get("everyone"):
            return list(self.people)
        return [person for person in self.people if person.slug in self.cleaned_data["who"]]

    @property
    def week_count(self) -> int:
        return int(self.cleaned_data["weeks"] or 1)

    @property
    def ticked(self) -> set[str]:
        """The slugs of the people who are ticked, whether the form is valid or not."""
        return set(self["who"].value() or ())


def preset_span(preset: str, *, day: date, gap: time | None, typed: time | None, now: datetime) -> dict[str, Any]:
    """The values of a preset. ``gap``: a start that the calendar names; ``now`` is local time."""
    if preset == "sick":
        return {**_span(now.date(), _rounded(now), None), "kind": TimeOff.Kind.SICK}
    if preset == "days":
        return {**_span(day, None, None), "ends_on": day + timedelta(days=1)}
    start = gap or (_rounded(now) if day == now.date() else None)
    if preset == "day":
        return _span(day, start, None)
    start = typed or start or time(9)
    if preset == "morning" and start < NOON:
        return _span(day, start, NOON)
    end = datetime.combine(day, start) + HOUR
    return _span(day, start, end.time() if end.date() == day else None)


def _span(day: date, start: time | None, end: time | None) -> dict[str, Any]:
    return {"starts_on": day, "start_time": start, "ends_on": day, "end_time": end}


def _rounded(now: datetime) -> time:
    return now.time().replace(minute=now.minute // STEP * STEP, second=0, microsecond=0)
