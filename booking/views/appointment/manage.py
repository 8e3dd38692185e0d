"""/appointment/: open an appointment by the link in its e-mail, view it, cancel it, download it."""

from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from booking import rate_limits, scheduling, tokens
from booking.forms.appointment import CancelForm
from booking.ical import appointment as appointment_calendar
from booking.intake.asked import open_state
from booking.models import Appointment, AppointmentEvent, Status
from booking.private_pages import private_page
from booking.scheduling import Actor, SlotOverview, SlotQuery
from booking.views.appointment.moving import slot_before
from booking.views.query_params import InvalidParams, single_values
from booking.views.session import BookingSession
from booking.views.slot_choices import SlotFinder

ASK_ATTENDANCE_BEFORE = timedelta(days=3)


@private_page
@require_safe
def link(request: HttpRequest, token: str) -> HttpResponse:
    """Store the appointment in the session and redirect to a URL without the token."""
    now = timezone.now()
    appointment = tokens.appointment_for(token, now=now)
    if appointment is None:
        # Count failures only, so that guesses from a shared network address never block a valid link.
        rate_limits.consume_for_request(request, "link", now=now)
        looks_right = tokens.TOKEN.fullmatch(token) is not None
        return not_found_page(request, was_a_link=True, status=410 if looks_right else 404)
    request.session.cycle_key()
    by_link = tokens.is_from_email(token, appointment) and not tokens.is_past(appointment, now)
    BookingSession(request).open_appointment(appointment, by_link=by_link)
    response = redirect("booking:appointment")
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


@private_page
@require_safe
def appointment(request: HttpRequest) -> HttpResponse:
    """Show the appointment and its actions, but never notes or the date of birth.

    From a day after the visit on, and for 180 days, only the way to book again.
    """
    now = timezone.now()
    session = BookingSession(request)
    appointment = session.opened_appointment(now)
    if appointment is None:
        if session.unconfirmed_appointment(now) is not None:
            return redirect("booking:confirm")
        if session.past_appointment(now) is not None:
            return render(request, "booking/appointment/past.html")
        return not_found_page(request)
    moved = session.pop_moved()
    context = appointment_context(appointment, now) | {
        "just_moved": moved == "moved",
        "before": slot_before(appointment, session.moved_from, now) if moved == "moved" else None,
        "today": timezone.localdate(now, appointment.location.zone),
        "was_there_already": moved == "unchanged",
        "just_confirmed": moved == "confirmed",
        "just_said_so": moved == "attendance",
        "asks_attendance": moved != "confirmed" and _asks_attendance(appointment, session, now),
        "for_name": session.name_booked_for(appointment),
        "has_booked_here": session.booked_appointment() is not None,
        "meeting_link": _meeting_link(appointment, now),
        "health_form": open_state(appointment, now),
        "came_by_link": session.came_by_link_of(appointment),
    }
    if appointment.status == Status.CANCELLED:
        context |= {"was_late": _was_cancelled_late(appointment), "is_free_again": _is_free_again(appointment, now)}
    return render(request, "booking/appointment/detail.html", context)


def _was_cancelled_late(appointment: Appointment) -> bool:
    """Whether it was cancelled after the deadline for changes."""
    cancelled = appointment.events.filter(kind=AppointmentEvent.Kind.CANCELLED).last()
    return cancelled is not None and cancelled.at > appointment.changes_until


def _is_free_again(appointment: Appointment, now: datetime) -> bool:
    """Whether patients can book the same service at the same time with the same practitioner."""
    service, is_new = appointment.service, appointment.is_first_visit
    if not service.is_bookable or not service.is_open_to(is_new):
        return False
    query = SlotQuery(service, now, location=appointment.location, new_patient=is_new)
    offers = scheduling.offers_of_service(service=service, now=now, new_patient=is_new)
    people = {offer.practitioner_id: offer.practitioner for offer in offers}
    finder = SlotFinder(query, people, SlotOverview(query))
    return appointment.starts_at > now and finder.at(appointment.starts_at, appointment.practitioner) is not None


def _asks_attendance(appointment: Appointment, session: BookingSession, now: datetime) -> bool:
    """Whether to ask "Will you be there?": of who came by the link, near the visit or while unverified."""
    if appointment.attendance_confirmed_at or appointment.asked_to_move_at or not session.came_by_link_of(appointment):
        return False
    ask_from = appointment.starts_at - max(ASK_ATTENDANCE_BEFORE, *appointment.service.reminders_before, timedelta(0))
    return appointment.is_unverified or now >= ask_from


