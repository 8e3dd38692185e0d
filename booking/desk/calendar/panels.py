"""The panel beside the calendar: a visit, a gap, or what is next."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest
from django.utils.translation import gettext

from booking import scheduling
from booking.desk.calendar.board import Board, CalendarBlock
from booking.desk.calendar.params import CalendarParams
from booking.models import AGREED, Appointment, Status, WaitlistEntry

NEXT_SHOWN = 3
WAITING_SHOWN = 5


@dataclass(frozen=True)
class StatusChoice:
    """One button of the switch; ``why_not`` says why it cannot be pressed."""

    status: Status
    label: str
    is_current: bool
    why_not: str


@dataclass(frozen=True)
class WaitingRow:
    """A person on the waitlist and the first gap that they could take."""

    entry: WaitlistEntry
    gap: CalendarBlock
    url: str


def panel(request: HttpRequest, board: Board, params: CalendarParams, now: datetime) -> dict[str, Any]:
    """The panel's template and context; ``people_in_panel`` are those whom it names besides the day's visits."""
    if params.appointment:
        visit = _find(params.appointment)
        if visit is not None:
            return visit_panel(request, visit, now)
        messages.warning(request, gettext("No appointment has this reference."))
    if params.with_ and params.at:
        gap = _gap_at(board, params)
        if gap is not None:
            return {"panel": "desk/calendar/_gap.html", "gap": gap, "people_in_panel": list(gap.waiting)}
        messages.info(request, gettext("This gap is no longer free."))
    return rest_panel(board, params, now)


def _find(reference: str) -> Appointment | None:
    rows = Appointment.objects.filter(status__in=[*AGREED, Status.UNCONFIRMED], reference=reference)
    return rows.select_related("patient", "practitioner", "service", "room", "location").first()


def visit_panel(request: HttpRequest, visit: Appointment, now: datetime) -> dict[str, Any]:
    """A visit, its status switch, and the patient's visits before and after it."""
    others = Appointment.objects.agreed().exclude(pk=visit.pk).exclude(status=Status.CANCELLED)
    others = others.filter(patient=visit.patient_id).select_related("practitioner", "service", "location")
    return {
        "panel": "desk/calendar/_visit.html",
        "visit": visit,
        "choices": status_choices(visit, now),
        "may_change": request.user.has_perm("booking.change_appointment"),  # type: ignore[union-attr]
        "previous_visit": others.filter(starts_at__lt=visit.starts_at).order_by("-starts_at").first(),
        "next_visit": others.filter(starts_at__gt=visit.starts_at).order_by("starts_at").first(),
        "people_in_panel": [visit],
    }


def status_choices(visit: Appointment, now: datetime) -> list[StatusChoice]:
    """The four marks of the desk; empty for a visit that has none, such as a cancelled one."""
    labels = {
        Status.BOOKED: gettext("Booked"),
        Status.ARRIVED: gettext("Here"),
        Status.FULFILLED: gettext("Done"),
        Status.NOSHOW: gettext("No-show"),
    }
    if visit.status not in labels:
        return []
    return [
        StatusChoice(
            status,
            label,
            is_current=visit.status == status,
            why_not="" if visit.status == status else scheduling.why_not_mark(visit, status, now=now),
        )
        for status, label in labels.items()
    ]


def _gap_at(board: Board, params: CalendarParams) -> CalendarBlock | None:
    gaps = (gap for column in board.columns if column.practitioner == params.with_ for gap in column.gaps)
    return next((gap for gap in gaps if gap.starts_at.time() <= params.at < gap.ends_at.time()), None)  # type: ignore[operator]


def rest_panel(board: Board, params: CalendarParams, now: datetime) -> dict[str, Any]:
    """Nothing is chosen: who comes next, and who on the waitlist could take a gap."""
    coming = [visit for visit in board.visits if visit.status == Status.BOOKED and visit.ends_at > now]
    rows: dict[int, WaitingRow] = {}
    for column in board.columns:
        for gap in column.gaps:
            for entry in gap.waiting:
                url = params.url(with_=column.practitioner, at=gap.starts_at.time())
                rows.setdefault(entry.pk, WaitingRow(entry, gap, url))
    waiting = [rows[entry.pk] for entry in board.waiting if entry.pk in rows]
    return {
        "panel": "desk/calendar/_rest.html",
        "next_visits": sorted(coming, key=lambda visit: visit.starts_at)[:NEXT_SHOWN],
        "waiting_rows": waiting[:WAITING_SHOWN],
        "waiting_total": len(waiting),
        "people_in_panel": [row.entry for row in waiting[:WAITING_SHOWN]],
    }
