"""The contact form."""

from collections.abc import Iterable
from typing import Any

from crispy_forms.helper import FormHelper
from crispy_forms.layout import HTML, Div, Layout
from django import forms
from django.core.exceptions import ValidationError
from phonenumber_field.formfields import PhoneNumberField

from booking.models import Practitioner
from booking.text import LineField, ParagraphsField


class ContactForm(forms.Form):
    """A message to the clinic or to one person of the team. Asks for one way to answer, not two.

    ``website`` is a trap: people never see it, programs fill it in.
    """

    name = LineField(
        label="Your name",
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        error_messages={"required": "Write your name.", "max_length": "This name is too long: 120 characters fit."},
    )
    email = forms.EmailField(
        label="E-mail address",
        required=False,
        max_length=254,
        help_text="An e-mail address or a phone number is enough.",
        widget=forms.EmailInput(attrs={"autocomplete": "email", "spellcheck": "false"}),
        error_messages={"invalid": "Write the e-mail address like name@example.com."},
    )
    phone = PhoneNumberField(
        label="Phone number",
        required=False,
        region="CA",
        widget=forms.TextInput(attrs={"autocomplete": "tel", "type": "tel"}),
        error_messages={"invalid": "Write the phone number with its area code, like 403-555-0123."},
    )
    to = forms.ChoiceField(
        label="Who is it for?", required=False, error_messages={"invalid_choice": "Choose somebody from the list."}
    )
    message = ParagraphsField(
        label="Your message",
        max_length=4000,
        help_text="Please leave out details about your health. Tell us those at your visit, or by phone.",
        widget=forms.Textarea(attrs={"rows": 7}),
        error_messages={
            "required": "Write your message.",
            "max_length": "Your message is too long: 4,000 characters fit.",
        },
    )
    website = forms.CharField(
        label="Leave this empty",
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"tabindex": "-1", "autocomplete": "off"}),
    )

    def __init__(self, *args: Any, people: Iterable[Practitioner], about_page: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.people = {person.slug: person for person in people}
        to: Any = self.fields["to"]
        to.choices = [("", "The front desk"), *((slug, person.name) for slug, person in self.people.items())]
        self.helper = FormHelper()
        self.helper.form_tag = False
        asked = ["name", "email", "phone", "to", "message"]
        if about_page:
            asked.remove("to")
            self.fields["message"].label = "What were you looking for, or what should be clearer?"
        self.helper.layout = Layout(*asked, Div("website", css_class="visually-hidden", aria_hidden="true"))
        self.helper.layout.append(HTML('<button class="button" type="submit">Send the message</button>'))

    def clean_website(self) -> str:
        if self.cleaned_data["website"]:
            raise ValidationError("This message looks as if a program had written it. Leave the last field empty.")
        return ""

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        nothing_wrong = not {"email", "phone"} & set(self.errors)
        if nothing_wrong and not cleaned.get("email") and not cleaned.get("phone"):
            self.add_error("email", "Give us an e-mail address or a phone number, so that we can answer.")
        return cleaned

    @property
    def practitioner(self) -> Practitioner | None:
        """Whom the message is for; nobody in particular goes to the front desk."""
        return self.people.get(self.cleaned_data.get("to", ""))
