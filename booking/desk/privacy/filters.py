"""Filters of the logs: days, kind and what is unusual. They come by GET, as they say nothing about a person."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from booking.models import AccessLogEntry
from booking.privacy.date_range import DateRange
from booking.privacy.unusual_looks import MAX_DAYS, Unusual

DEFAULT_DAYS = 30
FORMAT = "%Y-%m-%d"
_DAY = timedelta(days=1)
_NOT_A_DAY = _("Enter the day as year, month and day, such as 2026-11-24.")
_YEARS = [
    MinValueValidator(date(2000, 1, 1), _("Choose a day after the year 2000.")),
    MaxValueValidator(date(2199, 12, 31), _("Choose an earlier day.")),
]


def last_days(today: date, count: int = DEFAULT_DAYS) -> dict[str, str]:
    """The values of ``from`` and ``to`` for the last days, today included."""
    return {"from": (today - (count - 1) * _DAY).isoformat(), "to": today.isoformat()}


class PeriodForm(forms.Form):
    """From and to, both included."""

    use_required_attribute = False

    def __init__(self, data: Mapping[str, Any], **kwargs: Any) -> None:
        super().__init__(data, **{"label_suffix": "", **kwargs})
        days = {"from": self._day_field(_("From")), "to": self._day_field(_("To"))}
        self.fields = {**days, **self.fields}

    @staticmethod
    def _day_field(label: Any) -> forms.DateField:
        return forms.DateField(
            label=label,
            required=False,
            input_formats=[FORMAT],
            validators=_YEARS,
            widget=forms.DateInput(attrs={"type": "date"}, format=FORMAT),
            error_messages={"invalid": _NOT_A_DAY},
        )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        first_on, last_on = cleaned.get("from"), cleaned.get("to")
        if first_on and last_on and last_on < first_on:
            self.add_error("to", gettext("The last day can't be before the first."))
        return cleaned

    @property
    def period(self) -> DateRange:
        cleaned = self.cleaned_data
        return DateRange(cleaned.get("from"), cleaned.get("to"), timezone.get_current_timezone())


class AccessLogFilterForm(PeriodForm):
    """A filter for what is unusual needs both days: without them, it takes the last 30 up to the other one."""

    kind = forms.ChoiceField(
        label=_("Kind"), required=False, choices=[("", _("Every kind")), *AccessLogEntry.Kind.choices]
    )
    unusual = forms.ChoiceField(
        label=_("Which entries"), required=False, choices=[("", _("All entries")), *Unusual.choices]
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if cleaned.get("unusual") and not self.errors:
            last_on = cleaned["to"] = cleaned["to"] or timezone.localdate()
            first_on = cleaned["from"] = cleaned["from"] or last_on - (DEFAULT_DAYS - 1) * _DAY
            if (last_on - first_on).days >= MAX_DAYS:
                self.add_error("from", gettext("Choose at most a year for this filter."))
            elif last_on < first_on:
                self.add_error("from", gettext("The first day can't be after the last."))
        return cleaned


class ChangeLogFilterForm(PeriodForm):
    """``kinds``: the kinds of data that have changes, as (model, words)."""

    kind = forms.ChoiceField(label=_("Kind of data"), required=False)

    def __init__(self, data: Mapping[str, Any], *, kinds: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.fields["kind"].choices = [("", gettext("Everything")), *kinds]  # type: ignore[attr-defined]
