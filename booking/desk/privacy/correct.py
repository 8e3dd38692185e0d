"""/desk/privacy/patients/<pk>/correct/: correct a patient's data at their request, or record that it was refused."""

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
from booking.models import AccessLogEntry, Appointment, ChangeLogEntry, Patient
from booking.privacy.access_log import log_view
from booking.scheduling import CORRECTABLE, Actor, SchedulingError
from booking.staff.access import desk_page, staff_page
from booking.staff.formats import format_phone

_Action = ChangeLogEntry.Action


class CorrectionForm(forms.Form):
    """What patients can have corrected, and why it is.

    Each field carries what was shown, so that only what this user changed is written over what others wrote.
    """

    name = LineField(max_length=120, validators=[has_a_letter], error_messages={"required": _("Enter a name.")})
    preferred_name = LineField(max_length=120, required=False)
    pronouns = LineField(max_length=40, required=False)
    phone = PhoneField(
        max_length=40, error_messages={"required": _("Enter a phone number."), "max_length": PhoneField.MESSAGE}
    )
    email = EmailLineField(label=_("Email"), max_length=254, required=False)
    contact_name = LineField(
        max_length=120, required=False, help_text=_("Who we write to, if it isn’t the patient: a parent or relative.")
    )
    send = forms.BooleanField(
        label=_("Send the confirmation of each upcoming visit again"),
        required=False,
        help_text=_("With a different email address, every link sent so far stops working."),
    )
    reason = ParagraphsField(
        label=_("Why is it corrected?"),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Who asked for it and when, and what shows that the new values are right. Kept in the change log."),
        error_messages={"required": _("Write why it is corrected.")},
    )

    def __init__(self, *args: Any, has_visits: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["date_of_birth"] = BirthDateField(
            today=timezone.localdate(), label=_("Date of birth"), required=False,
            widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        )  # fmt: skip
        self.order_fields([*CORRECTABLE, "send", "reason"])
        for name in CORRECTABLE:
            self.fields[name].show_hidden_initial = True
        if not has_visits:
            del self.fields["send"]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not self.changes:
            self.add_error(None, gettext("Nothing is corrected yet. Change a value, or record a refusal below."))
        return cleaned

    @property
    def changes(self) -> dict[str, Any]:
        """The values that this user changed."""
        return {name: self.cleaned_data.get(name) for name in CORRECTABLE if name in self.changed_data}


class RefusalForm(forms.Form):
    """A correction that the patient asked for and the clinic refused."""

    prefix = "refusal"
    asked = ParagraphsField(
        label=_("What did they ask for?"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Write what they asked for.")},
    )
    reason = ParagraphsField(
        label=_("Why was it refused?"),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Write why it was refused.")},
    )
    statement = ParagraphsField(
        label=_("Their statement of disagreement"),
        max_length=5000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("In their own words, if they gave one."),
    )


@staff_page("booking.correct_patient")
def correct_patient(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the data; on POST correct them or, if the button ``refuse`` was pressed, record a refused request."""
    patient = get_object_or_404(Patient.objects.current(), pk=pk)
    has_visits = Appointment.objects.upcoming(now=timezone.now()).filter(patient=patient).exists()
    initial = {name: getattr(patient, name) for name in CORRECTABLE} | {"phone": format_phone(patient.phone)}
    is_refusal, is_post = "refuse" in request.POST, request.method == "POST"
    correction = CorrectionForm(
        request.POST if is_post and not is_refusal else None,
        initial=initial | {"send": bool(patient.email)},
        has_visits=has_visits,
    )
    refusal = RefusalForm(request.POST if is_refusal else None)
    form = refusal if is_refusal else correction
    if not form.is_valid():
        return _show(request, patient, correction, refusal, status=422 if form.is_bound else 200)
    try:
        _save(request, patient, correction, refusal)
    except SchedulingError as error:
        form.add_error(None, error.message)
        return _show(request, patient, correction, refusal, status=409)
    messages.success(request, gettext("The refusal is recorded.") if is_refusal else gettext("Corrected."))
    return redirect("desk:correct_patient", pk)


def _save(request: HttpRequest, patient: Patient, correction: CorrectionForm, refusal: RefusalForm) -> None:
    by = Actor.staff(request.user)
    if refusal.is_bound:
        scheduling.refuse_correction(patient=patient, **refusal.cleaned_data, by=by)
        return
    scheduling.correct_patient(
        patient=patient,
        values=correction.changes,
        reason=correction.cleaned_data["reason"],
        by=by,
        now=timezone.now(),
        send=correction.cleaned_data.get("send", False),
    )


def _show(
    request: HttpRequest, patient: Patient, correction: CorrectionForm, refusal: RefusalForm, *, status: int
) -> HttpResponse:
    log_view(request, AccessLogEntry.Kind.RECORD, [patient])
    earlier = ChangeLogEntry.objects.filter(patient=patient, action__in=[_Action.CORRECTED, _Action.REFUSED])
    context = {
        "section": "privacy",
        "patient": patient,
        "correction": correction,
        "refusal": refusal,
        "form": refusal if refusal.is_bound else correction,
        "earlier": earlier.select_related("actor"),
    }
    return desk_page(request, "desk/privacy/correct.html", context, status=status)
