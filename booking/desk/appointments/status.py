"""POST /desk/appointments/<reference>/status/: mark a visit as here, done, no-show, or booked again."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from booking import scheduling
from booking.desk.appointments.visit import status_choices
from booking.desk.calendar.page import back_url
from booking.models import Status
from booking.scheduling import Actor, SchedulingError
from booking.staff.access import staff_page, visible_visits
from booking.staff.quiet_names import name_for
from booking.staff.undo import offer_undo

_COMMANDS = {
    Status.BOOKED: scheduling.undo_mark,
    Status.ARRIVED: scheduling.check_in,
    Status.FULFILLED: scheduling.fulfil,
    Status.NOSHOW: scheduling.mark_no_show,
}


@require_POST
@staff_page("booking.change_appointment", own="booking.keep_own_day")
def status(request: HttpRequest, reference: str) -> HttpResponse:
    """Set the status that the button names, and go back to the calendar."""
    visit = get_object_or_404(visible_visits(request).agreed().select_related("patient"), reference=reference)
    command = next((run for value, run in _COMMANDS.items() if value == request.POST.get("status")), None)
    if command is None:
        return HttpResponseBadRequest(gettext("This button is unknown. Go back and reload the calendar."))
    before = visit.status
    try:
        changed = command(appointment=visit, by=Actor.staff(request.user), now=timezone.now())
    except SchedulingError as error:
        messages.error(request, f"{name_for(request, visit.patient)}: {error.message}")
    else:
        label = next(choice.label for choice in status_choices(changed, timezone.now()) if choice.is_current)
        sentence = f"{name_for(request, visit.patient)}: {label}."
        if changed.status == before:
            messages.info(request, sentence)
        else:
            offer_undo(request, sentence, reverse("desk:status", args=[reference]), {"status": before})
    return redirect(back_url(request))
