"""?do=late and POST /desk/late/: the desk says that a practitioner is running late today."""

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_POST

from booking.desk.calendar.board import CalendarColumn
from booking.desk.calendar.page import CalendarPage, Panel, back_url
from booking.desk.calendar.params import NO_PANEL
from booking.desk.my_day.day import DELAYS, how_to_tell
from booking.desk.my_day.rows import divide
from booking.desk.my_day.running_late import RunningLateForm, save_delay
from booking.models import Practitioner
from booking.staff.access import own_practitioner, staff_page

LATE = "late"  # The value of ``do``.


def late_panel(page: CalendarPage) -> Panel | None:
    """How late one practitioner is today, and whether the next patient is told."""
    column = next((each for each in _columns(page) if each.practitioner == page.params.with_), None)
    if column is None:
        return None
    zone = page.locations[0].zone
    own_day = divide(column, page.board.shown, now=page.now, zone=zone)
    told = how_to_tell(own_day)
    context = {"person": column.practitioner, "late_by": column.late_by, "delays": DELAYS, **told}
    return Panel("desk/calendar/_late.html", context, [told["tell"]])


def late_links(page: CalendarPage) -> list[tuple[Practitioner, str]]:
    """The panel of each practitioner who works today, for users who may say who is late."""
    return [(each.practitioner, late_url(page, each.practitioner)) for each in _columns(page) if each.hours]


def late_url(page: CalendarPage, practitioner: Practitioner) -> str:
    return page.params.panel_url(LATE, with_=practitioner)


def _columns(page: CalendarPage) -> list[CalendarColumn]:
    is_own = own_practitioner(page.request) is not None and page.may("keep_own_day")
    if not (is_own or page.may("change_appointment")) or not page.locations:
        return []
    return [column for column in page.board.columns if column.on == page.today]


@require_POST
@staff_page("booking.change_appointment", own="booking.keep_own_day")
def practitioner_late(request: HttpRequest) -> HttpResponse:
    """Record the delay of the practitioner in the field ``practitioner``, and tell the next patient on a tick."""
    own = own_practitioner(request)
    people = Practitioner.objects.filter(pk=own.pk) if own else Practitioner.objects.active()
    person = people.filter(slug=request.POST.get("practitioner", "").replace("\0", "")).first()
    form = RunningLateForm(request.POST)
    if person is None or not form.is_valid():
        return HttpResponseBadRequest(gettext("This button is unknown. Go back and reload the calendar."))
    save_delay(request, person, form, words=_words(person, form.cleaned_data["minutes"]))
    return redirect(back_url(request, **NO_PANEL))


def _words(person: Practitioner, minutes: int) -> str:
    names: dict[str, Any] = {"person": person.given_names, "count": minutes}
    if not minutes:
        return gettext("%(person)s is on time again.") % names
    return ngettext("%(person)s is %(count)d minute late.", "%(person)s is %(count)d minutes late.", minutes) % names
