"""POST /desk/settings/: choose whose columns the day shows, the height of rows, and whether keys work."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from booking.desk.calendar.page import back_url
from booking.desk.calendar.view_settings import (
    KEYS_COOKIE,
    KEYS_OFF,
    LOW_ROWS,
    ROWS_COOKIE,
    choose_people,
    chosen_people,
    remember,
)
from booking.models import Practitioner
from booking.staff.access import staff_page

COOKIES = {
    "low": (ROWS_COOKIE, LOW_ROWS),
    "high": (ROWS_COOKIE, ""),
    "keys-on": (KEYS_COOKIE, ""),
    "keys-off": (KEYS_COOKIE, KEYS_OFF),
}


@require_POST
@staff_page("booking.view_appointment", own="booking.view_own_day")
def settings(request: HttpRequest) -> HttpResponse:
    """Change what the button names, and go back to the calendar."""
    choice = request.POST.get("set", "")
    response = redirect(back_url(request))
    if choice in COOKIES:
        remember(response, *COOKIES[choice])
    elif choice in {"people", "add", "everyone"}:
        _choose(request, choice)
    else:
        return HttpResponseBadRequest(gettext("This button is unknown. Go back and reload the calendar."))
    return response


def _choose(request: HttpRequest, choice: str) -> None:
    everyone = list(Practitioner.objects.all())
    chosen = [person for person in everyone if person.slug in request.POST.getlist("people")]
    if choice == "add":
        chosen += chosen_people(request, everyone)
    if choice == "people" and not chosen:
        messages.info(request, gettext("You chose no one, so everyone is shown."))
    choose_people(request, [] if choice == "everyone" else chosen)
