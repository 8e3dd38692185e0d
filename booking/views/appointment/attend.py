"""/appointment/attend/: "I'll be there". Mail scanners follow links, so only POST says so."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from booking import scheduling
from booking.private_pages import private_page
from booking.scheduling import Actor
from booking.views.appointment.manage import changed_page, is_current_version, mismatch_page, not_found_page
from booking.views.session import BookingSession


@private_page
@require_POST
def attend(request: HttpRequest) -> HttpResponse:
    """Record that the patient will come at the time that the page showed; of a link's visitor, also the address."""
    now, session = timezone.now(), BookingSession(request)
    appointment = session.opened_appointment(now)
    if appointment is None:
        return not_found_page(request)
    if request.POST.getlist("reference") != [appointment.reference]:
        return mismatch_page(request, appointment, now)
    if not is_current_version(request, appointment):
        return changed_page(request, appointment, now)
    try:
        scheduling.confirm_attendance(appointment=appointment, by=Actor.patient(), now=now)
    except scheduling.WrongStatus:
        return redirect("booking:appointment")
    if appointment.is_unverified and session.came_by_link_of(appointment):
        scheduling.confirm(appointment=appointment, by=Actor.patient(), now=now)
    session.mark_attendance()
    return redirect("booking:appointment")
