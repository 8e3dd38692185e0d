"""The panel of one visit: who, when, the four marks, contact details, and the patient's visits before and after."""

from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest
from django.utils.translation import gettext

from booking import scheduling
from booking.desk.calendar.page import CalendarPage, Panel
from booking.desk.notes.load import load_notes
from booking.models import AGREED, Appointment, Status
from booking.staff.access import visible_visits


@dataclass(frozen=True)
class StatusChoice:
    """One button of the switch; ``why_not`` says why it cannot be pressed."""

    status: Status
    label: str
    is_current: bool
    why_not: str


def visit_panel(page: CalendarPage) -> Panel | None:
    """The panel of the visit that the address names; None if there is none."""
    visit = find_visit(page.request, page.params.appointment)
    if visit is None:
        return None
    others = Appointment.objects.agreed().exclude(pk=visit.pk).exclude(status=Status.CANCELLED)
    others = others.filter(patient=visit.patient_id).select_related("practitioner", "service", "location")
    context = {
        "visit": visit,
        "notes": load_notes(page.request, visit.patient, visit=visit) if visit.patient else None,
        "choices": status_choices(visit, page.now),
        "may_mark": page.may("change_appointment") or page.may("keep_own_day"),
        "may_change": page.may("change_appointment"),
        "previous_visit": others.filter(starts_at__lt=visit.starts_at).order_by("-starts_at").first(),
        "next_visit": others.filter(starts_at__gt=visit.starts_at).order_by("starts_at").first(),
    }
    return Panel("desk/appointments/_visit.html", context, [visit])


def find_visit(request: HttpRequest, reference: str) -> Appointment | None:
    """The visit with this reference, which may have been cancelled or wait for the patient's confirmation."""
    rows = visible_visits(request).filter(status__in=[*AGREED, Status.UNCONFIRMED], reference=reference)
    return rows.select_related("patient", "practitioner", "service", "room", "location").first()


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
