"""The form for the patient's details when booking.

It saves nothing: views pass the cleaned data to ``booking.scheduling``.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

from crispy_forms.layout import Fieldset, Layout
from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from booking.formatting import all_of, duration
from booking.forms.antispam import HoneypotForm, PageHelper, honeypot, read_form_token
from booking.forms.appointment import visit_field
from booking.forms.fields import BirthDateField, EmailLineField, LineField, PhoneField, validate_is_a_name
from booking.messages.sms import gateway
from booking.messages.sms.encoding import can_receive_sms
from booking.models import Service

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

NO_REMINDERS = "none"


# The fields about a person who books for somebody else, and their autocomplete tokens.
_BOOKER_FIELDS = {"contact_name": "name", "email": "email", "phone": "tel"}


class DetailsForm(HoneypotForm):
    """The patient's name and contact details: the minimum for a booking, without health information.

    ``for_other`` is for booking for a child or relative: adds the booking person's own name, and makes
    browser autofill apply to that person and not to the patient. ``ahead`` is the time until the
    appointment; reminders that would be overdue are not mentioned. ``shown`` is a form token with
    the version of the collection notice. ``known``: answers from an earlier booking, whose fields are left out.
    """

    hold = forms.CharField(widget=forms.HiddenInput, required=False, max_length=20)
    booking_for = forms.CharField(widget=forms.HiddenInput, required=False, max_length=10)
    name = LineField(max_length=120, validators=[validate_is_a_name])
    preferred_name = LineField(max_length=120, required=False, validators=[validate_is_a_name])
    pronouns = LineField(max_length=40, required=False, help_text=_("For example, she/her, he/him or they/them."))
    visit = visit_field()
    contact_name = LineField(
        label=_("Your name"),
        max_length=120,
        validators=[validate_is_a_name],
        error_messages={
            "required": _("Enter your name."),
            "max_length": _("Your name is too long: use up to 120 characters."),
        },
    )
    email = EmailLineField(
        max_length=254,
        help_text=_("We'll email your confirmation and calendar entry here."),
        error_messages={
            "required": _("Enter an email address."),
            "invalid": _("Enter the full email address, such as name@example.ca."),
            "max_length": _("The email address is too long: use up to 254 characters."),
        },
    )
    phone = PhoneField(
        max_length=40,
        help_text=_("We'll only call about your appointment."),
        error_messages={"required": _("Enter a phone number."), "max_length": PhoneField.MESSAGE},
    )
    reminders = forms.BooleanField(
        required=False, initial=True, help_text=_("For early appointments, we'll remind you the evening before.")
    )

    def __init__(
        self,
        *args: Any,
        service: Service,
        today: date,
        for_other: bool,
        asks_visit: bool,
        ahead: timedelta = timedelta.max,
        known: Mapping[str, str] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.for_other = for_other
        self.known = dict(known or {})
        if service.reminders_before:
            self._set_up_reminders(service, ahead)
        else:
            del self.fields["reminders"]
        self._set_labels(for_other)
        if service.needs_date_of_birth:
            self.fields["date_of_birth"] = self._birth_date_field(today)
        if not asks_visit:
            del self.fields["visit"]
        if not for_other:
            del self.fields["contact_name"]
        for name in self.known:
            self.fields.pop(name, None)
        self._set_attributes()

    def _set_up_reminders(self, service: Service, ahead: timedelta) -> None:
        """Ask for reminders by e-mail or not; with an SMS gateway, also by text message."""
        by_mail = self.fields["reminders"]
        if not gateway.is_enabled():
            by_mail.label = _reminders_label(service, ahead)
            return
        when = _reminders_timing(service, ahead)
        self.fields["reminders"] = forms.ChoiceField(
            label=_("How should we remind you?"),
            choices=[("email", _("By email")), ("text", _("By text message")), (NO_REMINDERS, _("No reminders"))],
            initial="email",
            widget=forms.RadioSelect,
            help_text=f"{when[0].upper()}{when[1:]}. {by_mail.help_text} "
            "A text has only the time and our phone number, nothing about you.",
            error_messages={
                "required": _("Choose how we should remind you."),
                "invalid_choice": _("Choose one of the ways shown."),
            },
        )
        self.fields["phone"].help_text += " We'll only text if you ask for text messages."

    def clean_reminders(self) -> str:
        """Normalize to "email", "text", or "" for no reminders."""
        value = self.cleaned_data["reminders"]
        if isinstance(value, bool):
            return "email" if value else ""
        return "" if value == NO_REMINDERS else str(value)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        phone = cleaned.get("phone") or self.known.get("phone")
        if cleaned.get("reminders") == "text" and phone and not can_receive_sms(phone):
            self.add_error("reminders", _("We can only text numbers in Canada and the United States. Choose email."))
        return cleaned

    def _set_labels(self, for_other: bool) -> None:
        labels = {
            "name": (gettext("Patient's full name"), gettext("Enter the patient's name."))
            if for_other
            else (gettext("Full name"), gettext("Enter your name.")),
            "preferred_name": (gettext("Their preferred name") if for_other else gettext("Preferred name"), ""),
            "pronouns": (gettext("Their pronouns") if for_other else gettext("Pronouns"), ""),
            "email": (gettext("Your email address") if for_other else gettext("Email address"), ""),
            "phone": (gettext("Your phone number") if for_other else gettext("Phone number"), ""),
        }
        for name, (label, required) in labels.items():
            self.fields[name].label = label
            if name in ("name", "preferred_name", "pronouns"):
                too_long = f"“{label}” is too long: use up to %(limit_value)s characters."
                self.fields[name].error_messages["max_length"] = too_long
            if required:
                self.fields[name].error_messages["required"] = required
        if "visit" in self.fields:
            self.fields["visit"].label = (
                gettext("Has the patient been here before?") if for_other else gettext("Have you been here before?")
            )

    def _birth_date_field(self, today: date) -> BirthDateField:
        return BirthDateField(
            label=_("Patient's date of birth") if self.for_other else _("Date of birth"),
            today=today,
            help_text=_("We need it for this appointment. Year, month and day, such as 1980-11-24."),
            widget=forms.DateInput(attrs={"type": "date", "max": today.isoformat()}),
            error_messages={
                "required": _("Enter the date of birth."),
                "max_length": BirthDateField.MESSAGE,
            },
        )

    def _set_attributes(self) -> None:
        tokens = {
            "name": "name",
            "email": "email",
            "phone": "tel",
            "date_of_birth": "bday",
            "preferred_name": "nickname",
        }
        for name, field in self.fields.items():
            if self.for_other and name in {"name", "preferred_name", "date_of_birth"}:
                field.widget.attrs["autocomplete"] = "off"  # Autofill would insert the booking person's own data.
            elif self.for_other and name in _BOOKER_FIELDS:
                # A separate autofill section, so that autofill leaves the patient's fields alone (WCAG 1.3.5).
                field.widget.attrs["autocomplete"] = f"section-booker {_BOOKER_FIELDS[name]}"
            elif not self.for_other and name in tokens:
                field.widget.attrs["autocomplete"] = tokens[name]
        for name in {"name", "preferred_name", "email"} & set(self.fields):
            self.fields[name].widget.attrs["spellcheck"] = "false"

    @cached_property
    def helper(self) -> PageHelper:
        """The crispy-forms layout. Lazy, because most submitted forms are valid and not rendered again."""
        patient = ["name", "preferred_name", "pronouns", "date_of_birth", "visit"]
        reach = ["contact_name", "email", "phone", "reminders"]
        helper = PageHelper()
        helper.layout = Layout(
            "hold",
            "shown",
            "booking_for",
            *self._fieldset(_("The patient") if self.for_other else _("About you"), patient),
            *self._fieldset(_("About you") if self.for_other else _("Contact details"), reach),
            honeypot(),
        )
        return helper

    def _fieldset(self, legend: "StrOrPromise", names: list[str]) -> list[Fieldset]:
        """A fieldset with those of these fields that the form has; none without any."""
        shown = [name for name in names if name in self.fields]
        return [Fieldset(legend, *shown)] if shown else []

    @property
    def notice_version(self) -> str:
        """The version of the collection notice that the page showed."""
        return read_form_token(self.cleaned_data.get("shown", "")) or ""

    def answers(self) -> dict[str, Any]:
        """The cleaned data as JSON-serializable values for the session."""
        names = [name for name in self.fields if name not in {"hold", "shown", "homepage"}]
        values = {name: self.cleaned_data.get(name) for name in names}
        born_on = values.get("date_of_birth")
        if isinstance(born_on, date):
            values["date_of_birth"] = born_on.isoformat()
        return values | self.known | {"notice_version": self.notice_version, "masked": sorted(self.known)}


def _reminders_label(service: Service, ahead: timedelta) -> "StrOrPromise":
    """The label of the reminders checkbox, with the reminders still to come in ``ahead``."""
    each = _remaining_reminders(service, ahead)
    if not each:
        return gettext("Email me reminders if the appointment moves to a later day")
    return f"Email me {'reminders' if len(each) > 1 else 'a reminder'} {all_of(each)} the appointment"


def _reminders_timing(service: Service, ahead: timedelta) -> str:
    each = _remaining_reminders(service, ahead)
    return f"{all_of(each)} the appointment" if each else "only if the appointment moves to a later day"


def _remaining_reminders(service: Service, ahead: timedelta) -> list[str]:
    return [f"{duration(before)} before" for before in service.reminders_before if before < ahead]
