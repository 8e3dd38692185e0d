"""/appointment/again/ and /appointment/forget/: book once more with the same details, or clear them."""

from collections.abc import Sequence
from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from booking import rate_limits, scheduling
from booking.models import Appointment, BookedFrom
from booking.private_pages import private_page
from booking.scheduling import Actor, SlotQuery
from booking.views.appointment.manage import mismatch_page, not_found_page
from booking.views.basket_session import BasketSession
from booking.views.book.remembered import typed_answers
from booking.views.book.several import hold_again, release_all
from booking.views.book.slot_page import slot_page_for_hold
from booking.views.book.times import slot_taken_page
from booking.views.errors import invalid_params_page
from booking.views.query_params import InvalidParams, SearchParams, services_url, times_url
from booking.views.session import BookingSession
from booking.views.visitor import visitor_who_holds


@private_page
@require_POST
def book_again(request: HttpRequest) -> HttpResponse:
    """Lead to the times. ``for``: the "time" of a cancelled appointment, the "same" service and person, or any service
    for "me" or for an "other" person. The "address" of a booking that waits for its e-mail leads back to the details.
    """
    now, session = timezone.now(), BasketSession(request)
    booked, opened = session.booked_appointment(), session.opened_appointment(now)
    known = [visit for visit in (booked, opened) if visit is not None]
    if not known:
        past = session.past_appointment(now)
        if past is None:
            return not_found_page(request)
        session.come_from(BookedFrom.AGAIN)
        return redirect(_same_times(past, now))
    named = [visit for visit in known if request.POST.getlist("reference") == [visit.reference]]
    if not named:
        return mismatch_page(request, known[-1], now)
    appointment, deed = named[0], request.POST.get("for")
    if deed == "address":
        return _correct_address(request, session, appointment, now)
    # Whoever came by a link has not typed the details. Whoever typed them has booked in this session.
    session.remember(appointment, now=now, by_link=_came_by_link(session, appointment), for_other=deed == "other")
    session.save_answers({}, complete=False)
    session.come_from(BookedFrom.AGAIN)
    if deed == "time":
        params = SearchParams(
            appointment.is_first_visit, practitioner=appointment.practitioner, location=appointment.location
        )
        return redirect(times_url(appointment.service, params, start=appointment.starts_at))
    if deed == "same":
        return redirect(_same_times(appointment, now))
    return redirect(services_url(None if deed == "other" else _is_new(appointment, now)))


def _correct_address(
    request: HttpRequest, session: BasketSession, appointment: Appointment, now: datetime
) -> HttpResponse:
    """Choose the same time once more, with the answers of a booking whose e-mail went to a wrong address.

    That booking lapses. Nobody sees answers that they have not typed in this session.
    """
    if not appointment.awaits_confirmation(now) or _came_by_link(session, appointment):
        return redirect("booking:done")
    rate_limits.consume_for_request(request, "hold", now=now)
    session.save_answers(typed_answers(appointment), complete=False)
    if together := session.booked_together():
        return _choose_together_again(request, session, together, now)
    try:
        hold = scheduling.hold(
            service=appointment.service,
            starts_at=appointment.starts_at,
            holder=session.holder(),
            by=Actor.patient(),
            now=now,
            location=appointment.location,
            practitioner=appointment.practitioner,
            new_patient=appointment.is_first_visit,
            visitor=visitor_who_holds(request, now=now),
        )
    except scheduling.SlotTaken:
        page = slot_page_for_hold(appointment, now, session.holder())
        return slot_taken_page(request, page, appointment.starts_at, status=409)
    except scheduling.NotBookable as error:
        return invalid_params_page(request, InvalidParams(error.message, status=409), appointment.service)
    session.choose(hold, wants_this_person=True)
    return redirect(reverse("booking:details") + "#id_email")


def _choose_together_again(
    request: HttpRequest, session: BasketSession, together: Sequence[Appointment], now: datetime
) -> HttpResponse:
    """``_correct_address`` for the bookings of a basket: those that are still free."""
    answers = session.answers
    try:
        hold_again(session, together, visitor_who_holds(request, now=now), now=now, answers=answers)
    except scheduling.SchedulingError as error:
        return invalid_params_page(request, InvalidParams(error.message, status=409), together[0].service)
    return redirect(reverse("booking:details") + "#id_email")


@private_page
@require_http_methods(["GET", "HEAD", "POST"])
def forget(request: HttpRequest) -> HttpResponse:
    """Clear everything about bookings from this session, and let go the time that it holds."""
    session = BasketSession(request)
    if request.method == "POST":
        release_all(session, timezone.now())
        session.clear()
        return redirect("booking:forget")
    if not session.is_empty:
        return redirect("booking:done")
    return render(request, "booking/book/cleared.html")


def _came_by_link(session: BookingSession, appointment: Appointment) -> bool:
    return session.booked_appointment() != appointment or bool(session.masked_in_booking)


def _is_new(appointment: Appointment, now: datetime) -> bool:
    """Whether the patient is still new: their first visit is ahead."""
    return bool(appointment.is_first_visit) and now < appointment.ends_at


def _same_times(appointment: Appointment, now: datetime) -> str:
    """The times of the same service with the same practitioner, or of as much of it as can still be booked."""
    service, is_new = appointment.service, _is_new(appointment, now)
    if not (service.is_bookable and service.is_open_to(is_new)):
        return services_url(is_new)
    offers = scheduling.offers_of_service(service=service, now=now, new_patient=is_new)
    query = SlotQuery(service, now, new_patient=is_new)
    people = [offer.practitioner for offer in offers if query.may_be_seen_by(offer.practitioner)]
    practitioner = appointment.practitioner if appointment.practitioner in people else None
    return times_url(service, SearchParams(new_patient=is_new, practitioner=practitioner))
