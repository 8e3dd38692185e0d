"""The details form for several appointments: the contact details once, and who each appointment is for."""

from collections.abc import Sequence
from datetime import date
from functools import cached_property
from typing import Any

from crispy_forms.layout import HTML
from django import forms
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from booking.formatting import clock, day_without_year
from booking.forms.antispam import PageHelper
from booking.forms.details import DetailsForm
from booking.forms.fields import BirthDateField, LineField, validate_is_a_name
from booking.models import Appointment, Service


class BasketDetailsForm(DetailsForm):
    """A details form with a name for each time that is for somebody else, such as a second child.

    An empty one means the person of the form. Where the service needs a date of birth, it is asked with the name.
    """

    def __init__(self, *args: Any, visits: Sequence[Appointment], service: Service, today: date, **kwargs: Any) -> None:
        # The first service that needs a date of birth, or reminds, decides for all.
        asking = [visit.service for visit in visits if visit.service.needs_date_of_birth]
        super().__init__(*args, service=(asking or [service])[0], today=today, **kwargs)
        self.visits = visits
        for visit in visits:
            when = f"{day_without_year(visit.local_on)}, {clock(visit.promised_start)}"
            self.fields[name_field(visit)] = LineField(
                label=gettext("Name, for %(when)s") % {"when": when},
                max_length=120,
                required=False,
                validators=[validate_is_a_name],
                widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
                error_messages={"max_length": _("The name is too long: use up to 120 characters.")},
            )
            if visit.service.needs_date_of_birth:
                self.fields[birth_date_field(visit)] = BirthDateField(
                    label=gettext("Their date of birth, for %(when)s") % {"when": when},
                    today=today,
                    required=False,
                    widget=forms.DateInput(attrs={"type": "date", "max": today.isoformat(), "autocomplete": "off"}),
                    error_messages={"max_length": BirthDateField.MESSAGE},
                )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        for visit in self.visits:
            born = birth_date_field(visit)
            is_missing = born in self.fields and not cleaned.get(born) and born not in self.errors
            if is_missing and cleaned.get(name_field(visit)):
                self.add_error(born, _("Enter the date of birth."))
        return cleaned

    @cached_property
    def helper(self) -> PageHelper:
        helper = super().helper
        names = [name for visit in self.visits for name in (name_field(visit), birth_date_field(visit))]
        *patient_and_reach, honeypot = helper.layout.fields
        hint = _("Leave it empty where the appointment is for the person above. Same email and phone for all.")
        names = [name for name in names if name in self.fields]
        is_open = any(self[name].errors or self[name].value() for name in names)
        begin = format_html(
            '<details class="question"{}><summary class="question__summary">{}</summary>'
            '<div class="question__answer"><p class="hint">{}</p>',
            " open" if is_open else "",
            _("Is one of them for someone else?"),
            hint,
        )
        for_whom = [HTML(begin), *names, HTML("</div></details>")]
        helper.layout.fields = [*patient_and_reach, *for_whom, honeypot]
        return helper

    def answers(self) -> dict[str, Any]:
        values = super().answers()
        return {name: value.isoformat() if isinstance(value, date) else value for name, value in values.items()}


def name_field(visit: Appointment) -> str:
    return f"who_{visit.reference}"


def birth_date_field(visit: Appointment) -> str:
    return f"born_{visit.reference}"
