"""Forms to choose a slot, to cancel and to request a lost link."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from booking.forms.antispam import PageHelper, SingleValueForm
from booking.forms.fields import EmailLineField, LineField


def visit_field() -> forms.ChoiceField:
    return forms.ChoiceField(
        choices=[("new", _("No, this is a first visit")), ("returning", _("Yes"))],
        widget=forms.RadioSelect,
        error_messages=dict.fromkeys(("required", "invalid_choice"), _("Choose whether this is a first visit.")),
    )


class TimeForm(SingleValueForm):
    """The chosen slot.

    ``read`` parses the value of ``start`` and raises ValueError if it is invalid. Whether the slot is
    still free is checked by the command.
    """

    start = forms.CharField(  # The template renders the buttons; error messages link to the first.
        max_length=100,
        error_messages={
            "required": _("Choose a time for your appointment."),
            "max_length": _("Choose one of the times shown."),
            "null_characters_not_allowed": _("Choose one of the times shown."),
        },
    )

    def __init__(self, *args: Any, read: Callable[[str], Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.read = read

    def clean_start(self) -> Any:
        try:
            return self.read(self.cleaned_data["start"])
        except ValueError:
            raise ValidationError(_("Choose one of the times shown.")) from None


class CancelForm(SingleValueForm):
    """Cancel an appointment, with an optional reason.

    ``reference`` and ``sequence`` identify the appointment and its version that the page showed.
    """

    reference = forms.CharField(widget=forms.HiddenInput, required=False, max_length=20)
    sequence = forms.CharField(widget=forms.HiddenInput, required=False, max_length=20)
    reason = LineField(
        label=_("Why are you cancelling?"),
        required=False,
        max_length=200,
        help_text=_("It helps us plan. Please leave out details about your health."),
        error_messages={"max_length": _("The reason is too long: use up to 200 characters.")},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = PageHelper()


class LostLinkForm(SingleValueForm):
    """Request links by e-mail; ``email`` must be the address that was given when booking."""

    email = EmailLineField(
        label=_("Email address"),
        max_length=254,
        help_text=_("The address you used when you booked."),
        widget=forms.EmailInput(attrs={"autocomplete": "email", "spellcheck": "false"}),
        error_messages={
            "required": _("Enter your email address."),
            "invalid": _("Enter the full email address, such as name@example.ca."),
        },
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = PageHelper()
