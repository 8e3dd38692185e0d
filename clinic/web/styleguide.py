"""Living style guide: every component in every state."""

from datetime import UTC, datetime

from django import forms
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from clinic.accounts.second_factor import has_office_access


class SpecimenForm(forms.Form):
    """One field of every kind that the site's forms use."""

    name = forms.CharField(label="Full name", help_text="As it is on your health card.", max_length=200)
    preferred_name = forms.CharField(required=False, max_length=100)
    email = forms.EmailField(label="Email address", widget=forms.EmailInput(attrs={"autocomplete": "email"}))
    phone = forms.CharField(widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"}))
    born_on = forms.DateField(label="Date of birth", widget=forms.DateInput(attrs={"type": "date"}), required=False)
    practitioner = forms.ChoiceField(
        label="Who would you like to see?", choices=[("", "Anyone"), ("a", "Steve Hansen"), ("b", "Amara Okafor")]
    )
    first_visit = forms.ChoiceField(
        label="Have you been to the clinic before?",
        help_text="New patients need a longer first appointment.",
        choices=[("new", "No, this is my first visit"), ("returning", "Yes, I've been here before")],
        widget=forms.RadioSelect,
    )
    remind_by = forms.MultipleChoiceField(
        label="How should we remind you?",
        choices=[("email", "By email"), ("phone", "By phone")],
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    message = forms.CharField(widget=forms.Textarea, required=False, help_text="Please leave health details out.")
    newsletter = forms.BooleanField(label="Send me clinic news", required=False)


class StrictSpecimenForm(SpecimenForm):
    """The same fields, with validation that each of them can fail."""

    preferred_name = forms.CharField(max_length=5)
    born_on = forms.DateField(label="Date of birth", widget=forms.DateInput(attrs={"type": "date"}))
    phone = forms.CharField(min_length=10, widget=forms.TextInput(attrs={"type": "tel"}))
    remind_by = forms.MultipleChoiceField(
        label="How should we remind you?", choices=[("email", "By email")], widget=forms.CheckboxSelectMultiple
    )
    message = forms.CharField(widget=forms.Textarea)
    newsletter = forms.BooleanField(label="I've read the notice")


def specimen_in_error() -> SpecimenForm:
    """Return a bound form with an error on every field."""
    data = {"preferred_name": "Bartholomew", "email": "sam@", "phone": "1", "born_on": "", "practitioner": "x"}
    form = StrictSpecimenForm(data)
    form.is_valid()
    return form


# Focal points in percent: every step for which picture.css has a class.
FOCAL_POINTS = [(tenth, 100 - tenth) for tenth in range(0, 101, 10)]
NOTICES = [
    {"tone": tone, "label": label, "title": title, "text": "We're back on Monday.", "link": "#states"}
    | {"link_label": "Read more"}
    for tone, label, title in (
        ("info", "", "New: evening appointments on Tuesdays."),
        ("important", "Important", "The front desk closes at 12:00 p.m. on Friday."),
        ("urgent", "Urgent", "The clinic is closed today: the power is out."),
    )
]


@require_safe
def styleguide(request: HttpRequest) -> HttpResponse:
    """Show the style guide on a local site, or to staff; 404 otherwise."""
    if not (settings.IS_LOCAL or has_office_access(request)):
        raise Http404
    context = {
        "crumbs": [("Home", "/"), ("Treatments", "/treatments/"), ("Dry needling", "")],
        "specimen": SpecimenForm(prefix="empty"),
        "specimen_in_error": specimen_in_error(),
        "starts_at": datetime(2026, 11, 24, 15, 0, tzinfo=UTC),
        "specimen_notices": NOTICES,
        "focal_points": FOCAL_POINTS,
        "areas": ["Back", "Knee", "Shoulder", "I'm not sure"],
        "signs_911": ["sudden chest pain", "trouble breathing"],
        "signs_811": ["a treated spot that is hot, swollen or weeping", "soreness that lasts longer than two days"],
    }
    return render(request, "styleguide.html", context)
