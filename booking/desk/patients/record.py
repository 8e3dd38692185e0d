"""/desk/patients/<pk>/: a patient's record, and the question why a practitioner opens another's patient."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from booking.desk.notes.form import Audience, NoteForm
from booking.desk.notes.load import load_notes
from booking.desk.patients.load import load_record
from booking.forms.fields import LineField
from booking.models import AccessLogEntry, Patient
from booking.privacy.access_log import log_view
from booking.staff.access import desk_page, may_open_patient, open_with_reason, opening_reason, staff_page

_EDITED = {"note": Audience.DESK, "ownnote": Audience.OWN}  # ?edit=


class OpeningReasonForm(forms.Form):
    """Why a practitioner opens the record of another's patient."""

    reason = LineField(
        label=_("Why do you need this record?"),
        min_length=5,
        max_length=200,
        help_text=_("For example: “I cover for Mei Lin today.”"),
        error_messages={
            "required": _("Write why you need this record."),
            "min_length": _("Write a reason of at least 5 characters."),
        },
    )


@require_safe
@staff_page("booking.view_patient", "booking.change_patient", own="booking.view_own_day")
def patient(request: HttpRequest, pk: int) -> HttpResponse:
    """The record; ``?edit=note`` and ``?edit=ownnote`` open a note's form. A merged patient's address leads on."""
    found = get_object_or_404(Patient, pk=pk)
    if found.merged_into_id is not None:
        return _surviving(request, found)
    if found.disposed_at is not None:
        return desk_page(request, "desk/patients/disposed.html", {"section": "patients", "patient": found})
    if not may_open_patient(request, found):
        return _ask_why(request, pk, OpeningReasonForm())
    audience = _EDITED.get(request.GET.get("edit", ""))
    return render_record(request, found, edited=audience)


def render_record(
    request: HttpRequest,
    patient: Patient,
    *,
    edited: Audience | None = None,
    note_form: NoteForm | None = None,
    status: int = 200,
) -> HttpResponse:
    """Render the record, with the form of a note, and log whom it shows."""
    notes = load_notes(request, patient)
    if edited is not None and note_form is None and notes.may_write:
        note = notes.desk_note_on_patient if edited == Audience.DESK else notes.own_note_on_patient
        note_form = NoteForm.of(note, edited)
    record = load_record(patient, request)
    shown = [patient, *(duplicate.patient for duplicate in record.duplicates)]
    log_view(request, AccessLogEntry.Kind.RECORD, shown, reason=opening_reason(request, patient))
    context = {
        "section": "patients",
        "patient": patient,
        "record": record,
        "notes": notes,
        "note_form": note_form,
        "today": timezone.localdate(),
    }
    return desk_page(request, "desk/patients/record.html", context, status=status)


@require_POST
@staff_page("booking.view_patient", "booking.change_patient", own="booking.view_own_day")
def open_patient(request: HttpRequest, pk: int) -> HttpResponse:
    """Open the record of another's patient for an hour, with a reason that the access log keeps."""
    found = get_object_or_404(Patient.objects.current(), pk=pk)
    if not may_open_patient(request, found):
        form = OpeningReasonForm(request.POST)
        if not form.is_valid():
            return _ask_why(request, pk, form, status=422)
        open_with_reason(request, found, form.cleaned_data["reason"])
    return redirect("desk:patient", pk)


def _ask_why(request: HttpRequest, pk: int, form: OpeningReasonForm, *, status: int = 200) -> HttpResponse:
    """The question names nobody, so it is no view of a patient."""
    context = {"section": "patients", "form": form, "pk": pk}
    return desk_page(request, "desk/patients/open.html", context, status=status)


def _surviving(request: HttpRequest, merged: Patient) -> HttpResponse:
    user: Any = request.user
    if user.has_perm("booking.view_patient") or user.has_perm("booking.change_patient"):
        log_view(request, AccessLogEntry.Kind.RECORD, [merged])  # The message names them.
        messages.info(request, gettext("%(name)s was merged into this patient.") % {"name": merged})
    return redirect("desk:patient", merged.merged_into_id)
