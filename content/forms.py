"""The contact form."""

from collections.abc import Iterable
from typing import Any

from crispy_forms.layout import HTML, Layout
from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from booking.forms.antispam import HoneypotForm, PageHelper, honeypot
from booking.forms.fields import EmailLineField, LineField, ParagraphsField, PhoneField, validate_is_a_name
from booking.models import Practitioner


class ContactForm(HoneypotForm):
    """A message to the clinic or to one practitioner. Either an email address or a phone number is required."""

    name = LineField(
        label="Your name",
        max_length=120,
        validators=[validate_is_a_name],
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        error_messages={
            "required": "Enter your name.",
            "max_length": _("This name is too long. The limit is 120 characters."),
        },
    )
    email = EmailLineField(
        label=_("Email address"),
        required=False,
        max_length=254,
        help_text=_("We need an email address or a phone number so we can get back to you."),
        widget=forms.EmailInput(attrs={"autocomplete": "email", "spellcheck": "false"}),
        error_messages={
            "invalid": _("Enter a full email address, such as name@example.ca."),
            "max_length": _("This email address is too long. The limit is 254 characters."),
        },
    )
    phone = PhoneField(
        label="Phone number",
        required=False,
        max_length=40,
        widget=forms.TelInput(attrs={"autocomplete": "tel"}),
        error_messages={"max_length": PhoneField.MESSAGE},
    )
    to = forms.ChoiceField(
        label="Who is it for?", required=False, error_messages={"invalid_choice": _("Choose someone from the list.")}
    )
    message = ParagraphsField(
        label="Your message",
        max_length=4000,
        help_text=_("Please leave out details about your health. Tell us those at your appointment, or by phone."),
        widget=forms.Textarea(attrs={"rows": 7}),
        error_messages={
            "required": "Enter your message.",
            "max_length": _("Your message is too long. The limit is 4,000 characters."),
        },
    )

    def __init__(self, *args: Any, people: Iterable[Practitioner], about_page: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.people = {person.slug: person for person in people}
        for name in ("email", "phone"):
            self.fields[name].is_one_of_two = True  # type: ignore[attr-defined]  # Not "optional": one of them is needed.
        to: Any = self.fields["to"]
        to.choices = [("", "The front desk"), *((slug, person.name) for slug, person in self.people.items())]
        self.helper = PageHelper()
        field_names = ["name", "email", "phone", "to", "message"]
        if about_page:
            field_names.remove("to")
            self.fields["message"].label = gettext("What were you looking for, or what could be clearer?")
        self.helper.layout = Layout("shown", *field_names, honeypot())
        self.helper.layout.append(HTML('<button class="button" type="submit">Send message</button>'))

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        both_valid = not {"email", "phone"} & set(self.errors)
        if both_valid and not cleaned.get("email") and not cleaned.get("phone"):
            self.add_error("email", gettext("Enter an email address or a phone number so we can get back to you."))
        return cleaned

    @property
    def practitioner(self) -> Practitioner | None:
        """The recipient; None for the front desk."""
        return self.people.get(self.cleaned_data.get("to", ""))
