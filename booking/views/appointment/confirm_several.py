"""/appointment/confirm/ for several appointments of one form: one press confirms all, or none."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from booking import scheduling
from booking.models import Appointment, BookingStepCount, Practitioner
from booking.scheduling import Actor, SlotOverview, SlotQuery
from booking.statistics.steps import count_step
from booking.views.appointment.manage import mismatch_page
from booking.views.basket_session import BasketSession
from booking.views.query_params import InvalidParams, parse_start
from booking.views.slot_choices import SlotChoice, SlotFinder
from booking.views.unconfirmed import lapsed_page, unconfirmed_context

LEFT_OUT = "out"


def confirm_several(
    request: HttpRequest, appointment: Appointment, together: Sequence[Appointment], now: datetime
) -> HttpResponse:
    """Show them with a button; POST confirms all, each at its own time or at another one that was offered."""
    if request.method != "POST":
        return _show(request, appointment, together)
    if request.POST.getlist("reference") != [appointment.reference]:
        return mismatch_page(request, appointment, now)
    try:
        instead = _instead(request, together, now)
    except InvalidParams:
        return _show(request, appointment, together, {"is_unclear": True}, status=422)
    if len(instead) == len(together) and not any(instead.values()):
        return _show(request, appointment, together, {"is_unclear": True}, status=422)
    session = BasketSession(request)
    try:
        booked = scheduling.confirm_basket(
            appointment=appointment,
            by=Actor.patient(),
            now=now,
            instead=instead,
            known=session.known_visits(),
            accepts_overlap="both" in request.POST,
        )
    except scheduling.VisitOverlaps as error:
        chosen = [(name, value) for name, value in request.POST.items() if name.startswith("instead_")]
        return _show(request, appointment, together, {"overlap": error.message, "chosen": chosen}, status=409)
    except scheduling.NotConfirmed:
        appointment.refresh_from_db(fields=["status", "hold_expires_at"])
        return lapsed_page(request, appointment) or redirect("booking:confirm")
    except scheduling.BasketTaken as taken:
        gone = [visit for visit in together if {visit.starts_at, _wanted(visit, instead)} & set(taken.starts)]
        offers = [(visit, _nearest(visit, together, now)) for visit in gone]
        return _show(request, appointment, together, {"taken": offers}, status=409)
    except scheduling.SchedulingError as error:
        return _show(request, appointment, together, {"refusal": error.message}, status=409)
    step = BookingStepCount.Step.BOOKED  # A basket counts once.
    count_step(request, step, service=appointment.service, location=appointment.location, now=now)
    session.show_booked_together(booked)
    session.mark_confirmed()
    return redirect("booking:done")


def _show(
    request: HttpRequest,
    appointment: Appointment,
    together: Sequence[Appointment],
    extra: dict[str, Any] | None = None,
    *,
    status: int = 200,
) -> HttpResponse:
    context = unconfirmed_context(appointment) | {"together": together} | (extra or {})
    return render(request, "booking/appointment/confirm_several.html", context, status=status)


def _instead(
    request: HttpRequest, together: Sequence[Appointment], now: datetime
) -> dict[str, tuple[datetime, Practitioner] | None]:
    """The other times that were chosen, by reference. Raises InvalidParams for one that makes no sense."""
    instead: dict[str, tuple[datetime, Practitioner] | None] = {}
    for visit in together:
        values = request.POST.getlist(f"instead_{visit.reference}")
        if len(values) > 1 or any(len(value) > 100 for value in values):
            raise InvalidParams("Choose one of the times shown.")
        if not values or not values[0]:
            continue
        if values[0] == LEFT_OUT:
            instead[visit.reference] = None
            continue
        starts_at, person = parse_start(values[0], list(_people(visit, now).values()))
        if person is None:
            raise InvalidParams("Choose one of the times shown.")
        instead[visit.reference] = (starts_at, person)
    return instead


def _wanted(visit: Appointment, instead: dict[str, tuple[datetime, Practitioner] | None]) -> datetime:
    change = instead.get(visit.reference)
    return change[0] if change else visit.starts_at


def _nearest(visit: Appointment, together: Sequence[Appointment], now: datetime) -> list[SlotChoice]:
    """Free times close to one that was taken, without those of the other appointments."""
    query = SlotQuery(visit.service, now, location=visit.location, new_patient=visit.is_first_visit)
    finder = SlotFinder(query, _people(visit, now), SlotOverview(query))
    others = {other.starts_at for other in together}
    return [choice for choice in finder.near(visit.starts_at, 6) if choice.starts_at not in others][:3]


def _people(appointment: Appointment, now: datetime) -> dict[int, Practitioner]:
    offers = scheduling.offers_of_service(service=appointment.service, now=now, new_patient=appointment.is_first_visit)
    return {offer.practitioner_id: offer.practitioner for offer in offers}
