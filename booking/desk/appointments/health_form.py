"""/desk/appointments/<reference>/form/: a patient's answers in one view, to read, to print, and to mark as read.

Practitioners read those of their own visits, if they may open the patient's record: as long as the patient is theirs,
or with a reason. Of others, only who has the permission (the owner). Not the front desk.
"""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from booking.intake import answers as intake
from booking.intake.encryption import AnswersUnreadable
from booking.intake.questions import answered
from booking.models import AccessLogEntry, Appointment, IntakeAnswers
from booking.privacy.access_log import log_view
from booking.staff.access import (
    desk_page,
    may_open_patient,
    opening_reason,
    own_practitioner,
    staff_page,
    visible_visits,
)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page("booking.read_intakeanswers", own="booking.view_own_day")
def health_form(request: HttpRequest, reference: str) -> HttpResponse:
    """The answers, or that there are none yet. POST marks what the page showed as read."""
    visits = visible_visits(request).filter(patient__isnull=False, patient__disposed_at__isnull=True)
    rows = visits.select_related("patient", "practitioner", "service", "location")
    visit: Appointment = get_object_or_404(rows, reference=reference)
    if not _is_own_patient(request, visit):
        return redirect("desk:patient", visit.patient_id)  # It asks for a reason.
    row = IntakeAnswers.objects.select_related("version", "read_by").filter(appointment=visit).first()
    if request.method == "POST":
        return _mark_read(request, visit, row)
    reason = opening_reason(request, visit.patient) if visit.patient else ""
    log_view(request, AccessLogEntry.Kind.RECORD, [visit], reason=reason)
    context: dict[str, Any] = {"section": "calendar", "visit": visit, "row": row, "now": timezone.now()}
    if row is not None:
        try:
            context["pages"] = answered(row.version, intake.open_answers(row, visit).answers)
        except AnswersUnreadable:
            context["is_unreadable"] = True
    return desk_page(request, "desk/appointments/health_form.html", context)


def may_read(request: HttpRequest, visit: Appointment) -> bool:
    """Whether this request's user may read the answers of this visit."""
    user: Any = request.user
    if user.has_perm("booking.read_intakeanswers"):
        return True
    is_own = user.has_perm("booking.view_own_day") and visit.practitioner.user_id == user.pk
    return is_own and visit.patient is not None and may_open_patient(request, visit.patient)


def _is_own_patient(request: HttpRequest, visit: Appointment) -> bool:
    """False if the reader is limited to their own patients, and this is none of them, or no longer."""
    if own_practitioner(request) is None:
        return True
    return visit.patient is not None and may_open_patient(request, visit.patient)


def _mark_read(request: HttpRequest, visit: Appointment, row: IntakeAnswers | None) -> HttpResponse:
    """A form that does not name the version of the answers, or an earlier one, marks nothing."""
    try:
        seen_at = datetime.fromisoformat(request.POST.get("seen", ""))
        if row is None or seen_at.tzinfo is None:
            raise ValueError
        intake.mark_read(appointment=visit, by=request.user, seen_at=seen_at, now=timezone.now())
    except (ValueError, intake.AnswersChanged):
        messages.warning(request, gettext("Nothing was marked, because the answers have changed. Read them again."))
    else:
        messages.success(request, gettext("Marked as read."))
    return redirect("desk:health_form", visit.reference)
