"""What patients type: the time they choose, who they are, why they cancel.

Every refusal is a sentence that says what to do. Nothing here is saved: views hand the cleaned
values to ``booking.scheduling``.
"""

from collections.abc import Callable
from datetime import date, timedelta
from functools import cached_property
from typing import Any

from crispy_forms.layout import Div, Fieldset, Layout
from django import forms
from django.core.exceptions import ValidationError

from booking.fields import BirthDateField, EmailLineField, PhoneField, validate_is_a_name
from booking.filling import PageHelper, SaidOnceForm, WatchedForm, read_stamp
from booking.messages import texting
from booking.messages.texts import can_get_texts
from booking.models import Service
from booking.text import LineField
from booking.words import all_of, duration

NO_REMINDERS = "none"


def _visit_field(*, required: str) -> forms.ChoiceField:
    return forms.ChoiceField(
        choices=[("new", "No, this will be the first visit"), ("returning", "Yes")],
        widget=forms.RadioSelect,
        error_messages={"required": required, "invalid_choice": required},
    )


class TimeForm(SaidOnceForm):
    """The time somebody chose, and whether it is their first visit where that is asked above the times.

    Whether the time is still free is for the command to say.
    """

    start = forms.CharField(
        widget=forms.RadioSelect(choices=[("", "")]),  # The page draws them; error messages link to the first.
        max_length=40,
        error_messages={
            "required": "Choose a time for your visit.",
            "max_length": "Choose one of the times shown.",
            "null_characters_not_allowed": "Choose one of the times shown.",
        },
    )

    def __init__(self, *args: Any, read: Callable[[str], Any], asks_visit: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.read = read
        if asks_visit:
            self.fields["visit"] = _visit_field(required="Say whether it is your first visit.")
            self.order_fields(["visit", "start"])

    def clean_start(self) -> Any:
        try:
            return self.read(self.cleaned_data["start"])
        except ValueError:
            raise ValidationError("Choose one of the times shown.") from None


# What whoever books for somebody else says about themselves, and what browsers call it.
_OF_WHO_BOOKS = {"contact_name": "name", "email": "email", "phone": "tel"}


class DetailsForm(WatchedForm):
    """Who comes, and how we reach them: as little as a booking needs, and nothing about health.

    ``for_other``: somebody books for a child or relative, and says who they are themselves. Then
    the browser fills in its owner's name and address as theirs, never as the patient's.
    ``shown`` says, signed, when the form was first shown and under which collection notice.
    """

    hold = forms.CharField(widget=forms.HiddenInput, required=False, max_length=20)
    booking_for = forms.CharField(widget=forms.HiddenInput, required=False, max_length=10)
    name = LineField(max_length=120, validators=[validate_is_a_name])
    preferred_name = LineField(max_length=120, required=False, validators=[validate_is_a_name])
    pronouns = LineField(max_length=40, required=False, help_text="Such as she/her, he/him or they/them.")
    visit = _visit_field(required="Say whether it will be the first visit.")
    contact_name = LineField(
        label="Your own name",
        max_length=120,
        validators=[validate_is_a_name],
        error_messages={
            "required": "Enter your own name.",
            "max_length": "Your own name is too long: 120 characters fit.",
        },
    )
    email = EmailLineField(
        max_length=254,
        help_text="We send the confirmation and the calendar entry here.",
        error_messages={
            "required": "Enter an e-mail address.",
            "invalid": "Enter the e-mail address in full, such as name@example.ca.",
            "max_length": "The e-mail address is too long: 254 characters fit.",
        },
    )
    phone = PhoneField(
        max_length=40,
        help_text="We call only if something about the visit changes.",
        error_messages={"required": "Enter a phone number.", "max_length": PhoneField.MESSAGE},
    )
    reminders = forms.BooleanField(
        required=False, initial=True, help_text="Never at night: we send it the evening before instead."
    )

    def __init__(
        self,
        *args: Any,
        service: Service,
        today: date,
        for_other: bool,
        asks_visit: bool,
        ahead: timedelta = timedelta.max,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.for_other = for_other
        if service.reminders_before:
            self._ask_about_reminders(service, ahead)
        else:
            del self.fields["reminders"]
        self._word_the_name(for_other)
        if service.needs_date_of_birth:
            self.fields["date_of_birth"] = self._birth_date(today)
        if not asks_visit:
            del self.fields["visit"]
        if not for_other:
            del self.fields["contact_name"]
        self._set_attributes()

    def _ask_about_reminders(self, service: Service, ahead: timedelta) -> None:
        """By e-mail or not; where the clinic has a service for text messages, also by text."""
        by_mail = self.fields["reminders"]
        if not texting.is_on():
            by_mail.label = _reminders_in_words(service, ahead)
            return
        when = _when_they_come(service, ahead)
        self.fields["reminders"] = forms.ChoiceField(
            label="How shall we remind you?",
            choices=[("email", "By e-mail"), ("text", "By text message"), (NO_REMINDERS, "Not at all")],
            initial="email",
            widget=forms.RadioSelect,
            help_text=f"{when[0].upper()}{when[1:]}. {by_mail.help_text} "
            "A text holds the time and our phone number, and nothing about you.",
            error_messages={
                "required": "Choose how we remind you.",
                "invalid_choice": "Choose one of the ways shown.",
            },
        )
        self.fields["phone"].help_text += " We write to it only if you ask for text messages."

    def clean_reminders(self) -> str:
        """How to be reminded: "email", "text", or "" for not at all."""
        said = self.cleaned_data["reminders"]
        if isinstance(said, bool):
            return "email" if said else ""
        return "" if said == NO_REMINDERS else str(said)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        phone = cleaned.get("phone")
        if cleaned.get("reminders") == "text" and phone and not can_get_texts(phone):
            self.add_error(
                "reminders", "We send text messages to numbers in Canada and the United States only. Choose e-mail."
            )
        return cleaned

    def _word_the_name(self, for_other: bool) -> None:
        words = {
            "name": ("Patient's full name", "Enter the patient's name.")
            if for_other
            else ("Full name", "Enter your name."),
            "preferred_name": ("What they like to be called" if for_other else "What you like to be called", ""),
            "pronouns": ("Their pronouns" if for_other else "Your pronouns", ""),
            "email": ("Your e-mail address" if for_other else "E-mail address", ""),
            "phone": ("Your phone number" if for_other else "Phone number", ""),
        }
        for name, (label, required) in words.items():
            self.fields[name].label = label
            self.fields[name].error_messages.setdefault("max_length", f"“{label}” is too long.")
            if required:
                self.fields[name].error_messages["required"] = required
        if "visit" in self.fields:
            self.fields["visit"].label = (
                "Has the patient been to our clinic before?" if for_other else "Have you been to our clinic before?"
            )

    def _birth_date(self, today: date) -> BirthDateField:
        return BirthDateField(
            label="Patient's date of birth" if self.for_other else "Date of birth",
            today=today,
            help_text="This visit needs it. Year, month and day, such as 1980-11-24.",
            widget=forms.DateInput(attrs={"type": "date", "max": today.isoformat()}),
            error_messages={"required": "Enter the date of birth.", "max_length": "Enter it such as 1980-11-24."},
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
                field.widget.attrs["autocomplete"] = "off"  # Or the browser fills in the wrong person.
            elif self.for_other and name in _OF_WHO_BOOKS:
                # A section of its own: filling it in leaves the patient's fields alone (WCAG 1.3.5).
                field.widget.attrs["autocomplete"] = f"section-booker {_OF_WHO_BOOKS[name]}"
            elif not self.for_other and name in tokens:
                field.widget.attrs["autocomplete"] = tokens[name]
        for name in ("name", "preferred_name", "email"):
            self.fields[name].widget.attrs["spellcheck"] = "false"

    @cached_property
    def helper(self) -> PageHelper:
        """How it is laid out, where it is shown: mostly it is accepted, and nobody sees it again."""
        patient = ["name", "preferred_name", "pronouns", "date_of_birth", "visit"]
        reach = ["contact_name", "email", "phone", "reminders"]
        helper = PageHelper()
        helper.layout = Layout(
            "hold",
            "shown",
            "booking_for",
            Fieldset("The patient" if self.for_other else "About you", *(n for n in patient if n in self.fields)),
            Fieldset("About you" if self.for_other else "How we reach you", *(n for n in reach if n in self.fields)),
            Div("homepage", css_class="form-trap", aria_hidden="true"),
        )
        return helper

    @property
    def notice_version(self) -> str:
        """The version of the collection notice that was on the page."""
        return read_stamp(self.cleaned_data.get("shown", "")) or ""

    def answers(self) -> dict[str, Any]:
        """What was typed and is worth keeping, as plain values that a session can hold."""
        names = [name for name in self.fields if name not in {"hold", "shown", "homepage"}]
        values = {name: self.cleaned_data.get(name) for name in names}
        born_on = values.get("date_of_birth")
        if isinstance(born_on, date):
            values["date_of_birth"] = born_on.isoformat()
        return values | {"notice_version": self.notice_version}


def _reminders_in_words(service: Service, ahead: timedelta) -> str:
    """Which reminders still come, for a visit that is so far ahead."""
    each = _still_to_come(service, ahead)
    if not each:
        return "Send reminders by e-mail if the visit moves to a later day"
    return f"Send {'reminders' if len(each) > 1 else 'a reminder'} by e-mail: {all_of(each)} the visit"


def _when_they_come(service: Service, ahead: timedelta) -> str:
    each = _still_to_come(service, ahead)
    return f"{all_of(each)} the visit" if each else "only if the visit moves to a later day"


def _still_to_come(service: Service, ahead: timedelta) -> list[str]:
    return [f"{duration(before)} before" for before in service.reminders_before if before < ahead]


class CancelForm(SaidOnceForm):
    """Why a visit is called off, if the patient likes to say.

    ``reference`` and ``sequence`` name the visit that was shown, and as it then was.
    """

    reference = forms.CharField(widget=forms.HiddenInput, required=False, max_length=20)
    sequence = forms.CharField(widget=forms.HiddenInput, required=False, max_length=20)
    reason = LineField(
        label="Why are you cancelling?",
        required=False,
        max_length=200,
        help_text="It helps us to plan. Please leave out details about your health.",
        error_messages={"max_length": "The reason is too long: 200 characters fit."},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = PageHelper()


class LostLinkForm(SaidOnceForm):
    """Where to send the links: the address that was given when booking."""

    email = EmailLineField(
        label="E-mail address",
        max_length=254,
        help_text="The address you gave when you booked.",
        widget=forms.EmailInput(attrs={"autocomplete": "email", "spellcheck": "false"}),
        error_messages={
            "required": "Enter your e-mail address.",
            "invalid": "Enter the e-mail address in full, such as name@example.ca.",
            "max_length": "This is too long for an e-mail address.",
        },
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = PageHelper()
