"""/appointment/confirm/: confirm a booking that waits for it, after opening the link in its e-mail.

Mail scanners follow links, so GET changes nothing: the page has a button.
"""

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from booking import scheduling
from booking.forms.appointment import TimeForm
from booking.models import Appointment, BookingStepCount, Practitioner, Status
from booking.private_pages import private_page
from booking.scheduling import Actor, SlotOverview, SlotQuery
from booking.statistics.steps import count_step
from booking.views.appointment.confirm_several import confirm_several
from booking.views.appointment.manage import mismatch_page, not_found_page
from booking.views.basket_session import BasketSession
from booking.views.query_params import parse_start
from booking.views.session import BookingSession
from booking.views.slot_choices import SlotFinder
from booking.views.unconfirmed import lapsed_page, unconfirmed_context


@private_page
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest) -> HttpResponse:
    """Show the booking with a button; POST confirms it, at its own time or at another one of those offered."""
    now, session = timezone.now(), BasketSession(request)
    appointment = session.unconfirmed_appointment(now)
    if appointment is None:
        return _verify(request, session, now)
    others = [] if appointment.awaits_confirmation(now) else scheduling.others_of_form(appointment, now=now)
    if others and others[0].status == Status.BOOKED:
        session.show_booked_together(others)
        return redirect("booking:done")
    if others:  # The link confirms them, though its own appointment was released.
        appointment = others[0]
        session.open_appointment(appointment, by_link=True)
    if page := lapsed_page(request, appointment):
        return page
    if appointment.series is not None:
        together = scheduling.unconfirmed_together(appointment)
        if len(together) > 1:
            return confirm_several(request, appointment, together, now)
    if request.method != "POST":
        return _show(request, appointment)
    if request.POST.getlist("reference") != [appointment.reference]:
        return mismatch_page(request, appointment, now)
    return _confirm(request, appointment, now)


def _verify(request: HttpRequest, session: BookingSession, now: datetime) -> HttpResponse:
    """The appointment is booked: it was confirmed already, or needed no confirmation. Then the e-mail address is."""
    appointment = session.opened_appointment(now)
    if appointment is None:
        return not_found_page(request)
    if request.method == "POST" and appointment.status == Status.BOOKED and session.came_by_link_of(appointment):
        if request.POST.getlist("reference") != [appointment.reference]:
            return mismatch_page(request, appointment, now)
        scheduling.confirm(appointment=appointment, by=Actor.patient(), now=now)
        session.mark_confirmed()
    return redirect("booking:appointment")


def _confirm(request: HttpRequest, appointment: Appointment, now: datetime) -> HttpResponse:
    session, people = BookingSession(request), _people(appointment, now)
    start, person = None, None
    if "start" in request.POST:
        form = TimeForm(request.POST, read=lambda value: parse_start(value, list(people.values())))
        if not form.is_valid():
            return _nearest_page(request, appointment, now, status=422)
        start, person = form.cleaned_data["start"]
    try:
        booked = scheduling.confirm(
            appointment=appointment,
            starts_at=start,
            practitioner=person,
            by=Actor.patient(),
            now=now,
            known=session.known_visits(),
            accepts_overlap="both" in request.POST,
        )
    except scheduling.VisitOverlaps as error:
        overlap = {"overlap": error.message, "start": request.POST.get("start", "")}
        return _show(request, appointment, overlap, status=409)
    except scheduling.NotConfirmed:
        appointment.refresh_from_db(fields=["status", "hold_expires_at"])
        return lapsed_page(request, appointment) or redirect("booking:confirm")
    except scheduling.SlotTaken:
        return _nearest_page(request, appointment, now, near=start, status=409)
    except scheduling.SchedulingError as error:
        return _nearest_page(request, appointment, now, refusal=error.message, status=409)
    if not booked.is_repeat:
        step = BookingStepCount.Step.BOOKED
        count_step(request, step, service=appointment.service, location=appointment.location, now=now)
    session.mark_confirmed()
    return redirect("booking:appointment")


def _show(
    request: HttpRequest, appointment: Appointment, extra: dict[str, Any] | None = None, *, status: int = 200
) -> HttpResponse:
    context = unconfirmed_context(appointment) | (extra or {})
    return render(request, "booking/appointment/confirm.html", context, status=status)


def _nearest_page(
    request: HttpRequest,
    appointment: Appointment,
    now: datetime,
    *,
    status: int,
    near: datetime | None = None,
    refusal: str = "",
) -> HttpResponse:
    """The nearest free times, each to be confirmed with one press: all answers are kept with the booking."""
    query = SlotQuery(appointment.service, now, location=appointment.location, new_patient=appointment.is_first_visit)
    finder = SlotFinder(query, _people(appointment, now), SlotOverview(query))
    context = unconfirmed_context(appointment) | {
        "nearest": [] if refusal else finder.near(near or appointment.starts_at, 3),
        "refusal": refusal,
    }
    return render(request, "booking/appointment/confirm_taken.html", context, status=status)


def _people(appointment: Appointment, now: datetime) -> dict[int, Practitioner]:
    offers = scheduling.offers_of_service(service=appointment.service, now=now, new_patient=appointment.is_first_visit)
    return {offer.practitioner_id: offer.practitioner for offer in offers}
