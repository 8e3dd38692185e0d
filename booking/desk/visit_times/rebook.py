"""?do=rebook and POST /desk/appointments/<reference>/rebook/: the same visit again, a week later or at another time."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext

from booking import scheduling
from booking.desk.appointments import told
from booking.desk.appointments.find import may_keep, panel_visit, visit_to_change
from booking.desk.appointments.form_address import panel_or_form
from booking.desk.calendar.page import CalendarPage, Panel, back_url, page_behind, render_page
from booking.desk.visit_times.free_slots import SHOWN, choices_of, near
from booking.desk.visit_times.time_form import TimeChoice, VisitTimeForm, posted_fields, time_fields
from booking.models import Appointment, Channel
from booking.scheduling import Actor, NeedsReason, SchedulingError, SeriesDate, Slot
from booking.staff.access import own_practitioner, staff_page


def rebook_panel(
    page: CalendarPage, visit: Appointment | None = None, form: VisitTimeForm | None = None
) -> Panel | None:
    """The panel of ``?do=rebook``: one button if the time a week later is free, else the nearest free times."""
    visit = panel_visit(page, visit)
    if visit is None or not may_keep(page, visit, "add_appointment"):
        return None
    preset, free = scheduling.week_later(original=visit, now=page.now, count=SHOWN)
    is_open = form is not None
    form = form or _new_form(page, visit, preset)
    form.focus_first_error()
    context = {
        "visit": visit,
        "form": form,
        "form_is_open": is_open,
        "button": gettext("Book all the same") if form.asked_for else gettext("Book"),
        "preset": preset,
        "preset_choice": _preset_choice(visit, preset),
        "slots": _slots(page, visit, free, form),
        "today": page.today,
    }
    return Panel("desk/appointments/_rebook.html", context, [visit])


def _new_form(page: CalendarPage, visit: Appointment, preset: SeriesDate) -> VisitTimeForm:
    wanted = preset.starts_at.astimezone(visit.location.zone) if preset.starts_at else visit.local_start
    initial = {
        **time_fields(wanted),
        "practitioner": visit.practitioner.slug,
        "location": visit.location.slug,
        "tell_patient": True,
    }
    return _form(page, visit, initial=initial)


def _form(page: CalendarPage, visit: Appointment, **arguments: object) -> VisitTimeForm:
    own = own_practitioner(page.request)  # Practitioners book for themselves.
    form = VisitTimeForm(visit=visit, locations=page.locations, own=own, **arguments)
    if "tell_patient" in form.fields and visit.patient:
        form.fields["tell_patient"].label = gettext("Email %(name)s the details") % {"name": visit.patient.given_names}
    return form


def _preset_choice(visit: Appointment, preset: SeriesDate) -> TimeChoice | None:
    if preset.problem or preset.starts_at is None:
        return None
    return TimeChoice(preset.starts_at.astimezone(visit.location.zone), visit.practitioner, visit.location)


def _slots(page: CalendarPage, visit: Appointment, free: list[Slot], form: VisitTimeForm) -> list[TimeChoice]:
    """The free times near the one that was refused; ``free``: those near the time a week later."""
    if not form.is_bound:
        return choices_of(free, visit, page.practitioners)
    refused = form.cleaned_data.get("starts_at")
    if refused is None:
        return []
    return near(visit, page.practitioners, refused, now=page.now, person=visit.practitioner, moving=False)


@staff_page("booking.add_appointment", own="booking.keep_own_day")
@panel_or_form("rebook")
def rebook(request: HttpRequest, reference: str) -> HttpResponse:
    """Book the slot that was pressed, or the time in the form."""
    visit = visit_to_change(request, reference)
    page = page_behind(request)
    form = _form(page, visit, data=posted_fields(request.POST, page.locations))
    if not form.is_valid():
        return _show(page, visit, form, status=422)
    assert visit.patient is not None
    try:
        booked = scheduling.book_by_staff(
            service=visit.service,
            starts_at=form.cleaned_data["starts_at"],
            practitioner=form.cleaned_data["practitioner"],
            location=form.cleaned_data["location"],
            patient=visit.patient,
            by=Actor.staff(request.user),
            now=timezone.now(),
            exemption=form.exemption(),
            is_first_visit=None if visit.is_first_visit is None else False,
            reminders=visit.reminders,
            reminders_by=Channel(visit.reminders_by),
            tell_patient=form.cleaned_data["tell_patient"],
        )
    except NeedsReason as error:
        form.ask_for_reason(error, may_overbook=page.may("overbook_appointment"))
        return _show(page, visit, form, status=409)
    except SchedulingError as error:
        form.add_error(None, error.message)
        return _show(page, visit, form, status=409)
    sentence = gettext("Booked: %(patient)s, %(time)s with %(person)s.") % {
        "patient": booked.patient,
        "time": told.when(booked.local_start, page.today),
        "person": booked.practitioner.given_names,
    }
    messages.success(request, f"{sentence} {told.is_told(booked, told.BOOKED, now=timezone.now())}".strip())
    return redirect(back_url(request, appointment=visit.reference, do="", with_=None, at=None))


def _show(page: CalendarPage, visit: Appointment, form: VisitTimeForm, *, status: int) -> HttpResponse:
    panel = rebook_panel(page, visit, form)
    assert panel is not None  # The view has checked the same permission.
    return render_page(page, panel, status=status)
