"""?do=move and POST /desk/appointments/<reference>/move/: another time or person for a visit."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from booking import availability, scheduling
from booking.desk.appointments import told
from booking.desk.appointments.changes import has_changed, last_change
from booking.desk.appointments.find import panel_visit, visit_to_change
from booking.desk.appointments.form_address import panel_or_form
from booking.desk.appointments.visit import visit_panel
from booking.desk.calendar.page import CalendarPage, Panel, back_url, page_behind, render_page
from booking.desk.visit_times.free_slots import near, soonest
from booking.desk.visit_times.move_gaps import MoveGaps
from booking.desk.visit_times.time_form import VisitTimeForm, posted_fields, time_fields
from booking.formatting import clock, full_stop
from booking.models import Appointment, Practitioner, Status
from booking.scheduling import Actor, NeedsReason, SchedulingError
from booking.staff.access import staff_page
from booking.staff.undo import offer_undo

MOVABLE = (Status.BOOKED, Status.ARRIVED)


def move_panel(page: CalendarPage, visit: Appointment | None = None, form: VisitTimeForm | None = None) -> Panel | None:
    """The panel of ``?do=move``: with ``with`` and ``at``, filled in to be confirmed."""
    visit = panel_visit(page, visit)
    if visit is None or visit.status not in MOVABLE or not page.may("change_appointment"):
        return None
    chosen = _chosen(page, visit) if form is None else None
    is_open = form is not None or chosen is not None
    form = form or VisitTimeForm(visit=visit, locations=page.locations, initial=_initial(visit, chosen))
    form.focus_first_error()
    anyone = page.request.GET.get("who") == "anyone"
    context = {
        "visit": visit,
        "moving": MoveGaps.among(visit, form.offering),
        "form": form,
        "form_is_open": is_open,
        "button": _button(form, chosen),
        "from_to": _from_to(page, visit, chosen) if chosen else "",
        "anyone": anyone,
        "person_url": page.params.url(do="move", appointment=visit.reference, with_=None, at=None),
        "slots": _slots(page, visit, form, anyone=anyone),
        "today": page.today,
    }
    return Panel("desk/appointments/_move.html", context, [visit])


def _chosen(page: CalendarPage, visit: Appointment) -> tuple[datetime, Practitioner] | None:
    """The local start and the person that the address names, such as after a drag."""
    params = page.params
    if params.with_ is None or params.at is None:
        return None
    instants = availability.instants_of(params.day, params.at, visit.location.zone)
    return (instants[0].astimezone(visit.location.zone), params.with_) if instants else None


def _initial(visit: Appointment, chosen: tuple[datetime, Practitioner] | None) -> dict[str, Any]:
    local, person = chosen or (visit.local_start, visit.practitioner)
    fields = {"practitioner": person.slug, "location": visit.location.slug, "tell_patient": True}
    return {**time_fields(local), **fields}


def _button(form: VisitTimeForm, chosen: tuple[datetime, Practitioner] | None) -> str:
    if form.asked_for:
        return gettext("Move all the same")
    return gettext("Move to %(time)s") % {"time": clock(chosen[0])} if chosen else gettext("Move")


def _from_to(page: CalendarPage, visit: Appointment, chosen: tuple[datetime, Practitioner]) -> str:
    """Both times, before a move is confirmed."""
    return gettext("From %(old)s with %(old_person)s to %(new)s with %(new_person)s.") % {
        "old": told.when(visit.local_start, page.today),
        "old_person": visit.practitioner.given_names,
        "new": told.when(chosen[0], page.today),
        "new_person": chosen[1].given_names,
    }


def _slots(page: CalendarPage, visit: Appointment, form: VisitTimeForm, *, anyone: bool) -> Any:
    """The soonest free times; those near a time that was refused."""
    if form.is_bound and form.cleaned_data.get("starts_at"):
        person = form.cleaned_data.get("practitioner")
        starts_at = form.cleaned_data["starts_at"]
        return near(visit, page.practitioners, starts_at, now=page.now, person=person, moving=True)
    person = None if anyone else visit.practitioner
    return soonest(visit, page.practitioners, now=page.now, person=person)


@staff_page("booking.change_appointment")
@panel_or_form("move")
def move(request: HttpRequest, reference: str) -> HttpResponse:
    """Move the visit to the slot that was pressed, or to the time in the form."""
    visit = visit_to_change(request, reference)
    page = page_behind(request)
    form = VisitTimeForm(posted_fields(request.POST, page.locations), visit=visit, locations=page.locations)
    if not form.is_valid():
        return render_page(page, move_panel(page, visit, form) or _visit(page, visit), status=422)
    if has_changed(request, visit):
        return _refuse(page, visit, form, last_change(visit))
    try:
        moved = scheduling.reschedule(
            appointment=visit,
            starts_at=form.cleaned_data["starts_at"],
            practitioner=form.cleaned_data["practitioner"],
            location=form.cleaned_data["location"],
            by=Actor.staff(request.user),
            now=timezone.now(),
            exemption=form.exemption(),
            tell_patient=form.cleaned_data["tell_patient"],
        )
    except NeedsReason as error:
        form.ask_for_reason(error, may_overbook=page.may("overbook_appointment"))
        return render_page(page, move_panel(page, visit, form) or _visit(page, visit), status=409)
    except SchedulingError as error:
        current = visit_to_change(request, reference)
        return _refuse(page, current, form, last_change(current) if has_changed(request, current) else error.message)
    if moved.sequence == visit.sequence:
        messages.info(request, gettext("Nothing changed: the visit is at this time already."))
    else:
        _offer_undo(request, moved, page)
    return redirect(_back_to(request, moved))


def _offer_undo(request: HttpRequest, moved: Appointment, page: CalendarPage) -> None:
    sentence = gettext("%(patient)s moved to %(time)s with %(person)s.") % {
        "patient": moved.patient,
        "time": told.when(moved.local_start, page.today),
        "person": moved.practitioner.given_names,
    }
    sentence = f"{sentence} {told.is_told(moved, told.MOVED, now=timezone.now())}".strip()
    offer_undo(request, sentence, reverse("desk:undo_move", args=[moved.reference]), {"sequence": str(moved.sequence)})


def _refuse(page: CalendarPage, visit: Appointment, form: VisitTimeForm, sentence: str) -> HttpResponse:
    """Conflict: the visit as it is now, above what was typed, so that sending it again is deliberate."""
    form.visit = visit
    form.add_error(None, sentence)
    panel = move_panel(page, visit, form)
    if panel is None:  # It was cancelled, or is over.
        messages.error(page.request, sentence)
    return render_page(page, panel or _visit(page, visit), status=409)


def _visit(page: CalendarPage, visit: Appointment) -> Panel:
    panel = visit_panel(page, visit)
    assert panel is not None
    return panel


def _back_to(request: HttpRequest, visit: Appointment) -> str:
    return back_url(request, day=visit.local_on, appointment=visit.reference, do="", with_=None, at=None)


@require_POST
@staff_page("booking.change_appointment")
def undo_move(request: HttpRequest, reference: str) -> HttpResponse:
    """Move the visit back to where it was, if nobody has changed it or taken that time."""
    visit = visit_to_change(request, reference)
    if has_changed(request, visit):
        messages.error(request, last_change(visit))
        return redirect(_back_to(request, visit))
    try:
        moved = scheduling.undo_move(appointment=visit, by=Actor.staff(request.user), now=timezone.now())
    except SchedulingError as error:
        messages.error(request, f"{visit.patient}: {error.message}")
        return redirect(_back_to(request, visit))
    sentence = gettext("%(patient)s is back: %(time)s with %(person)s") % {
        "patient": moved.patient,
        "time": told.when(moved.local_start, timezone.localdate()),
        "person": moved.practitioner.given_names,
    }
    messages.success(request, full_stop(sentence))
    return redirect(_back_to(request, moved))
