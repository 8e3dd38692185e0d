"""/appointment/confirm/ for several appointments of one form: one press confirms all, or none."""

from collections.abc import Mapping, Sequence
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
Change = tuple[datetime, Practitioner] | None  # None: without this one.


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
        extra: dict[str, Any] = {"overlap": error.message, "chosen": _chosen(request, together)}
        return _show(request, appointment, together, extra, status=409)
    except scheduling.NotConfirmed:
        appointment.refresh_from_db(fields=["status", "hold_expires_at"])
        return lapsed_page(request, appointment) or redirect("booking:confirm")
    except scheduling.BasketTaken as taken:
        gone = [visit for visit in together if visit.reference in taken.references]
        kept = [visit for visit in together if visit.reference not in taken.references]
        extra = {"taken": _offers(gone, kept, instead, now), "chosen": _chosen(request, kept)}
        return _show(request, appointment, together, extra, status=409)
    except scheduling.SchedulingError as error:
        extra = {"refusal": error.message, "chosen": _chosen(request, together)}
        return _show(request, appointment, together, extra, status=409)
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


def _instead(request: HttpRequest, together: Sequence[Appointment], now: datetime) -> dict[str, Change]:
    """The other times that were chosen, by reference. Raises InvalidParams for one that makes no sense."""
    instead: dict[str, Change] = {}
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


def _chosen(request: HttpRequest, visits: Sequence[Appointment]) -> list[tuple[str, str]]:
    """What was chosen instead for these, as hidden fields."""
    names = [f"instead_{visit.reference}" for visit in visits]
    return [(name, request.POST[name]) for name in names if request.POST.get(name)]


def _offers(
    gone: Sequence[Appointment], kept: Sequence[Appointment], instead: Mapping[str, Change], now: datetime
) -> list[tuple[Appointment, list[SlotChoice]]]:
    """Free times close to each that was taken. None is offered twice, and the first ones fit together.

    They are not at the start of another, and leave the times that the others keep.
    """
    others = {visit.starts_at for visit in [*gone, *kept]}
    spans = []
    for visit in kept:
        change = instead.get(visit.reference, (visit.starts_at, visit.practitioner))
        if change is not None:
            spans.append((change[1].pk, change[0], change[0] + visit.duration))
            others.add(change[0])
    offers = []
    for visit in gone:
        query = SlotQuery(visit.service, now, location=visit.location, new_patient=visit.is_first_visit)
        finder = SlotFinder(query, _people(visit, now), SlotOverview(query))
        nearest = [
            choice
            for choice in finder.near(visit.starts_at, 6 + 6 * len(gone))
            if choice.starts_at not in others and not _overlaps(choice, spans)
        ]
        nearest = sorted(nearest, key=lambda choice: abs(choice.starts_at - visit.starts_at))[:3]
        others |= {choice.starts_at for choice in nearest}
        spans += [(one.person.pk, one.starts_at, one.starts_at + one.length) for one in nearest[:1]]
        offers.append((visit, nearest))
    return offers


def _overlaps(choice: SlotChoice, spans: Sequence[tuple[int, datetime, datetime]]) -> bool:
    ends_at = choice.starts_at + choice.length
    return any(
        choice.person.pk == person and choice.starts_at < end and start < ends_at for person, start, end in spans
    )


def _people(appointment: Appointment, now: datetime) -> dict[int, Practitioner]:
    offers = scheduling.offers_of_service(service=appointment.service, now=now, new_patient=appointment.is_first_visit)
    return {offer.practitioner_id: offer.practitioner for offer in offers}
