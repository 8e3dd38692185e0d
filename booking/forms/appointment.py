"""Forms to choose a slot, to cancel and to request a lost link."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from booking.forms.antispam import PageHelper, SingleValueForm
from booking.forms.fields import EmailLineField, LineField


def visit_field(*, required: str) -> forms.ChoiceField:
    return forms.ChoiceField(
        choices=[("new", "No, this will be the first visit"), ("returning", "Yes")],
        widget=forms.RadioSelect,
        error_messages={"required": required, "invalid_choice": required},
    )


class TimeForm(SingleValueForm):
    """The chosen slot.

    ``read`` parses the value of ``start`` and raises ValueError if it is invalid. Whether the slot is
    still free is checked by the command.
    """

    start = forms.CharField(  # The template renders the buttons; error messages link to the first.
        max_length=100,
        error_messages={
            "required": "Choose a time for your appointment.",
            "max_length": "Choose one of the times shown.",
            "null_characters_not_allowed": "Choose one of the times shown.",
        },
    )

    def __init__(self, *args: Any, read: Callable[[str], Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.read = read

    def clean_start(self) -> Any:
        try:
            return self.read(self.cleaned_data["start"])
        except ValueError:
            raise ValidationError("Choose one of the times shown.") from None


class CancelForm(SingleValueForm):
    """Cancel an appointment, with an optional reason.

    ``reference`` and ``sequence`` identify the appointment and its version that the page showed.
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


class LostLinkForm(SingleValueForm):
    """Request links by e-mail; ``email`` must be the address that was given when booking."""

    email = EmailLineField(
        label="E-mail address",
        max_length=254,
        help_text="The address you gave when you booked.",
        widget=forms.EmailInput(attrs={"autocomplete": "email", "spellcheck": "false"}),
        error_messages={
            "required": "Enter your e-mail address.",
            "invalid": "Enter the e-mail address in full, such as name@example.ca.",
        },
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = PageHelper()
