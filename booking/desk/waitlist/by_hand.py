"""POST /desk/waitlist/<pk>/offer/ and .../book/: a gap of the calendar for someone who waits."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from booking import scheduling
from booking.desk.calendar.page import back_url
from booking.desk.calendar.params import NO_PANEL
from booking.desk.waitlist.forms import GapTimeForm
from booking.formatting import clock
from booking.models import WaitlistEntry
from booking.scheduling import Actor, SchedulingError
from booking.staff.access import staff_page

UNKNOWN_TIME = "This button is unknown. Go back and reload the calendar."


@require_POST
@staff_page("booking.change_waitlistentry")
def offer(request: HttpRequest, pk: int) -> HttpResponse:
    """Hold the time for them, and offer it by email."""
    entry, form = _entry(pk), GapTimeForm(request.POST)
    if not form.is_valid():
        return HttpResponseBadRequest(UNKNOWN_TIME)
    try:
        made = scheduling.offer_to(
            entry=entry, by=Actor.staff(request.user), now=timezone.now(), **form.cleaned_data
        )  # fmt: skip
    except SchedulingError as refused:
        messages.error(request, refused.message)
    else:
        sentence = gettext("Offered to %(name)s by email, and held until %(time)s")
        until = clock(made.expires_at.astimezone(entry.location.zone))
        messages.success(request, sentence % {"name": entry.name, "time": until})
        return redirect(back_url(request, **NO_PANEL))  # The gap is no longer there.
    return redirect(back_url(request))


@require_POST
@staff_page("booking.change_waitlistentry")
def book(request: HttpRequest, pk: int) -> HttpResponse:
    """Book the time for them, and take them off the list."""
    if not request.user.has_perm("booking.add_appointment"):  # type: ignore[union-attr]
        raise PermissionDenied
    entry, form = _entry(pk), GapTimeForm(request.POST)
    if not form.is_valid():
        return HttpResponseBadRequest(UNKNOWN_TIME)
    try:
        visit = scheduling.book_waiting(
            entry=entry, by=Actor.staff(request.user), now=timezone.now(), **form.cleaned_data
        )  # fmt: skip
    except SchedulingError as refused:
        messages.error(request, f"{entry.name}: {refused.message}")
        return redirect(back_url(request))
    told = gettext("They will get an email.") if entry.email else gettext("No email will be sent.")
    sentence = gettext("Booked: %(name)s, %(time)s") % {"name": entry.name, "time": clock(visit.local_start)}
    messages.success(request, f"{sentence} {told}")
    return redirect(back_url(request, **NO_PANEL | {"day": visit.local_on, "appointment": visit.reference}))


def _entry(pk: int) -> WaitlistEntry:
    rows = WaitlistEntry.objects.select_related("service", "practitioner", "location", "patient")
    return get_object_or_404(rows, pk=pk)
