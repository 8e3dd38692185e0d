"""POST /desk/my-day/late/: "I'm running late". The desk sees it; the next patient is told on a tick."""

from datetime import timedelta

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_POST

from booking import scheduling
from booking.desk.calendar.load import local_today
from booking.desk.my_day.day import DELAYS
from booking.models import Appointment, Location, Practitioner, is_reference
from booking.scheduling import Actor, SchedulingError
from booking.staff.access import own_practitioner, staff_page, visible_visits
from booking.staff.quiet_names import name_for


class RunningLateForm(forms.Form):
    """How late, and the reference of the visit whose patient is told, if any."""

    minutes = forms.TypedChoiceField(choices=[(minutes, minutes) for minutes in (0, *DELAYS)], coerce=int)
    tell = forms.CharField(required=False, max_length=20)


@require_POST
@staff_page(own="booking.keep_own_day")
def running_late(request: HttpRequest) -> HttpResponse:
    person = own_practitioner(request)
    assert person is not None
    form = RunningLateForm(request.POST)
    if not form.is_valid():
        return HttpResponseBadRequest(gettext("This button is unknown. Go back and reload your day."))
    save_delay(request, person, form, words=_words(form.cleaned_data["minutes"]))
    return redirect("desk:my_day")


def save_delay(request: HttpRequest, person: Practitioner, form: RunningLateForm, *, words: str) -> None:
    """Record what a valid form says of today, and say it in these words."""
    reference, now = form.cleaned_data["tell"], timezone.now()
    visit = _visit(request, reference)
    if reference and visit is None:
        messages.error(request, gettext("This visit has changed meanwhile. Please look at your day again."))
        return
    try:
        is_told = scheduling.say_running_late(
            practitioner=person,
            on=local_today(list(Location.objects.all()), now),
            late_by=timedelta(minutes=form.cleaned_data["minutes"]),
            by=Actor.staff(request.user),
            now=now,
            tell=visit,
        )
    except SchedulingError as error:
        messages.error(request, error.message)
        return
    if visit and is_told:
        words += " " + gettext("We'll let %(name)s know.") % {"name": name_for(request, visit.patient)}
    messages.success(request, words)


def _visit(request: HttpRequest, reference: str) -> Appointment | None:
    if not is_reference(reference):
        return None
    return visible_visits(request).agreed().filter(reference=reference).select_related("patient").first()


def _words(minutes: int) -> str:
    if not minutes:
        return gettext("The desk sees that you're on time again.")
    return ngettext(
        "The desk sees that you're %(count)d minute late.", "The desk sees that you're %(count)d minutes late.", minutes
    ) % {"count": minutes}
