"""The form of a report: its days and its location. It comes by GET: it names no one."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from booking.models import Location
from booking.reports.periods import MOST_DAYS, Choice, ReportPeriod, chosen_period, typed_period

FORMAT = "%Y-%m-%d"
_YEARS = [
    MinValueValidator(date(2000, 1, 1), _("Choose a day after the year 2000.")),
    MaxValueValidator(date(2199, 12, 31), _("Choose an earlier day.")),
]


def _day_field(label: Any) -> forms.DateField:
    return forms.DateField(
        label=label,
        required=False,
        input_formats=[FORMAT],
        validators=_YEARS,
        widget=forms.DateInput(attrs={"type": "date"}, format=FORMAT),
        error_messages={"invalid": _("Enter the day as year, month and day, such as 2026-11-24.")},
    )


class ReportForm(forms.Form):
    """Two days, or else a period, which links choose. ``locations``: those to choose from, if there are several."""

    use_required_attribute = False

    period = forms.ChoiceField(required=False, choices=Choice.choices, widget=forms.HiddenInput)
    location = forms.ChoiceField(label=_("Location"), required=False)

    def __init__(self, data: Mapping[str, Any], *, locations: Sequence[Location]) -> None:
        super().__init__(data, label_suffix="")
        self._locations = {location.slug: location for location in locations}
        days = {"from": _day_field(_("From")), "to": _day_field(_("To"))}
        self.fields = {"period": self.fields["period"], **days, "location": self.fields["location"]}
        slugs = [(slug, location.name) for slug, location in self._locations.items()]
        self.fields["location"].choices = [("", gettext("Every location")), *slugs]  # type: ignore[attr-defined]
        if len(slugs) < 2:
            self.fields["location"].widget = forms.HiddenInput()

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        first_on, last_on = cleaned.get("from"), cleaned.get("to")
        if self.errors or not (first_on or last_on):
            return cleaned
        if not (first_on and last_on):
            missing = "to" if first_on else "from"
            self.add_error(missing, gettext("Enter both days, or neither."))
        elif last_on < first_on:
            self.add_error("to", gettext("The last day can't be before the first."))
        elif (last_on - first_on).days >= MOST_DAYS:
            self.add_error("to", gettext("Choose at most two years."))
        return cleaned

    def chosen(self, today: date) -> ReportPeriod:
        """The days of a valid form; of this month, if it names none."""
        first_on, last_on = self.cleaned_data.get("from"), self.cleaned_data.get("to")
        if first_on and last_on:
            return typed_period(first_on, last_on, today)
        return chosen_period(self.cleaned_data.get("period", ""), today)

    @property
    def chosen_location(self) -> Location | None:
        return self._locations.get(self.cleaned_data.get("location", ""))