def _meeting_link(appointment: Appointment, now: datetime) -> str:
    """The link of a visit by video until it is over, the practitioner's own before the service's; else ""."""
    service = appointment.service
    is_current = appointment.status in (Status.BOOKED, Status.ARRIVED) and now < appointment.ends_at
    if not (service.by_video and is_current):
        return ""
    offer = service.practitioner_services.filter(practitioner=appointment.practitioner).first()
    return (offer.own_meeting_link if offer else "") or service.meeting_link


@private_page
@require_http_methods(["GET", "HEAD", "POST"])
def cancel(request: HttpRequest) -> HttpResponse:
    """Ask for confirmation, stating the consequences; on POST cancel the appointment."""
    now = timezone.now()
    appointment = BookingSession(request).opened_appointment(now)
    if appointment is None:
        return not_found_page(request)
    form = CancelForm(
        request.POST or None, initial={"reference": appointment.reference, "sequence": appointment.sequence}
    )
    if request.method == "POST":
        if request.POST.getlist("reference") != [appointment.reference]:
            return mismatch_page(request, appointment, now)
        if appointment.status != Status.CANCELLED and not is_current_version(request, appointment):
            return changed_page(request, appointment, now)
        if form.is_valid():
            try:
                scheduling.cancel(
                    appointment=appointment, by=Actor.patient(), now=now, reason=form.cleaned_data["reason"]
                )
            except scheduling.SchedulingError as error:
                appointment.refresh_from_db(fields=["status"])
                context = appointment_context(appointment, now) | {"refusal": error.message}
                return render(request, "booking/appointment/cancel.html", context, status=422)
            return redirect("booking:appointment")
    context = appointment_context(appointment, now) | {"form": form}
    return render(request, "booking/appointment/cancel.html", context, status=422 if form.errors else 200)


@private_page
@require_safe
def calendar_file(request: HttpRequest) -> HttpResponse:
    """The appointment as an iCalendar file; for a cancelled one, the file that marks it as cancelled."""
    now = timezone.now()
    appointment = BookingSession(request).opened_appointment(now)
    if appointment is None:
        return not_found_page(request)
    try:
        reference = single_values(request.GET, {"reference"}).get("reference", appointment.reference)
    except InvalidParams:
        reference = ""
    if reference != appointment.reference:
        return mismatch_page(request, appointment, now)
    cancelled = appointment.status == Status.CANCELLED
    content = appointment_calendar.calendar_file(appointment, now=now, cancelled=cancelled, published=True)
    response = HttpResponse(content, content_type="text/calendar; charset=utf-8")
    response.headers["Content-Disposition"] = 'attachment; filename="appointment.ics"'
    return response


def is_current_version(request: HttpRequest, appointment: Appointment) -> bool:
    """Whether the form was rendered from the present version of the appointment (optimistic lock)."""
    return request.POST.getlist("sequence") == [str(appointment.sequence)]


def appointment_context(appointment: Appointment, now: datetime) -> dict[str, Any]:
    """Context of every page about an appointment."""
    return {
        "appointment": appointment,
        "service": appointment.service,
        "is_ahead": appointment.status == Status.BOOKED and now < appointment.starts_at,
        "can_change": appointment.can_cancel_online(now),
        "is_cancelled": appointment.status == Status.CANCELLED,
        "last_change": appointment.changes_until.astimezone(appointment.location.zone),
    }


def not_found_page(request: HttpRequest, *, was_a_link: bool = False, status: int = 404) -> HttpResponse:
    """No appointment is open in this session, or the link is invalid or has expired."""
    return render(request, "booking/appointment/not_found.html", {"was_a_link": was_a_link}, status=status)


def mismatch_page(request: HttpRequest, appointment: Appointment, now: datetime) -> HttpResponse:
    """The form was about another appointment than the one open in this session."""
    return render(request, "booking/appointment/mismatch.html", appointment_context(appointment, now), status=409)


def changed_page(request: HttpRequest, appointment: Appointment, now: datetime) -> HttpResponse:
    """Conflict: the appointment has changed since the form was rendered. Show its present version."""
    return render(request, "booking/appointment/changed_since.html", appointment_context(appointment, now), status=409)
