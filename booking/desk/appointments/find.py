"""Find the visit that an address or a form names, and who may change it."""

from typing import Any

from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from booking.desk.calendar.page import CalendarPage
from booking.models import Appointment, AppointmentQuerySet
from booking.staff.access import visible_visits


def visits_to_change(request: HttpRequest) -> AppointmentQuerySet:
    """The agreed visits that this request may change, with what their panels show."""
    return _with_panel(visible_visits(request).agreed())


def visit_to_change(request: HttpRequest, reference: str) -> Appointment:
    """Raises Http404."""
    visit: Appointment = get_object_or_404(visits_to_change(request), reference=reference)
    return visit


def find_visit(request: HttpRequest, reference: str) -> Appointment | None:
    """The visit with this reference in any status; None for a hold, which nobody has booked."""
    rows = visible_visits(request).filter(patient__isnull=False, reference=reference)
    return _with_panel(rows).first()


def panel_visit(page: CalendarPage, visit: Appointment | None) -> Appointment | None:
    """The visit of a panel: that of the posted form, else the one in the address if it can still be changed."""
    on_board = (row for row in page.board.visits if row.reference == page.params.appointment)
    visit = visit or next(on_board, None)
    if visit is not None:
        return visit
    return visits_to_change(page.request).filter(reference=page.params.appointment).first()


def may_keep(page: CalendarPage, visit: Appointment, permission: str = "change_appointment") -> bool:
    """Whether the user has this permission, or keeps their own day and it is their visit."""
    user: Any = page.request.user
    return page.may(permission) or (page.may("keep_own_day") and visit.practitioner.user_id == user.pk)


def _with_panel(rows: AppointmentQuerySet) -> AppointmentQuerySet:
    return rows.select_related("patient", "practitioner", "service", "room", "location", "cancel_category")
