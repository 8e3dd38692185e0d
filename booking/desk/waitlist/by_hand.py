"""POST /desk/waitlist/<pk>/offer/ and .../book/: a gap of the calendar for someone who waits."""

from collections.abc import Callable
from functools import wraps
from typing import Any

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
from booking.desk.waitlist.freed_time import say_offered
from booking.formatting import clock
from booking.models import WaitlistEntry
from booking.scheduling import Actor, SchedulingError
from booking.staff.access import staff_page

View = Callable[..., HttpResponse]

UNKNOWN_TIME = "This button is unknown. Go back and reload the calendar."


def gap_form(*also: str) -> Callable[[View], View]:
    """POST only: give the view the entry, and the time and practitioner of its form. ``also``: further permissions."""

    def decorate(view: View) -> View:
        @require_POST
        @staff_page("booking.change_waitlistentry")
        @wraps(view)
        def checked(request: HttpRequest, pk: int) -> HttpResponse:
            if not request.user.has_perms(also):  # type: ignore[union-attr]
                raise PermissionDenied
            rows = WaitlistEntry.objects.select_related("service", "practitioner", "location", "patient")
            entry, form = get_object_or_404(rows, pk=pk), GapTimeForm(request.POST)
            if not form.is_valid():
                return HttpResponseBadRequest(UNKNOWN_TIME)
            return view(request, entry, form.cleaned_data)

        return checked

    return decorate


@gap_form()
def offer(request: HttpRequest, entry: WaitlistEntry, chosen: dict[str, Any]) -> HttpResponse:
    """Hold the time for them, and offer it by email."""
    try:
        made = scheduling.offer_to(entry=entry, by=Actor.staff(request.user), now=timezone.now(), **chosen)
    except SchedulingError as refused:
        messages.error(request, refused.message)
        return redirect(back_url(request))
    say_offered(request, entry, made)
    return redirect(back_url(request, **NO_PANEL))  # The gap is no longer there.


@gap_form("booking.add_appointment")
def book(request: HttpRequest, entry: WaitlistEntry, chosen: dict[str, Any]) -> HttpResponse:
    """Book the time for them, and take them off the list."""
    try:
        visit = scheduling.book_waiting(entry=entry, by=Actor.staff(request.user), now=timezone.now(), **chosen)
    except SchedulingError as refused:
        messages.error(request, f"{entry.name}: {refused.message}")
        return redirect(back_url(request))
    told = gettext("They will get an email.") if entry.email else gettext("No email will be sent.")
    sentence = gettext("Booked: %(name)s, %(time)s") % {"name": entry.name, "time": clock(visit.local_start)}
    messages.success(request, f"{sentence} {told}")
    return redirect(back_url(request, **NO_PANEL | {"day": visit.local_on, "appointment": visit.reference}))
