"""POST /desk/patients/<pk>/note/: save a note on a patient, edited in place on the record."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from booking.desk.notes.form import NoteForm, save_form
from booking.desk.patients.record import render_record
from booking.staff.access import staff_page, visible_patients


@require_POST
@staff_page("booking.change_patientnote", own="booking.keep_own_day")
def patient_note(request: HttpRequest, pk: int) -> HttpResponse:
    """Save the note, and go back to the record. Practitioners write about own patients only."""
    patient = get_object_or_404(visible_patients(request), pk=pk)
    form = NoteForm(request.POST)
    status = save_form(request, form, patient=patient)
    if not status:
        return redirect("desk:patient", pk)
    return render_record(request, patient, note_form=form, status=status)
