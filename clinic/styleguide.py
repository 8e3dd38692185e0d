"""The living style guide: every component in its states, for whoever writes a page."""

from datetime import UTC, datetime
from typing import Any

from django import forms
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe


class SpecimenForm(forms.Form):
    """One field of every kind that our forms use."""

    name = forms.CharField(label="Full name", help_text="As it is on your health card.", max_length=200)
    preferred_name = forms.CharField(required=False, max_length=100)
    email = forms.EmailField(label="E-mail address", widget=forms.EmailInput(attrs={"autocomplete": "email"}))
    phone = forms.CharField(widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"}))
    born_on = forms.DateField(label="Date of birth", widget=forms.DateInput(attrs={"type": "date"}), required=False)
    practitioner = forms.ChoiceField(
        label="Who would you like to see?", choices=[("", "Anyone"), ("a", "Steve Hansen"), ("b", "Amara Okafor")]
    )
    first_visit = forms.ChoiceField(
        label="Have you been to the clinic before?",
        help_text="We believe what you say here.",
        choices=[("new", "No, this is my first visit"), ("returning", "Yes, I have been before")],
        widget=forms.RadioSelect,
    )
    remind_by = forms.MultipleChoiceField(
        label="How should we remind you?",
        choices=[("email", "By e-mail"), ("phone", "By phone")],
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    message = forms.CharField(widget=forms.Textarea, required=False, help_text="Please leave health details out.")
    newsletter = forms.BooleanField(label="Send me news of the clinic", required=False)


class DemandingForm(SpecimenForm):
    """The same fields, each of which can be refused."""

    preferred_name = forms.CharField(max_length=5)
    born_on = forms.DateField(label="Date of birth", widget=forms.DateInput(attrs={"type": "date"}))
    phone = forms.CharField(min_length=10, widget=forms.TextInput(attrs={"type": "tel"}))
    remind_by = forms.MultipleChoiceField(
        label="How should we remind you?", choices=[("email", "By e-mail")], widget=forms.CheckboxSelectMultiple
    )
    message = forms.CharField(widget=forms.Textarea)
    newsletter = forms.BooleanField(label="I have read the notice")


def specimen_in_error() -> SpecimenForm:
    """Every control as it looks when its answer is refused."""
    given = {"preferred_name": "Bartholomew", "email": "sam@", "phone": "1", "born_on": "", "practitioner": "x"}
    form = DemandingForm(given)
    form.is_valid()
    return form


# One row of pictures that goes through every tenth the focal point can lie at.
FOCAL_POINTS = [(tenth, 100 - tenth) for tenth in range(0, 101, 10)]
NOTICES = [
    {"tone": tone, "label": label, "title": title, "text": "We are back on Monday.", "link": "#states"}
    | {"link_label": "Read more"}
    for tone, label, title in (
        ("info", "", "New: evening visits on Tuesdays."),
        ("important", "Important", "The front desk closes at noon on Friday."),
        ("urgent", "Urgent", "The clinic is closed today: the power is out."),
    )
]


@require_safe
def styleguide(request: HttpRequest) -> HttpResponse:
    """Show the style guide on a person's own machine, or to staff; elsewhere it does not exist."""
    user: Any = getattr(request, "user", None)
    if not (settings.IS_LOCAL or (user is not None and user.is_staff)):
        raise Http404
    context = {
        "crumbs": [("Home", "/"), ("Treatments", "/treatments/"), ("Dry needling", "")],
        "specimen": SpecimenForm(prefix="empty"),
        "specimen_in_error": specimen_in_error(),
        "starts_at": datetime(2026, 11, 24, 15, 0, tzinfo=UTC),
        "specimen_notices": NOTICES,
        "focal_points": FOCAL_POINTS,
        "areas": ["Back", "Knee", "Shoulder", "I do not know"],
        "signs_911": ["sudden chest pain", "trouble breathing"],
        "signs_811": ["a treated spot that is hot, swollen or weeping", "soreness that lasts longer than two days"],
    }
    return render(request, "styleguide.html", context)
