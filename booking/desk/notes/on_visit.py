"""The notes of a visit, edited in its panel: ?do=note (the desk's), ?do=ownnote; POST /desk/notes/visits/."""

from dataclasses import replace

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from booking.desk.appointments.find import find_visit
from booking.desk.appointments.visit import visit_panel
from booking.desk.calendar.page import CalendarPage, Panel, back_url, page_behind, render_page
from booking.desk.notes.form import Audience, NoteForm, save_form
from booking.staff.access import staff_page, treats_patient


def note_panel(page: CalendarPage, form: NoteForm | None = None) -> Panel | None:
    """The visit's panel with the form of the desk's note."""
    return _panel(page, Audience.DESK, form)


def own_note_panel(page: CalendarPage) -> Panel | None:
    """The visit's panel with the form of the user's own note."""
    return _panel(page, Audience.OWN, None)


def _panel(page: CalendarPage, audience: Audience, form: NoteForm | None) -> Panel | None:
    panel = visit_panel(page)
    notes = panel.context["notes"] if panel else None
    if panel is None or notes is None or not notes.may_write:
        return panel
    note = notes.desk_note if audience == Audience.DESK else notes.own_note
    return replace(panel, context={**panel.context, "note_form": form or NoteForm.of(note, audience)})


@require_POST
@staff_page("booking.change_patientnote", own="booking.keep_own_day")
def visit_note(request: HttpRequest, reference: str) -> HttpResponse:
    """Save a note on the visit, and go back to its panel."""
    visit = find_visit(request, reference)
    if visit is None or visit.patient is None or not treats_patient(request, visit.patient):
        raise Http404
    form = NoteForm(request.POST)
    status = save_form(request, form, patient=visit.patient, appointment=visit)
    if not status:
        return redirect(back_url(request, appointment=reference, with_=None, at=None, do=""))
    page = page_behind(request)
    page = replace(page, params=replace(page.params, appointment=reference, with_=None, at=None, do="note"))
    panel = note_panel(page, form)
    if panel is None:
        raise Http404
    return render_page(page, panel, status=status)
