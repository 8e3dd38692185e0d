"""/desk/privacy/patients/<pk>/dispose/: remove one person's details at their request."""

import re
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from booking.forms.fields import LineField
from booking.models import AccessLogEntry, Disposal, Patient
from booking.privacy.access_log import log_view
from booking.privacy.disposal import (
    DisposalRefused,
    DisposalReview,
    dispose,
    has_visits,
    kind_rows,
    known_identities,
    review,
)
from booking.scheduling import Actor
from booking.staff.access import desk_page, staff_page

REQUEST = Disposal.Kind.REQUEST
SHORTEST_PART = 3  # Letters of a part of a name that a reason may not contain.
LOCAL_DIGITS = 7  # Of a phone number, which a reason may not contain either, however it is written.


class DisposePatientForm(forms.Form):
    """Why, which the certificate keeps, and that the user is sure. Without visits no reason is needed."""

    reason = LineField(
        label=_("Reason"),
        max_length=200,
        help_text=_("The certificate keeps it, so don't name the person."),
        error_messages={"required": _("Enter the reason.")},
    )
    sure = forms.BooleanField(
        label=_("I've looked at what will go. It can't be undone."),
        error_messages={"required": _("Tick the box to confirm.")},
    )
    seen = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, patient: Patient, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._rows = [patient, *patient.merged_from.all()]
        self.fields["reason"].required = has_visits(patient)

    def clean_reason(self) -> str:
        reason = str(self.cleaned_data["reason"])
        identities = known_identities(self._rows)
        words = {word for identity in identities for word in identity.words}
        numbers = {phone[-LOCAL_DIGITS:] for identity in identities for phone in identity.phones}
        digits = re.sub(r"[^0-9]", "", reason)
        parts = {part for row in self._rows for part in re.findall(r"\w+", row.name) if len(part) >= SHORTEST_PART}
        has_name = any(word in reason.casefold() for word in words) or parts & set(re.findall(r"\w+", reason))
        if has_name or any(number in digits for number in numbers):
            raise forms.ValidationError(gettext("Write the reason without names, addresses and numbers."))
        return reason


@staff_page("booking.add_disposal")
def dispose_patient(request: HttpRequest, pk: int) -> HttpResponse:
    """Look at what would go; posted with the box ticked, remove it."""
    patient = get_object_or_404(Patient.objects.current(), pk=pk)
    form = DisposePatientForm(request.POST if request.method == "POST" else None, patient=patient)
    if not form.is_valid():
        return _show(request, patient, form, status=422 if form.is_bound else 200)
    try:
        certificate = dispose(
            patients=[patient.pk],
            by=Actor.staff(request.user),
            now=timezone.now(),
            kind=REQUEST,
            rule=form.cleaned_data["reason"] or "Asked for; never had an appointment",
            seen=form.cleaned_data["seen"],
            session=request.session,
        )
    except DisposalRefused as error:
        return _show(request, patient, form, problem=error.message, status=409)
    return redirect("desk:disposal", certificate.pk)


def _show(
    request: HttpRequest, patient: Patient, form: DisposePatientForm, *, problem: str = "", status: int
) -> HttpResponse:
    log_view(request, AccessLogEntry.Kind.RECORD, [patient])
    found: DisposalReview | None = None
    try:
        found = review(patients=[patient.pk], by=Actor.staff(request.user), now=timezone.now(), kind=REQUEST)
    except DisposalRefused as error:
        problem, status = error.message, 409 if request.method == "POST" else status
    context = {
        "section": "privacy",
        "patient": patient,
        "form": form,
        "review": found,
        "kinds": kind_rows(found.counts) if found else [],
        "problem": problem,
        "has_visits": has_visits(patient),
    }
    return desk_page(request, "desk/privacy/dispose_patient.html", context, status=status)
