"""Correct a patient's phone number or e-mail address, and resend confirmations to it."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import AdminForm
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from booking import scheduling
from booking.forms.fields import EmailLineField, PhoneField
from booking.models import AccessLogEntry, Appointment, Patient
from booking.privacy.access_log import log_view
from booking.scheduling import Actor, SchedulingError
from booking.staff.formats import clock, format_phone, short_day
from booking.staff.inputs import PhoneInput


class CorrectContactForm(forms.Form):
    """``seen`` is the e-mail address when the page was rendered, to detect a concurrent change."""

    phone = PhoneField(
        max_length=40,
        widget=PhoneInput,
        error_messages={"required": _("Enter a phone number."), "max_length": PhoneField.MESSAGE},
    )
    email = EmailLineField(
        label=_("Email"),
        required=False,
        max_length=254,
        widget=forms.EmailInput(attrs={"class": "vTextField"}),
        help_text=_("Leave empty if they don't have one: then we don't send any messages."),
        error_messages={
            "invalid": _("Enter a full email address, such as name@example.ca."),
        },
    )
    send = forms.BooleanField(
        label="Send the confirmation of each upcoming visit to this address",
        required=False,
        help_text=_("Untick this to correct the address without sending anything."),
    )
    seen = forms.CharField(widget=forms.HiddenInput, required=False, max_length=254)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("send") and not cleaned.get("email") and "email" not in self.errors:
            self.add_error("email", gettext("Enter an address to send to, or untick sending."))
        return cleaned


def page(model_admin: admin.ModelAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """Show the contact details and upcoming appointments; on POST correct the contact details."""
    patient = get_object_or_404(model_admin.get_queryset(request), pk=pk)
    if not model_admin.has_change_permission(request, patient):
        raise PermissionDenied
    now = timezone.now()
    if request.method != "POST":
        initial = {
            "phone": format_phone(patient.phone),
            "email": patient.email,
            "send": bool(patient.email) and Appointment.objects.upcoming(now=now).filter(patient=patient).exists(),
            "seen": patient.email,
        }
        return _show(model_admin, request, patient, CorrectContactForm(initial=initial))
    form = CorrectContactForm(request.POST)
    if not form.is_valid():
        return _show(model_admin, request, patient, form, status=422)
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
        return _show(model_admin, request, patient, form, status=409)
    # The history names the corrected fields, but never the address.
    changed = [name for name in ("phone", "email") if getattr(corrected.patient, name) != getattr(patient, name)]
    if changed:
        model_admin.log_change(request, corrected.patient, [{"changed": {"fields": changed}}])
    messages.success(request, _success_message(corrected, changed))
    return HttpResponseRedirect(reverse("admin:booking_patient_change", args=[patient.pk]))


def _success_message(corrected: scheduling.CorrectedContact, changed: list[str]) -> str:
    sentences = ["Corrected." if changed else gettext("There was nothing to correct.")]
    if corrected.renewed:
        sentences.append(gettext("Earlier links no longer work."))
    if corrected.sent:
        noun = "confirmation is" if corrected.sent == 1 else "confirmations are"
        sentences.append(f"{corrected.sent} {noun} on the way to {corrected.patient.email}.")
    return " ".join(sentences)


def _show(
    model_admin: admin.ModelAdmin,
    request: HttpRequest,
    patient: Patient,
    form: CorrectContactForm,
    *,
    status: int = 200,
) -> HttpResponse:
    log_view(request, AccessLogEntry.Kind.RECORD, [patient])
    upcoming = Appointment.objects.upcoming(now=timezone.now()).filter(patient=patient)
    visits = upcoming.select_related("service", "practitioner", "location").order_by("starts_at", "pk")
    fields = ["phone", "email", "send"] if visits else ["phone", "email"]
    context = {
        **model_admin.admin_site.each_context(request),
        "opts": model_admin.opts,
        "title": gettext("Correct phone or email"),
        "subtitle": None,
        "patient": patient,
        "visits": [
            f"{short_day(visit.local_start)}, {clock(visit.local_start)}: {visit.service}, with {visit.practitioner}"
            for visit in visits
        ],
        "adminform": AdminForm(form, [(None, {"fields": fields})], {}, model_admin=model_admin),  # type: ignore[arg-type]
        "media": model_admin.media + form.media,
        "errors": form.errors,
    }
    return TemplateResponse(request, "admin/booking/patient/reach.html", context, status=status)
