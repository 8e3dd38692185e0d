"""?do=series and POST /desk/appointments/<reference>/series/: a visit every week or two, several times."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy, ngettext

from booking import scheduling
from booking.desk.appointments import told
from booking.desk.appointments.find import may_keep, panel_visit, visit_to_change
from booking.desk.appointments.form_address import panel_or_form
from booking.desk.appointments.visit import series_place
from booking.desk.calendar.page import CalendarPage, Panel, back_url, page_behind, render_page
from booking.desk.visit_times.free_slots import choice_of
from booking.desk.visit_times.time_form import TimeChoice
from booking.models import Appointment, Practitioner
from booking.scheduling import Actor, SchedulingError, SeriesDate
from booking.staff.access import own_practitioner, staff_page

MOST = 12
USUAL = {"every": "1", "times": "6"}


class SeriesForm(forms.Form):
    """How often, how many times, and whether the patient is told."""

    use_required_attribute = False

    every = forms.ChoiceField(
        label=gettext_lazy("How often"),
        choices=[("1", gettext_lazy("Every week")), ("2", gettext_lazy("Every 2 weeks"))],
    )
    times = forms.IntegerField(
        label=gettext_lazy("How many more"),
        min_value=1,
        max_value=MOST,
        error_messages={
            "min_value": gettext_lazy("Choose 1 to 12 visits."),
            "max_value": gettext_lazy("Choose 1 to 12 visits."),
            "invalid": gettext_lazy("Choose 1 to 12 visits."),
            "required": gettext_lazy("Choose 1 to 12 visits."),
        },
    )


@dataclass(frozen=True)
class SeriesRow:
    """One date: the start to tick, which is the nearest free one where the wanted one is not free."""

    on: date
    wanted: datetime | None
    problem: str
    choice: TimeChoice | None
    is_ticked: bool


def series_panel(
    page: CalendarPage, visit: Appointment | None = None, posted: Any = None, problem: str = ""
) -> Panel | None:
    """The panel of ``?do=series``; ``posted``: what was sent and refused because of ``problem``."""
    visit = panel_visit(page, visit)
    if visit is None or not may_keep(page, visit, "add_appointment"):
        return None
    given = posted if posted is not None else page.request.GET
    form = SeriesForm({name: given.get(name, usual) for name, usual in USUAL.items()}, label_suffix="")
    ticked = set(posted.getlist("start")) if posted is not None else None
    context = {
        "visit": visit,
        "form": form,
        "rows": _rows(page, visit, form, ticked) if form.is_valid() else [],
        "problem": problem,
        "series_place": series_place(visit),
        "can_email": bool(visit.patient and visit.patient.email),
        "tells": posted is None or "tell_patient" in posted,
        "most": MOST,
    }
    return Panel("desk/appointments/_series.html", context, [visit])


def _rows(page: CalendarPage, visit: Appointment, form: SeriesForm, ticked: set[str] | None) -> list[SeriesRow]:
    dates = scheduling.series_dates(
        original=visit,
        every_weeks=int(form.cleaned_data["every"]),
        times=form.cleaned_data["times"],
        now=page.now,
    )
    return [_row(visit, found, page.practitioners, ticked) for found in dates]


def _row(visit: Appointment, found: SeriesDate, people: Sequence[Practitioner], ticked: set[str] | None) -> SeriesRow:
    wanted = found.starts_at.astimezone(visit.location.zone) if found.starts_at else None
    choice = None
    if wanted and not found.problem:
        choice = TimeChoice(wanted, visit.practitioner, visit.location)
    elif found.nearest:
        choice = choice_of(found.nearest, people, visit.location)
    is_ticked = choice is not None and (choice.value in ticked if ticked is not None else not found.problem)
    return SeriesRow(found.on, wanted, found.problem, choice, is_ticked)


@staff_page("booking.add_appointment", own="booking.keep_own_day")
@panel_or_form("series")
def series(request: HttpRequest, reference: str) -> HttpResponse:
    """Book the ticked dates, all or none."""
    visit = visit_to_change(request, reference)
    page = page_behind(request)
    own = own_practitioner(request)
    starts = _starts(request.POST.getlist("start"), visit, [own] if own else page.practitioners)
    if not starts:
        return _refuse(page, visit, gettext("Tick at least one date."), status=422)
    try:
        booked = scheduling.book_series(
            original=visit,
            starts=starts,
            by=Actor.staff(request.user),
            now=timezone.now(),
            tell_patient="tell_patient" in request.POST,
        )
    except SchedulingError as error:
        sentence = gettext("%(problem)s None of the visits was booked.") % {"problem": error.message}
        return _refuse(page, visit, sentence, status=409)
    sentence = ngettext("Booked %(count)d visit for %(name)s.", "Booked %(count)d visits for %(name)s.", len(booked))
    sentence %= {"count": len(booked), "name": visit.patient}
    messages.success(request, f"{sentence} {told.is_told(booked[0], told.BOOKED, now=timezone.now())}".strip())
    return redirect(back_url(request, appointment=visit.reference, do="", with_=None, at=None))


def _starts(
    values: Sequence[str], visit: Appointment, people: Sequence[Practitioner]
) -> list[tuple[datetime, Practitioner]]:
    """The starts that were ticked, at most twelve; malformed ones are left out."""
    found = {}
    for value in values[:MOST]:
        slug, _, seconds = value.rpartition(" ")
        person = next((person for person in people if slug == f"{person.slug} {visit.location.slug}"), None)
        if person and seconds.isascii() and seconds.isdigit() and len(seconds) < 12:
            found[int(seconds)] = person
    return [(datetime.fromtimestamp(second, tz=visit.location.zone), person) for second, person in found.items()]


def _refuse(page: CalendarPage, visit: Appointment, problem: str, *, status: int) -> HttpResponse:
    panel = series_panel(page, visit, page.request.POST, problem)
    assert panel is not None  # The view has checked the same permission.
    return render_page(page, panel, status=status)
