"""Choose several times on the times page: each press holds one, a second press returns it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from booking import rate_limits, scheduling
from booking.forms.basket import birth_date_field, name_field
from booking.models import Appointment, BookingStepCount, Practitioner, Status, is_reference
from booking.scheduling import Actor, Visitor
from booking.statistics.steps import count_step
from booking.views.basket_session import BasketSession
from booking.views.book.slot_page import SlotPage
from booking.views.book.steps import step_after
from booking.views.book.weeks import offered_weeks
from booking.views.query_params import InvalidParams, parse_start, times_url
from booking.views.slot_choices import SlotChoice, anchor_of
from booking.views.visitor import visitor_of, visitor_who_holds


def is_several(page: SlotPage, session: BasketSession) -> bool:
    """Whether several times are chosen: asked for by the address, or begun already. No query without a basket."""
    is_begun = session.basket_id is not None and bool(session.live_visits(page.now))
    is_asked_for = page.params.several and page.service.series_limit > 1
    page.params = replace(page.params, several=is_begun or is_asked_for)
    return page.params.several


def show_basket(page: SlotPage, session: BasketSession) -> dict[str, Any]:
    """Show the basket's times on this page, where they count as taken. Returns the context of its tray."""
    visits = session.live_visits(page.now) if session.has_begun else []
    lapsed = session.chosen_holds() if session.basket_id and not visits else []
    page.holder, page.in_basket = "", len(visits)
    page.chosen = [
        SlotChoice(visit.starts_at, visit.local_start, visit.duration, visit.practitioner, reference=visit.reference)
        for visit in visits
        if visit.service_id == page.service.pk and page.location and visit.location_id == page.location.pk
    ]
    ends = [visit.hold_expires_at for visit in visits if visit.status == Status.HELD and visit.hold_expires_at]
    zone = page.location.zone if page.location else None
    return {
        "tray": visits,
        "tray_until": min(ends).astimezone(zone) if ends else None,
        "has_unheld": any(visit.status == Status.UNHELD for visit in visits),
        "is_full": len(visits) >= page.service.series_limit,
        "lapsed": [visit for visit in lapsed if visit.is_hold],
        "go_on": step_after(session, visits or lapsed) if visits or lapsed else "",
        "weeks_links": offered_weeks(page),
        "just_one": times_url(page.address_service, replace(page.params, several=False)),
    }


def change_basket(request: HttpRequest, page: SlotPage, session: BasketSession) -> HttpResponse:
    """Return one time, release all, or hold the times that the form names.

    Raises InvalidParams for times that the page cannot have shown, and what ``hold_several`` raises.
    """
    if request.POST.get("release") == "all":
        release_all(session, page.now)
        return HttpResponseRedirect(times_url(page.address_service, replace(page.params, several=False)))
    if "remove" in request.POST:
        return _return_time(request, page, session)
    wishes = _wishes(request, page)
    visits = session.live_visits(page.now) if session.has_begun else []
    basket = scheduling.hold_several(
        service=page.service,
        wishes=wishes,
        basket_id=session.basket().id,
        holder=session.holder(),
        by=Actor.patient(),
        now=page.now,
        location=page.location,  # type: ignore[arg-type]
        new_patient=page.new_patient,
        visitor=_visitor(request, visits, page.now),
    )
    session.keep_basket(basket)
    if page.params.came_from:
        session.come_from(page.params.came_from)
    if not visits:  # Else they chose one more.
        step = BookingStepCount.Step.CHOSEN
        count_step(request, step, service=page.service, location=page.location, now=page.now)
    return _back_to(page, wishes[0][0])


def release_all(session: BasketSession, now: datetime) -> None:
    """Release every time of the basket, and forget it."""
    for visit in session.live_visits(now):
        _release(session, visit, now)
    session.drop_basket()


def without(session: BasketSession, starts: Sequence[datetime], now: datetime) -> None:
    """Take the times that others have now out of the basket."""
    for visit in session.basket().visits:
        if visit.starts_at in starts:
            _release(session, visit, now)
    _keep_unless_empty(session)


