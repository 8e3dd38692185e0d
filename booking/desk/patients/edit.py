"""/desk/patients/new/ and /desk/patients/<pk>/edit/: names, date of birth, and whether they book by phone only."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from booking import scheduling
from booking.forms.fields import BirthDateField, EmailLineField, LineField, ParagraphsField, PhoneField
from booking.forms.fields import validate_has_a_letter as has_a_letter
from booking.models import AccessLogEntry, Patient
from booking.privacy.access_log import log_view
from booking.scheduling import DETAILS, Actor, SchedulingError
from booking.staff.access import desk_page, staff_page
from booking.staff.history import log_changed_fields


class PatientDetailsForm(forms.Form):
    """Names and the rest that is neither phone nor email.

    Each field carries what was shown, so that only what this user changed is written over what others wrote.
    """

    name = LineField(max_length=120, validators=[has_a_letter], error_messages={"required": _("Enter a name.")})
    preferred_name = LineField(max_length=120, required=False, help_text=_("What to call them, if it’s different."))
    pronouns = LineField(max_length=40, required=False)
    contact_name = LineField(
        max_length=120, required=False, help_text=_("Who we write to, if it isn’t the patient: a parent or relative.")
    )
    books_by_phone_only = forms.BooleanField(
        required=False,
        help_text=_(
            "Online booking with this person’s details ends in “Please call us”, and never says why. "
            "Staff can book them as always."
        ),
    )
    phone_only_note = ParagraphsField(
        label=_("Why by phone only"),
        max_length=1000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("For staff. Patients never see it."),
    )
    field_order: tuple[str, ...] = DETAILS

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        born = BirthDateField(
            today=timezone.localdate(), label=_("Date of birth"), required=False,
            widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        )  # fmt: skip
        self.fields["date_of_birth"] = born
        self.order_fields(self.field_order)
        for field in self.fields.values():
            field.show_hidden_initial = True


class NewPatientForm(PatientDetailsForm):
    """A patient who calls: with phone and email, and a warning of possible duplicates."""

    phone = PhoneField(
        max_length=40, error_messages={"required": _("Enter a phone number."), "max_length": PhoneField.MESSAGE}
    )
    email = EmailLineField(
        max_length=254, required=False, help_text=_("Leave empty if they don’t have one: then we don’t send any.")
    )
    add_anyway = forms.BooleanField(label=_("Add a new patient all the same"), required=False)
    field_order = ("name", "phone", "email", *DETAILS[1:], "add_anyway")


@staff_page("booking.change_patient")
def edit_patient(request: HttpRequest, pk: int) -> HttpResponse:
    patient = get_object_or_404(Patient.objects.current(), pk=pk)
    initial = {name: getattr(patient, name) for name in DETAILS}
    form = PatientDetailsForm(request.POST if request.method == "POST" else None, initial=initial)
    if not form.is_valid():
        return _show(request, form, patient=patient)
    values = {name: form.cleaned_data[name] for name in form.changed_data}
    try:
        changed = scheduling.change_patient(
            patient=patient, values=values, by=Actor.staff(request.user), now=timezone.now()
        )
    except SchedulingError as error:
        form.add_error(None, error.message)
        return _show(request, form, patient=patient, status=409)
    log_changed_fields(request.user, changed, sorted(values))
    messages.success(request, gettext("Saved.") if values else gettext("Nothing changed."))
    return redirect("desk:patient", pk)


@staff_page("booking.add_patient")
def new_patient(request: HttpRequest) -> HttpResponse:
    """Add a patient. Possible duplicates are shown first, and added only when the user says so."""
    form = NewPatientForm(request.POST if request.method == "POST" else None)
    if not form.is_valid():
        return _show(request, form)
    values = {name: form.cleaned_data[name] for name in (*DETAILS, "phone", "email")}
    duplicates = scheduling.possible_duplicates(Patient(**values))
    if duplicates and not form.cleaned_data["add_anyway"]:
        form.add_error("add_anyway", gettext("This may be someone who is here already. Look at the list first."))
        return _show(request, form, duplicates=duplicates)
    patient = scheduling.add_patient(values=values, by=Actor.staff(request.user), now=timezone.now())
    messages.success(request, gettext("%(name)s is now a patient.") % {"name": patient})
    return redirect("desk:patient", patient.pk)


def _show(
    request: HttpRequest,
    form: PatientDetailsForm,
    *,
    patient: Patient | None = None,
    duplicates: list[Patient] | None = None,
    status: int | None = None,
) -> HttpResponse:
    if not duplicates and "add_anyway" in form.fields:
        form.fields["add_anyway"].widget = forms.HiddenInput()
    log_view(request, AccessLogEntry.Kind.RECORD, [patient, *(duplicates or [])])
    context = {"section": "patients", "form": form, "patient": patient, "duplicates": duplicates}
    return desk_page(request, "desk/patients/edit.html", context, status=status or (422 if form.errors else 200))
