"""How a patient is reached: correct the phone or e-mail address, and send the confirmations again."""

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

from booking import scheduling
from booking.admin.inputs import PhoneInput
from booking.admin.words import clock, phone_in_words, short_day
from booking.fields import EmailLineField, PhoneField
from booking.models import Appointment, Patient
from booking.scheduling import Actor, Refused


class ReachForm(forms.Form):
    """``seen`` is the address that stood on the page when it was shown."""

    phone = PhoneField(
        max_length=40,
        widget=PhoneInput,
        error_messages={"required": "Write down a phone number.", "max_length": PhoneField.MESSAGE},
    )
    email = EmailLineField(
        label="E-mail",
        required=False,
        max_length=254,
        widget=forms.EmailInput(attrs={"class": "vTextField"}),
        help_text="Leave it empty if they have none: then nobody is written to.",
        error_messages={
            "invalid": "Enter the e-mail address in full, such as name@example.ca.",
            "max_length": "This is too long for an e-mail address.",
        },
    )
    send = forms.BooleanField(
        label="Send the confirmation of each upcoming visit to this address",
        required=False,
        help_text="Untick it to correct the address without writing.",
    )
    seen = forms.CharField(widget=forms.HiddenInput, required=False, max_length=254)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("send") and not cleaned.get("email") and "email" not in self.errors:
            self.add_error("email", "Write down an address to send to, or untick sending.")
        return cleaned


def page(office: admin.ModelAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """Show how they are reached and which visits are ahead; on POST correct it."""
    patient = get_object_or_404(office.get_queryset(request), pk=pk)
    if not office.has_change_permission(request, patient):
        raise PermissionDenied
    now = timezone.now()
    if request.method != "POST":
        here = {
            "phone": phone_in_words(patient.phone),
            "email": patient.email,
            "send": bool(patient.email) and Appointment.objects.upcoming(now=now).filter(patient=patient).exists(),
            "seen": patient.email,
        }
        return _show(office, request, patient, ReachForm(initial=here))
    form = ReachForm(request.POST)
    if not form.is_valid():
        return _show(office, request, patient, form, status=422)
    try:
        mended = scheduling.mend_contact(
            patient=patient,
            email=form.cleaned_data["email"],
            phone=form.cleaned_data["phone"],
            by=Actor.staff(request.user),
            now=now,
            send=form.cleaned_data["send"],
            seen_email=form.cleaned_data["seen"],
        )
    except Refused as refused:
        form.add_error(None, refused.message)
        return _show(office, request, patient, form, status=409)
    # The history names what was corrected, and no address.
    changed = [name for name in ("phone", "email") if getattr(mended.patient, name) != getattr(patient, name)]
    if changed:
        office.log_change(request, mended.patient, [{"changed": {"fields": changed}}])
    messages.success(request, _in_words(mended, changed))
    return HttpResponseRedirect(reverse("admin:booking_patient_change", args=[patient.pk]))


def _in_words(mended: scheduling.Mended, changed: list[str]) -> str:
    said = ["Corrected." if changed else "Nothing had to be corrected."]
    if mended.renewed:
        said.append("Links sent before open nothing any more.")
    if mended.sent:
        noun = "confirmation is" if mended.sent == 1 else "confirmations are"
        said.append(f"{mended.sent} {noun} on the way to {mended.patient.email}.")
    return " ".join(said)


def _show(
    office: admin.ModelAdmin, request: HttpRequest, patient: Patient, form: ReachForm, *, status: int = 200
) -> HttpResponse:
    ahead = Appointment.objects.upcoming(now=timezone.now()).filter(patient=patient)
    visits = ahead.select_related("service", "practitioner", "location").order_by("starts_at", "pk")
    fields = ["phone", "email", "send"] if visits else ["phone", "email"]
    context = {
        **office.admin_site.each_context(request),
        "opts": office.opts,
        "title": "Correct phone or e-mail",
        "subtitle": None,
        "patient": patient,
        "visits": [
            f"{short_day(visit.local_start)}, {clock(visit.local_start)}: {visit.service}, with {visit.practitioner}"
            for visit in visits
        ],
        "adminform": AdminForm(form, [(None, {"fields": fields})], {}, model_admin=office),  # type: ignore[arg-type]
        "media": office.media + form.media,
        "errors": form.errors,
    }
    return TemplateResponse(request, "admin/booking/patient/reach.html", context, status=status)
