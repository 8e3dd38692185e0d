"""POST /desk/appointments/<reference>/late/: the patient has called to say that they will be late."""

from datetime import timedelta

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from booking import scheduling
from booking.desk.appointments.find import visit_to_change
from booking.desk.calendar.page import back_url
from booking.scheduling import Actor, SchedulingError
from booking.staff.access import staff_page
from booking.staff.undo import offer_undo

_MINUTE = timedelta(minutes=1)


@require_POST
@staff_page("booking.change_appointment", own="booking.keep_own_day")
def late(request: HttpRequest, reference: str) -> HttpResponse:
    """Set by how many minutes the patient will be late; an empty number clears it."""
    visit = visit_to_change(request, reference)
    minutes = request.POST.get("minutes", "x")
    if not minutes.isascii() or not (minutes.isdigit() or not minutes) or len(minutes) > 3:
        return HttpResponseBadRequest(gettext("This button is unknown. Go back and reload the calendar."))
    late_by = int(minutes) * _MINUTE if minutes and int(minutes) else None
    before = str(visit.late_by // _MINUTE) if visit.late_by else ""
    try:
        scheduling.mark_late(appointment=visit, late_by=late_by, by=Actor.staff(request.user), now=timezone.now())
    except SchedulingError as error:
        messages.error(request, f"{visit.patient}: {error.message}")
    else:
        if late_by:
            words = {"patient": visit.patient, "minutes": int(minutes)}
            sentence = gettext("%(patient)s will be %(minutes)d minutes late.") % words
        else:
            sentence = gettext("%(patient)s will be on time.") % {"patient": visit.patient}
        offer_undo(request, sentence, reverse("desk:late", args=[reference]), {"minutes": before})
    return redirect(back_url(request))
