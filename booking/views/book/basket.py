"""/book/check/ and /book/done/ for several appointments that are booked in one go."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

from booking import rate_limits, scheduling, tokens
from booking.models import AGREED, Appointment, BookingStepCount, Status
from booking.scheduling import Actor, PatientDetails
from booking.statistics.steps import count_step
from booking.views.basket_session import BasketSession
from booking.views.book.details_data import basket_details, details_from, review_rows
from booking.views.book.hold_context import (
    CurrentHold,
    hold_longer,
    hold_mismatch_page,
    refusal_page,
    shared_context,
)
from booking.views.unconfirmed import unconfirmed_context
from booking.views.visitor import visitor_of


def check_basket(request: HttpRequest, current: CurrentHold) -> HttpResponse:
    """Show all times and answers once more. Confirming books all times, once, or none."""
    details = basket_details(current.session, current.holds)
    if details is None:
        return redirect("booking:details")
    if request.method == "POST":
        return _confirm(request, current, details)
    return _show(request, current, details)


def _show(
    request: HttpRequest,
    current: CurrentHold,
    details: Mapping[str, PatientDetails],
    *,
    overlap: str = "",
    status: int = 200,
) -> HttpResponse:
    session, now = current.session, current.now
    main = details_from(session, current.hold)
    assert main is not None  # As for each of ``details``.
    names = {reference: one.name for reference, one in details.items()}
    shows_names = len(set(names.values())) > 1
    context = shared_context(current, "check") | {
        "visits": [
            with_rules(hold, now=now, for_name=names[hold.reference] if shows_names else "") for hold in current.holds
        ],
        "rows": review_rows(current.hold, main, session.answers.get("masked") or ()),
        "late_fees": sorted({hold.service.late_cancellation_fee for hold in current.holds} - {""}),
        "submission_key": session.submission_key(),
        "overlap": overlap,
    }
    return render(request, "booking/book/check_several.html", context, status=status)


def _confirm(request: HttpRequest, current: CurrentHold, details: Mapping[str, PatientDetails]) -> HttpResponse:
    session, now = current.session, current.now
    if "longer" in request.POST:
        return hold_longer(request, current, back="booking:check")
    key = session.submission_key()
    if request.POST.getlist("submission_key") != [key]:
        return hold_mismatch_page(request, current)
    email = next(one.email for one in details.values())
    try:
        with rate_limits.consuming(request, "book", email=email, now=now):
            appointments = scheduling.book_basket(
                basket_id=session.basket().id,
                holder=session.holder(),
                details=details,
                submission_key=key,
                by=Actor.patient(),
                now=now,
                visitor=visitor_of(request),
                known=session.known_visits(),
                accepts_overlap="both" in request.POST,
                booked_from=session.came_from,
            )
    except scheduling.VisitOverlaps as error:
        return _show(request, current, details, overlap=error.message, status=409)
    except scheduling.SchedulingError as error:
        return refusal_page(request, current, error)
    first, step = appointments[0], BookingStepCount.Step.BOOKED
    if first.status == Status.BOOKED and not first.is_repeat:  # Else once they are confirmed. A basket counts once.
        count_step(request, step, service=first.service, location=first.location, now=now)
    session.finish_all(appointments, now=now)
    return redirect("booking:done")


def basket_done(request: HttpRequest, session: BasketSession, appointments: Sequence[Appointment]) -> HttpResponse:
    """Confirm the booked appointments, or say that they wait for the e-mail, or were not confirmed in time (410)."""
    now, first = timezone.now(), appointments[0]
    masked = session.masked_in_booking
    shows_names = "name" not in masked and len({visit.patient_id for visit in appointments}) > 1
    context: dict[str, Any] = {
        "appointment": first,
        "patient": first.patient,
        "masked": masked,
        "visits": [
            with_rules(visit, now=now, for_name=_given_name(visit) if shows_names else "") for visit in appointments
        ],
    }
    waiting = [visit for visit in appointments if visit.status == Status.UNCONFIRMED]
    if waiting or all(visit.has_lapsed for visit in appointments):
        context = unconfirmed_context(first) | context
        if not any(visit.awaits_confirmation(now) for visit in waiting):
            return render(request, "booking/appointment/lapsed.html", context, status=410)
        return render(request, "booking/book/unconfirmed_several.html", context)
    # Without those that were left out when the others were confirmed.
    context["visits"] = [one for one in context["visits"] if one["visit"].status in AGREED]
    return render(request, "booking/book/done_several.html", context)


def with_rules(visit: Appointment, *, now: Any, for_name: str = "") -> dict[str, Any]:
    """One appointment of a list: for whom it is, until when it can be changed, and its own page once it is booked."""
    is_booked = visit.patient_id is not None
    return {
        "visit": visit,
        "for_name": for_name,
        "can_change": now <= visit.changes_until,
        "last_change": visit.changes_until.astimezone(visit.location.zone),
        "manage_link": reverse("booking:link", args=[tokens.page_token(visit)]) if is_booked else "",
    }


def _given_name(visit: Appointment) -> str:
    return visit.patient.given_names if visit.patient else ""
