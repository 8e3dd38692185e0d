"""POST /desk/appointments/<reference>/status/: mark a visit as here, done, no-show, or booked again."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from booking import scheduling
from booking.desk.calendar.panels import status_choices
from booking.models import Appointment, Status
from booking.scheduling import Actor, SchedulingError
from booking.staff.access import staff_page

_COMMANDS = {
    Status.BOOKED: scheduling.undo_mark,
    Status.ARRIVED: scheduling.check_in,
    Status.FULFILLED: scheduling.fulfil,
    Status.NOSHOW: scheduling.mark_no_show,
}


@require_POST
@staff_page("booking.change_appointment")
def status(request: HttpRequest, reference: str) -> HttpResponse:
    """Set the status that the button names, and go back to the calendar."""
    visit = get_object_or_404(Appointment.objects.agreed().select_related("patient"), reference=reference)
    command = next((run for value, run in _COMMANDS.items() if value == request.POST.get("status")), None)
    if command is None:
        return HttpResponseBadRequest(gettext("This button is unknown. Go back and reload the calendar."))
    try:
        changed = command(appointment=visit, by=Actor.staff(request.user), now=timezone.now())
    except SchedulingError as error:
        messages.error(request, f"{visit.patient}: {error.message}")
    else:
        label = next(choice.label for choice in status_choices(changed, timezone.now()) if choice.is_current)
        messages.success(request, f"{visit.patient}: {label}.")
    return redirect(_back(request, visit))


def _back(request: HttpRequest, visit: Appointment) -> str:
    """The calendar's address that the form carries, else the visit's day."""
    back = request.POST.get("back", "")
    if back.startswith("/desk/") and url_has_allowed_host_and_scheme(back, allowed_hosts=None):
        return back
    return f"{reverse('desk:day')}?day={visit.local_on.isoformat()}&appointment={visit.reference}"
