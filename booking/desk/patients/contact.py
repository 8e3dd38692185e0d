"""/desk/patients/<pk>/contact/: correct a phone number or e-mail address, and send confirmations to it again."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from booking import scheduling
from booking.forms.fields import EmailLineField, PhoneField
from booking.models import AccessLogEntry, Appointment, Patient
from booking.privacy.access_log import log_view
from booking.scheduling import Actor, SchedulingError
from booking.staff.access import desk_page, staff_page
from booking.staff.formats import format_phone
from booking.staff.history import log_changed_fields


class CorrectContactForm(forms.Form):
    """``seen`` is the e-mail address when the page was rendered, to detect a concurrent change."""

    phone = PhoneField(
        max_length=40, error_messages={"required": _("Enter a phone number."), "max_length": PhoneField.MESSAGE}
    )
    email = EmailLineField(
        label=_("Email"),
        required=False,
        max_length=254,
        help_text=_("Leave empty if they don't have one: then we don't send any messages."),
        error_messages={"invalid": _("Enter a full email address, such as name@example.ca.")},
    )
    send = forms.BooleanField(
        label=_("Send the confirmation of each upcoming visit to this address"),
        required=False,
        help_text=_("Untick this to correct the address without sending anything."),
    )
    seen = forms.CharField(widget=forms.HiddenInput, required=False, max_length=254)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("send") and not cleaned.get("email") and "email" not in self.errors:
            self.add_error("email", gettext("Enter an address to send to, or untick sending."))
        return cleaned


@staff_page("booking.change_patient")
def correct_contact(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the contact details and the upcoming visits; on POST correct the details."""
    patient = get_object_or_404(Patient.objects.current(), pk=pk)
    now = timezone.now()
    if request.method != "POST":
        initial = {
            "phone": format_phone(patient.phone),
            "email": patient.email,
            "send": bool(patient.email) and Appointment.objects.upcoming(now=now).filter(patient=patient).exists(),
            "seen": patient.email,
        }
        return _show(request, patient, CorrectContactForm(initial=initial))
    form = CorrectContactForm(request.POST)
    if not form.is_valid():
        return _show(request, patient, form, status=422)
    try:
        corrected = scheduling.correct_contact(
            patient=patient,
            email=form.cleaned_data["email"],
            phone=form.cleaned_data["phone"],
            by=Actor.staff(request.user),
            now=now,
            send=form.cleaned_data["send"],
            seen_email=form.cleaned_data["seen"],
        )
    except SchedulingError as error:
        form.add_error(None, error.message)
        return _show(request, patient, form, status=409)
    # The history names the corrected fields, but never the address.
    changed = [name for name in ("phone", "email") if getattr(corrected.patient, name) != getattr(patient, name)]
    log_changed_fields(request.user, corrected.patient, changed)
    messages.success(request, _success_message(corrected, changed))
    return redirect("desk:patient", pk)


def _success_message(corrected: scheduling.CorrectedContact, changed: list[str]) -> str:
    sentences = [gettext("Corrected.") if changed else gettext("There was nothing to correct.")]
    if corrected.renewed:
        sentences.append(gettext("Earlier links no longer work."))
    if corrected.sent:
        sentence = ngettext(
            "%(count)d confirmation is on the way to %(email)s.",
            "%(count)d confirmations are on the way to %(email)s.",
            corrected.sent,
        )
        sentences.append(sentence % {"count": corrected.sent, "email": corrected.patient.email})
    return " ".join(sentences)


def _show(request: HttpRequest, patient: Patient, form: CorrectContactForm, *, status: int = 200) -> HttpResponse:
    log_view(request, AccessLogEntry.Kind.RECORD, [patient])
    upcoming = Appointment.objects.upcoming(now=timezone.now()).filter(patient=patient)
    visits = list(upcoming.select_related("service", "practitioner", "location").order_by("starts_at", "pk"))
    if not visits:
        form.fields["send"].widget = forms.HiddenInput()
    context = {"section": "patients", "patient": patient, "form": form, "visits": visits}
    return desk_page(request, "desk/patients/contact.html", context, status=status)