def _keep_unless_empty(session: BasketSession) -> None:
    """Store that the basket has changed. An empty one is forgotten: the next has its own 40 minutes."""
    basket = session.basket()
    if basket.visits:
        session.keep_basket(basket)
    else:
        session.drop_basket()


def hold_again(
    session: BasketSession, visits: Sequence[Appointment], visitor: Visitor, *, now: datetime, answers: dict[str, Any]
) -> None:
    """Hold the times of unconfirmed bookings in a new basket, with the names that were typed for each.

    What was chosen since is released. Raises what ``hold_several`` raises; then what was held again before it stays in
    the basket.
    """
    release_all(session, now)
    basket, names = session.basket(), {visit.starts_at: visit.patient for visit in visits}
    main = visits[0].patient
    for visit in visits:
        basket = scheduling.hold_several(
            service=visit.service,
            wishes=[(visit.starts_at, visit.practitioner)],
            basket_id=basket.id,
            holder=session.holder(),
            by=Actor.patient(),
            now=now,
            location=visit.location,
            new_patient=visit.is_first_visit,
            visitor=visitor,
        )
        session.keep_basket(basket)
    for hold in basket.visits:
        patient = names.get(hold.starts_at)
        if patient is not None and patient != main:
            answers[name_field(hold)] = patient.name
            answers[birth_date_field(hold)] = patient.date_of_birth.isoformat() if patient.date_of_birth else ""
    session.save_answers(answers, complete=False)


def _release(session: BasketSession, visit: Appointment, now: datetime) -> None:
    if session.basket_id is None:
        scheduling.release(appointment=visit, by=Actor.patient(), now=now)
    else:
        scheduling.return_time(visit=visit, basket_id=session.basket_id, by=Actor.patient(), now=now)


def _return_time(request: HttpRequest, page: SlotPage, session: BasketSession) -> HttpResponse:
    """Return the time that the form names, if it is this session's. A second press finds it gone, and that is fine."""
    named = request.POST.getlist("remove")
    visits = {visit.reference: visit for visit in session.live_visits(page.now)} if session.has_begun else {}
    if len(named) != 1 or not is_reference(named[0]):
        raise InvalidParams("Choose one of the times shown.")
    visit = visits.get(named[0])
    if visit is None:
        return _back_to(page, None)
    _release(session, visit, page.now)
    if session.basket_id is not None:
        _keep_unless_empty(session)
    return _back_to(page, visit.starts_at)


def _wishes(request: HttpRequest, page: SlotPage) -> list[tuple[datetime, Practitioner | None]]:
    """The starts that the form names: one, or those of several weeks."""
    people = [offer.practitioner for offer in page.offers]
    values = request.POST.getlist("start")
    if not 1 <= len(values) <= page.service.series_limit or any(len(value) > 100 for value in values):
        raise InvalidParams("Choose one of the times shown.")
    if page.location is None:
        raise InvalidParams("Choose one of the times shown.")
    wishes = []
    for value in values:
        starts_at, person = parse_start(value, people)
        person = page.params.practitioner or person
        if person is None and page.requested:
            free = page.finder.at(starts_at)
            if free is None:
                raise scheduling.BasketTaken([starts_at])
            person = free.person
        wishes.append((starts_at, person))
    return wishes


def _visitor(request: HttpRequest, visits: Sequence[Appointment], now: datetime) -> Visitor:
    """Who chooses. Only the first time of a basket counts against the limits of network and e-mail."""
    if not visits:
        rate_limits.consume_for_request(request, "hold", now=now)
        return visitor_who_holds(request, now=now)
    visitor = visitor_of(request)
    return replace(visitor, proved_email="") if any(visit.is_unverified for visit in visits) else visitor


def _back_to(page: SlotPage, starts_at: datetime | None) -> HttpResponse:
    """The same day again, with the focus on the button that was pressed."""
    day = starts_at.astimezone(page.location.zone).date() if starts_at and page.location else page.params.day
    params = replace(page.params, day=day, start=None, location=page.location)
    anchor = f"#{anchor_of(starts_at)}" if starts_at else ""
    return HttpResponseRedirect(times_url(page.address_service, params) + anchor)
