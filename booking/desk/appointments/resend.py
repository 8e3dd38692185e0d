"""POST /desk/appointments/<reference>/messages/<message>/: send one of a visit's messages again."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from booking.desk.calendar.page import back_url
from booking.messages import resend as send_again
from booking.models import Message
from booking.staff.access import staff_page, visible_visits


@require_POST
@staff_page("booking.change_message")
def resend(request: HttpRequest, reference: str, message: int) -> HttpResponse:
    """Queue the message, with the visit as it is now."""
    visit = get_object_or_404(visible_visits(request), reference=reference, patient__isnull=False)
    rows = Message.objects.select_related(*(f"appointment__{name}" for name in ("patient", "location", "service")))
    row = get_object_or_404(rows, pk=message, appointment=visit)
    words = {"message": row.get_kind_display()}
    if send_again(row, now=timezone.now()):
        messages.success(request, gettext("%(message)s: it goes out within a minute.") % words)
    else:
        messages.warning(
            request,
            gettext("%(message)s: there's nothing to send. It's already waiting, or the visit has changed.") % words,
        )
    return redirect(back_url(request))
