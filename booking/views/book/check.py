"""/book/check/ and /book/done/: check the answers, book, confirm."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from booking import rate_limits, scheduling, tokens
from booking.formatting import coming_day
from booking.intake.asked import open_state
from booking.models import Appointment, BookingStepCount, Message, Status
from booking.private_pages import private_page
from booking.scheduling import Actor, PatientDetails
from booking.statistics.steps import count_step
from booking.views.basket_session import BasketSession
from booking.views.book.basket import basket_done, check_basket
from booking.views.book.details_data import details_from, review_rows
from booking.views.book.hold_context import (
    CurrentHold,
    current_hold,
    hold_longer,
    hold_mismatch_page,
    refusal_page,
    shared_context,
)
from booking.views.session import BookingSession
from booking.views.unconfirmed import lapsed_page, unconfirmed_context
from booking.views.visitor import visitor_of

Step = BookingStepCount.Step


@private_page
@require_http_methods(["GET", "HEAD", "POST"])
def check(request: HttpRequest) -> HttpResponse:
    """Show all answers once more. Confirming books the hold, once."""
    current = current_hold(request, also_booked=True)
    if isinstance(current, HttpResponse):
        return current
    if current.is_basket:
        return check_basket(request, current)
    details = details_from(current.session, current.hold)
    if details is None:
        return redirect("booking:details")
    if request.method == "POST":
        return _confirm(request, current, details)
    return _show(request, current, details)


def _show(
    request: HttpRequest, current: CurrentHold, details: PatientDetails, *, overlap: str = "", status: int = 200
) -> HttpResponse:
    """The answers; ``overlap`` asks whether to book although the visitor has another visit then (R16)."""
    context = shared_context(current, "check")
    context |= {
        "rows": review_rows(current.hold, details, current.session.answers.get("masked") or ()),
        "submission_key": current.session.submission_key(),
        "overlap": overlap,
    }
    return render(request, "booking/book/check.html", context, status=status)


def _confirm(request: HttpRequest, current: CurrentHold, details: PatientDetails) -> HttpResponse:
    if "longer" in request.POST:
        return hold_longer(request, current, back="booking:check")
    key, now = current.session.submission_key(), current.now
    if request.POST.getlist("submission_key") != [key]:
        return hold_mismatch_page(request, current)
    try:
        with rate_limits.consuming(request, "book", email=details.email, now=now):
            appointment = scheduling.book(
                hold=current.hold,
                details=details,
                submission_key=key,
                by=Actor.patient(),
                now=now,
                visitor=visitor_of(request),
                known=current.session.known_visits(),
                accepts_overlap="both" in request.POST,
                booked_from=current.session.came_from,
            )
    except scheduling.VisitOverlaps as error:
        return _show(request, current, details, overlap=error.message, status=409)
    except scheduling.SchedulingError as error:
        return refusal_page(request, current, error)
    if appointment.status == Status.BOOKED and not appointment.is_repeat:  # Else once the patient has confirmed it.
        count_step(request, Step.BOOKED, service=appointment.service, location=appointment.location, now=now)
    current.session.finish(appointment, now=now)
    return redirect("booking:done")


@private_page
@require_safe
def done(request: HttpRequest) -> HttpResponse:
    """Confirm the booked appointment."""
    session = BasketSession(request)
    appointment = session.booked_appointment()
    if appointment is None:
        return render(request, "booking/book/nothing_chosen.html", {"was_done": True}, status=410)
    if together := session.booked_together():
        return basket_done(request, session, together)
    if appointment.status == Status.UNCONFIRMED or appointment.has_lapsed:
        return _unconfirmed_page(request, appointment)
    # Use its own link, because the session may have opened another appointment since.
    manage_link = reverse("booking:link", args=[tokens.page_token(appointment)])
    if appointment.status != Status.BOOKED:
        return redirect(manage_link)
    now, zone = timezone.now(), appointment.location.zone
    reminders = appointment.messages.filter(kind=Message.Kind.REMINDER)
    context = {
        "appointment": appointment,
        "service": appointment.service,
        "patient": appointment.patient,
        "manage_link": manage_link,
        "can_change": appointment.can_cancel_online(now),
        "masked": session.masked_in_booking,
        "for_name": session.name_booked_for(appointment),
        "coming_day": coming_day(appointment.local_on, now.astimezone(zone).date()),
        "health_form": open_state(appointment, now),
        "reminders_by": reminders.values_list("channel", flat=True).first(),
    }
    return render(request, "booking/book/done.html", context)


def _unconfirmed_page(request: HttpRequest, appointment: Appointment) -> HttpResponse:
    """Say that the e-mail has to be opened and until when, or that it was not (410)."""
    context = unconfirmed_context(appointment) | {"masked": BookingSession(request).masked_in_booking}
    return lapsed_page(request, appointment) or render(request, "booking/book/unconfirmed.html", context)
