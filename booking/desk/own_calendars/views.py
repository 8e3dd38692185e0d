"""/desk/calendars/: practitioners' own calendars, whose busy times cannot be booked.

Practitioners manage their own; who may change practitioners' calendars manages everyone's.
"""

from typing import Any

from django.contrib import messages
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from booking import rate_limits
from booking.calendars.external_calendars import CalendarNotAdded, add_calendar, read_now, remove_calendar
from booking.calendars.problems import CalendarUnreadable
from booking.desk.own_calendars.forms import AddCalendarForm
from booking.desk.own_calendars.state import calendar_row
from booking.models import ExternalCalendar, Practitioner
from booking.scheduling import Actor
from booking.staff.access import desk_page, own_practitioner, staff_page

may_manage_calendars = staff_page("booking.change_externalcalendar", own="booking.block_own_time")


@require_safe
@may_manage_calendars
def calendars(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    rows = [
        calendar_row(calendar, calendar.busy_count, now)  # type: ignore[attr-defined]
        for calendar in _calendars(request).annotate(busy_count=Count("busy_times"))
    ]
    return desk_page(request, "desk/own_calendars/list.html", {**_frame(request), "rows": rows})


@require_http_methods(["GET", "HEAD", "POST"])
@may_manage_calendars
@sensitive_post_parameters("address", "login", "password")
@sensitive_variables("form")
def add(request: HttpRequest) -> HttpResponse:
    """Show the form; on POST read the calendar, and add it if that works."""
    form = AddCalendarForm(request.POST if request.method == "POST" else None, people=_people(request))
    if form.is_valid():
        _limit(request)
        try:
            calendar = add_calendar(
                practitioner=form.cleaned_data["practitioner"],
                access=form.access,
                label=form.cleaned_data["label"],
                by=Actor.staff(request.user),
                now=timezone.now(),
            )
        except CalendarUnreadable as error:
            form.add_error("address", str(error.problem.label))
        except CalendarNotAdded as error:
            form.add_error("address", str(error))
        else:
            messages.success(request, gettext("The calendar is added. ") + _count_sentence(calendar))
            return redirect("desk:own_calendars")
    context = {**_frame(request), "form": form}
    return desk_page(request, "desk/own_calendars/add.html", context, status=422 if form.errors else 200)


@require_POST
@may_manage_calendars
def read(request: HttpRequest, pk: int) -> HttpResponse:
    """Read the calendar now."""
    calendar = get_object_or_404(_calendars(request), pk=pk)
    _limit(request)
    if read_now(calendar=calendar, by=Actor.staff(request.user), now=timezone.now()):
        messages.success(request, gettext("The calendar can be read. ") + _count_sentence(calendar))
    else:
        messages.error(request, gettext("The calendar can't be read. Below it says why."))
    return redirect("desk:own_calendars")


@require_POST
@may_manage_calendars
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    calendar = get_object_or_404(_calendars(request), pk=pk)
    remove_calendar(calendar=calendar, by=Actor.staff(request.user))
    messages.success(request, gettext("The calendar is removed. Its times can be booked again."))
    return redirect("desk:own_calendars")


def _calendars(request: HttpRequest) -> QuerySet[ExternalCalendar]:
    """Those that the user may manage."""
    person = own_practitioner(request)
    rows = ExternalCalendar.objects.select_related("practitioner__user", "added_by")
    return rows.filter(practitioner=person) if person else rows


def _people(request: HttpRequest) -> list[Practitioner]:
    person = own_practitioner(request)
    return [person] if person else list(Practitioner.objects.active())


def _frame(request: HttpRequest) -> dict[str, Any]:
    return {"section": "me" if own_practitioner(request) else "own_calendars"}


def _limit(request: HttpRequest) -> None:
    """Each reading keeps a thread of the site busy, and is a request to somebody else's server."""
    rate_limits.consume("read a calendar", str(request.user.pk), now=timezone.now())


def _count_sentence(calendar: ExternalCalendar) -> str:
    count = calendar.busy_times.count()
    if not count:
        return gettext("It blocks nothing right now.")
    sentence = ngettext("It blocks %(n)s time ahead.", "It blocks %(n)s times ahead.", count)
    return sentence % {"n": count}
