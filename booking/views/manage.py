"""One appointment, opened by the link in its mail: see it, move it, cancel it, put it in a calendar."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from booking import calendars, limits, scheduling, tokens
from booking.forms import CancelForm, TimeForm
from booking.models import Appointment, Practitioner, Status
from booking.scheduling import Actor
from booking.views import asked as asking
from booking.views import board
from booking.views.asked import BadAddress
from booking.views.privacy import private_page
from booking.views.visitor import Visitor


@private_page
@require_safe
def link(request: HttpRequest, token: str) -> HttpResponse:
    """Exchange the link's token for the visitor's own session, and go on to an address without it."""
    now = timezone.now()
    found = tokens.appointment_for(token, now=now)
    if found is None:
        # Only what opens nothing is counted: nobody is kept from their own visit by a neighbour's guessing.
        limits.spend_for(request, "link", now=now)
        looks_right = tokens.TOKEN.fullmatch(token) is not None
        return _no_visit(request, was_a_link=True, status=410 if looks_right else 404)
    request.session.cycle_key()
    Visitor(request).open(found)
    response = redirect("booking:appointment")
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


@private_page
@require_safe
def appointment(request: HttpRequest) -> HttpResponse:
    """What stands, and what can still be done about it. Never notes, never the date of birth."""
    now = timezone.now()
    visitor = Visitor(request)
    found = visitor.opened(now)
    if found is None:
        return _no_visit(request)
    context = _about(found, now) | {"just_moved": visitor.has_just_moved()}
    return render(request, "booking/appointment.html", context)


@private_page
@require_http_methods(["GET", "HEAD", "POST"])
def cancel(request: HttpRequest) -> HttpResponse:
    """Ask once more, with what it means; then call it off."""
    now = timezone.now()
    found = Visitor(request).opened(now)
    if found is None:
        return _no_visit(request)
    form = CancelForm(request.POST or None, initial={"reference": found.reference, "sequence": found.sequence})
    if request.method == "POST":
        if request.POST.getlist("reference") != [found.reference]:
            return _other_visit(request, found, now)
        if found.status != Status.CANCELLED and not _is_as_shown(request, found):
            return _changed_since(request, found, now)
        if form.is_valid():
            try:
                scheduling.cancel(appointment=found, by=Actor.patient(), now=now, reason=form.cleaned_data["reason"])
            except scheduling.Refused as refusal:
                found.refresh_from_db(fields=["status"])
                context = _about(found, now) | {"refusal": refusal.message}
                return render(request, "booking/cancel.html", context, status=422)
            return redirect("booking:appointment")
    context = _about(found, now) | {"form": form}
    return render(request, "booking/cancel.html", context, status=422 if form.errors else 200)


@private_page
@require_http_methods(["GET", "HEAD", "POST"])
def change(request: HttpRequest) -> HttpResponse:
    """Another time for the same visit. The old one is given up only together with the new one taken."""
    now = timezone.now()
    found = Visitor(request).opened(now)
    if found is None:
        return _no_visit(request)
    if request.method == "POST" and request.POST.getlist("reference") != [found.reference]:
        return _other_visit(request, found, now)
    if not found.can_cancel_online(now):
        context = _about(found, now)
        return render(request, "booking/change.html", context, status=422 if request.method == "POST" else 200)
    if request.method == "POST":
        return _move(request, found, now)
    return _show_times(request, found, now)


def _move(request: HttpRequest, found: Appointment, now: datetime) -> HttpResponse:
    people = _people(found, now)
    form = TimeForm(request.POST, read=lambda value: asking.start_with(value, list(people.values())))
    if not form.is_valid():
        return _show_times(request, found, now, form)
    start, other_person = form.cleaned_data["start"]
    person = other_person or found.practitioner
    if (start, person) == (found.starts_at, found.practitioner):
        return redirect("booking:appointment")  # A second press of the button.
    if not _is_as_shown(request, found):
        return _changed_since(request, found, now)
    try:
        # With exactly the person whom the page named: nobody is passed on unasked.
        scheduling.reschedule(appointment=found, starts_at=start, practitioner=person, by=Actor.patient(), now=now)
    except scheduling.StartTaken:
        finder = _finder(found, now)
        context = _about(found, now) | {"days": board.arrange(finder.near(start, 3), finder, people=people)}
        return render(request, "booking/change_taken.html", context, status=409)
    except scheduling.Refused as refusal:
        found.refresh_from_db()
        if not _is_as_shown(request, found):
            return _changed_since(request, found, now)
        return render(request, "booking/change.html", _about(found, now) | {"refusal": refusal.message}, status=422)
    Visitor(request).say_moved()
    return redirect("booking:appointment")


def _show_times(request: HttpRequest, found: Appointment, now: datetime, form: TimeForm | None = None) -> HttpResponse:
    """A week of starts that the visit could move to; its own time, too, until it is given up."""
    finder = _finder(found, now)
    first = finder.near(now, 1)
    context = _about(found, now) | {"form": form}
    if first:
        zone = found.location.zone
        try:
            around = asking.read(request.GET, people=(), locations=()).from_on
            around = around or first[0].starts_at.astimezone(zone).date()
            asking.check_day(around, today=now.astimezone(zone).date(), horizon_days=found.service.horizon_days)
        except BadAddress as bad:
            context = {"message": bad.message, "to_change": True}
            return render(request, "booking/bad_address.html", context, status=bad.status)
        week = board.lay_out(finder, people=_people(found, now), around=around, first_free=first[0].starts_at)
        context["week"] = week
    return render(request, "booking/change.html", context, status=422 if form else 200)


@private_page
@require_safe
def calendar_file(request: HttpRequest) -> HttpResponse:
    """The appointment as a file that calendars open; of a cancelled one, the file that takes it out again."""
    now = timezone.now()
    found = Visitor(request).opened(now)
    if found is None:
        return _no_visit(request)
    try:
        wanted = asking.single_values(request.GET, {"reference"}).get("reference", found.reference)
    except BadAddress:
        wanted = ""
    if wanted != found.reference:
        return _other_visit(request, found, now)
    content = calendars.calendar_file(found, now=now, cancelled=found.status == Status.CANCELLED)
    response = HttpResponse(content, content_type="text/calendar; charset=utf-8")
    response.headers["Content-Disposition"] = 'attachment; filename="appointment.ics"'
    return response


def _finder(found: Appointment, now: datetime) -> board.Finder:
    return board.Finder(
        service=found.service, now=now, location=found.location, new_patient=found.is_first_visit, moving=found
    )


def _people(found: Appointment, now: datetime) -> dict[int, Practitioner]:
    offers = scheduling.offers(service=found.service, now=now, new_patient=found.is_first_visit)
    return {offer.practitioner_id: offer.practitioner for offer in offers}


def _is_as_shown(request: HttpRequest, found: Appointment) -> bool:
    """Whether the visit is still as it was on the page that this form comes from."""
    return request.POST.getlist("sequence") == [str(found.sequence)]


def _about(found: Appointment, now: datetime) -> dict[str, Any]:
    """What every page about an appointment tells."""
    return {
        "appointment": found,
        "service": found.service,
        "is_ahead": found.status == Status.BOOKED and now < found.starts_at,
        "can_change": found.can_cancel_online(now),
        "is_cancelled": found.status == Status.CANCELLED,
        "last_change": found.changes_until.astimezone(found.location.zone),
    }


def _no_visit(request: HttpRequest, *, was_a_link: bool = False, status: int = 404) -> HttpResponse:
    """No visit is open in this browser, or the link no longer opens one."""
    return render(request, "booking/no_visit.html", {"was_a_link": was_a_link}, status=status)


def _other_visit(request: HttpRequest, found: Appointment, now: datetime) -> HttpResponse:
    """The form was about another visit than the one that is open in this browser."""
    return render(request, "booking/other_visit.html", _about(found, now), status=409)


def _changed_since(request: HttpRequest, found: Appointment, now: datetime) -> HttpResponse:
    """Somebody has moved the visit since the page was shown: the visit as it now is, to decide anew."""
    return render(request, "booking/changed_since.html", _about(found, now), status=409)
