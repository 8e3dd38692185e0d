"""/appointment/change/: move an appointment."""

from dataclasses import replace
from datetime import datetime, timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from booking import scheduling
from booking.forms.appointment import TimeForm
from booking.models import Appointment
from booking.private_pages import private_page
from booking.scheduling import Actor
from booking.views.appointment.manage import (
    appointment_context,
    changed_page,
    is_current_version,
    mismatch_page,
    not_found_page,
)
from booking.views.appointment.moving import finder_for, people_for
from booking.views.query_params import InvalidParams, check_day, parse_search_params, parse_start
from booking.views.session import BookingSession
from booking.views.slot_calendar import build_calendar
from booking.views.slot_choices import SlotChoice, format_start
from booking.views.visitor import visitor_of

SOON = timedelta(days=14)  # If one's own practitioner has nothing in this time, the page shows everyone.
EVERYONE = "everyone"


@private_page
@require_http_methods(["GET", "HEAD", "POST"])
def change(request: HttpRequest) -> HttpResponse:
    """Move the appointment; its slot is released in the transaction that takes the new one."""
    now = timezone.now()
    appointment = BookingSession(request).opened_appointment(now)
    if appointment is None:
        return not_found_page(request)
    if request.method == "POST" and request.POST.getlist("reference") != [appointment.reference]:
        return mismatch_page(request, appointment, now)
    if not appointment.can_cancel_online(now):
        context = appointment_context(appointment, now)
        return render(
            request, "booking/appointment/change.html", context, status=422 if request.method == "POST" else 200
        )
    if request.method == "POST":
        return _move(request, appointment, now)
    return _show_times(request, appointment, now)


def _move(request: HttpRequest, appointment: Appointment, now: datetime) -> HttpResponse:
    people = people_for(appointment, now)
    form = TimeForm(request.POST, read=lambda value: parse_start(value, list(people.values())))
    if not form.is_valid():
        return _show_times(request, appointment, now, form)
    start, other_person = form.cleaned_data["start"]
    person = other_person or appointment.practitioner
    if (start, person) == (appointment.starts_at, appointment.practitioner):
        BookingSession(request).mark_moved(is_change=False)
        return redirect("booking:appointment")
    if not is_current_version(request, appointment):
        return changed_page(request, appointment, now)
    try:
        # Only with the practitioner that the page named: never reassign without consent.
        moved = scheduling.reschedule(
            appointment=appointment,
            starts_at=start,
            practitioner=person,
            by=Actor.patient(),
            now=now,
            visitor=visitor_of(request),
            known=BookingSession(request).known_visits(),
            accepts_overlap="both" in request.POST,
        )
    except scheduling.VisitOverlaps as error:
        context = appointment_context(appointment, now) | {
            "overlap": error.message,
            "start": form.data["start"],
            "new_start": start.astimezone(appointment.location.zone),
        }
        return render(request, "booking/appointment/overlap.html", context, status=409)
    except scheduling.SlotTaken:
        nearest = finder_for(appointment, now, people).near(start, 3)
        return _slot_taken_page(request, appointment, nearest, now, status=409)
    except scheduling.SchedulingError as error:
        appointment.refresh_from_db()
        if not is_current_version(request, appointment):
            return changed_page(request, appointment, now)
        return render(
            request,
            "booking/appointment/change.html",
            appointment_context(appointment, now) | {"refusal": error.message},
            status=422,
        )
    before = format_start(appointment.starts_at, appointment.practitioner)
    BookingSession(request).mark_moved(is_change=moved.sequence != appointment.sequence, before=before)
    return redirect("booking:appointment")


def _show_times(
    request: HttpRequest, appointment: Appointment, now: datetime, form: TimeForm | None = None
) -> HttpResponse:
    """The days and the slots of one of them, as if the appointment's own slot were free; ``start`` chooses a slot."""
    today = now.astimezone(appointment.location.zone).date()
    last_bookable = today + timedelta(days=appointment.service.horizon_days)
    people = people_for(appointment, now)
    try:
        params = parse_search_params(request.GET, people=list(people.values()), locations=())
        if params.day:
            check_day(params.day, today=today, horizon_days=appointment.service.horizon_days)
    except InvalidParams as error:
        context = {"message": error.message, "to_change": True}
        return render(request, "booking/invalid_params.html", context, status=error.status)
    everyone = finder_for(appointment, now, people)
    own = replace(everyone, people={pk: people[pk] for pk in people if pk == appointment.practitioner_id})
    chosen = everyone.at(params.start, params.practitioner or appointment.practitioner) if params.start else None
    if params.start and chosen is None:
        return _slot_taken_page(request, appointment, everyone.near(params.start, 3), now, status=410)
    has_own_soon = bool(own.between(today, min(today + SOON, last_bookable)))
    shows_everyone = EVERYONE in request.GET or not has_own_soon
    finder = everyone if shows_everyone else own
    here = reverse("booking:change")
    context = appointment_context(appointment, now) | {
        "form": form,
        "chosen": chosen,
        "chosen_is_late": chosen is not None and _is_late(appointment, chosen, now),
        "has_own_soon": has_own_soon,
        "shows_everyone": shows_everyone,
        "here": f"{here}?{EVERYONE}=1" if shows_everyone else here,
        "everyone": f"{here}?{EVERYONE}=1",
    }
    if first := finder.first(today, last_bookable):
        near = finder.first(min(max(today, appointment.local_on), last_bookable), last_bookable) or first
        selected = chosen.on if chosen else params.day or near.on
        context["calendar"] = build_calendar(
            finder, appointment.location, selected=selected, today=today, last_bookable=last_bookable
        )
    return render(request, "booking/appointment/change.html", context, status=422 if form else 200)


def _is_late(appointment: Appointment, chosen: SlotChoice, now: datetime) -> bool:
    """Whether the appointment could not be changed online any more at the chosen time."""
    return not appointment.asked_to_move_at and now > chosen.starts_at - appointment.cancellation_window


def _slot_taken_page(
    request: HttpRequest, appointment: Appointment, nearest: list[SlotChoice], now: datetime, *, status: int
) -> HttpResponse:
    context = appointment_context(appointment, now) | {"nearest": nearest}
    return render(request, "booking/appointment/slot_taken.html", context, status=status)
