"""/desk/print/: the day, or one practitioner's week, on paper."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from booking.desk.calendar.board import CalendarColumn
from booking.desk.calendar.page import CalendarPage, load_page
from booking.desk.calendar.params import DAY_VIEW, WEEK_VIEW
from booking.models import Appointment, PatientNote, Status
from booking.privacy.access_log import log_view
from booking.staff.access import desk_page, staff_page


@dataclass(frozen=True)
class PrintedSection:
    """A practitioner's day on paper: visits with the desk's notes, and free times."""

    column: CalendarColumn
    rows: list[tuple[Appointment, str]]


@require_safe
@staff_page("booking.view_appointment", own="booking.view_own_day")
def print_page(request: HttpRequest) -> HttpResponse:
    """``?week=1`` prints the week of ``?with=``; ``?each=1`` begins a sheet for each practitioner or day."""
    user: Any = request.user
    page = load_page(request, request.GET, WEEK_VIEW if request.GET.get("week") == "1" else DAY_VIEW)
    sections = _sections(page)
    visits = [visit for section in sections for visit, _note in section.rows]
    log_view(request, page.log_kind, visits)
    query = request.GET.copy()
    query.pop("each", None)
    context = {
        "section": "calendar",
        "page": page,
        "params": page.params,
        "today": page.today,
        "now": page.now.astimezone(page.locations[0].zone) if page.locations else page.now,
        "location": page.params.location or (page.locations[0] if len(page.locations) == 1 else None),
        "closures": page.board.closures[page.params.day],
        "sections": sections,
        "visit_count": len(visits),
        "printed_by": user.get_full_name() or user.get_username(),
        "one_each": request.GET.get("each") == "1",
        "query": query.urlencode(),
    }
    return desk_page(request, "desk/calendar/print.html", context)


def _sections(page: CalendarPage) -> list[PrintedSection]:
    """The columns with hours or visits; cancelled visits and holds are not printed."""
    columns = [(column, _printed(column)) for column in page.board.columns]
    printed = [visit.pk for _column, visits in columns for visit in visits]
    notes = PatientNote.objects.filter(audience=PatientNote.Audience.DESK, appointment__in=printed)
    texts = dict(notes.values_list("appointment_id", "text"))
    return [
        PrintedSection(column, [(visit, texts.get(visit.pk, "")) for visit in visits])
        for column, visits in columns
        if visits or column.hours
    ]


def _printed(column: CalendarColumn) -> list[Appointment]:
    visits = (block.appointment for block in column.blocks if block.kind == "visit")
    return [visit for visit in visits if visit and visit.status != Status.CANCELLED]
