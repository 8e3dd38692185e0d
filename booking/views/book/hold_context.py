"""The hold of this session, or the page to send instead; context that the steps share."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

from booking import rate_limits, scheduling
from booking.models import Appointment, BookingStepCount, Status
from booking.scheduling import Actor
from booking.statistics.steps import count_step
from booking.views.basket_session import BasketSession
from booking.views.book.several import show_basket, without
from booking.views.book.slot_page import slot_page_for_hold
from booking.views.book.stamp import stamp_of
from booking.views.book.times import slot_taken_page
from booking.views.errors import invalid_params_page
from booking.views.query_params import InvalidParams, SearchParams, format_visit_kind, times_url
from booking.views.slot_choices import format_start
from booking.views.visitor import visitor_of


@dataclass(frozen=True)
class CurrentHold:
    """The hold of a request's session, live or lapsed, at one instant. Of a basket, the first of its ``holds``."""

    session: BasketSession
    holds: Sequence[Appointment]
    now: datetime

    @property
    def hold(self) -> Appointment:
        return self.holds[0]

    @property
    def is_basket(self) -> bool:
        return len(self.holds) > 1

    @property
    def is_live(self) -> bool:
        return all(hold.is_live_hold(self.now) for hold in self.holds)

    @property
    def stamp(self) -> str:
        """What a form is about, so that one about another state of the basket is refused."""
        return stamp_of(self.holds)


def current_hold(
    request: HttpRequest, *, also_booked: bool = False, keep_typed: Callable[[CurrentHold], None] | None = None
) -> CurrentHold | HttpResponse:
    """The hold that this request is about, or the page to send instead.

    ``also_booked`` accepts a hold that an earlier submission of the same form has booked: booking it again with the
    same submission key returns the same appointment. ``keep_typed`` stores the answers of a form that was about another
    hold, such as that of an older tab.
    """
    session = BasketSession(request)
    is_post = request.method == "POST"
    if is_post and also_booked and session.was_submitted(request.POST.get("submission_key", "")):
        return redirect("booking:done")
    holds = session.chosen_holds()
    if not holds or not (also_booked or all(hold.is_hold for hold in holds)):
        return nothing_chosen_page(request, session)
    current = CurrentHold(session, holds, timezone.now())
    if is_post and request.POST.getlist("hold") != [current.stamp]:
        if keep_typed is not None:
            keep_typed(current)
        return hold_mismatch_page(request, current)
    return current


def extend_hold(request: HttpRequest, current: CurrentHold) -> HttpResponse | None:
    """Extend the hold, or reacquire a lapsed one. Returns the page to send if the slot is gone."""
    try:
        if current.is_basket:
            _extend_basket(request, current)
        else:
            scheduling.extend(hold=current.hold, by=Actor.patient(), now=current.now, visitor=visitor_of(request))
    except scheduling.HoldLimitReached:
        return None  # The page says until when it is held; booking reacquires a lapsed hold if the slot is free.
    except scheduling.SchedulingError as error:
        return refusal_page(request, current, error)
    return None


def _extend_basket(request: HttpRequest, current: CurrentHold) -> None:
    session = current.session
    scheduling.extend_basket(
        basket_id=session.basket().id,
        holder=session.holder(),
        by=Actor.patient(),
        now=current.now,
        visitor=visitor_of(request),
    )


def hold_longer(request: HttpRequest, current: CurrentHold, *, back: str) -> HttpResponse:
    """Extend the hold, and show on the same page when it now ends."""
    rate_limits.consume_for_request(request, "hold", now=current.now)
    return extend_hold(request, current) or redirect(reverse(back) + "#held")


def refusal_page(request: HttpRequest, current: CurrentHold, error: scheduling.SchedulingError) -> HttpResponse:
    """What a visitor sees when a command about their hold was refused. Every typed answer is kept."""
    hold, step = current.hold, BookingStepCount.Step.REFUSED
    count_step(request, step, service=hold.service, location=hold.location, now=current.now)
    if isinstance(error, scheduling.BasketTaken):
        return _basket_taken_page(request, current, error.starts)
    if isinstance(error, scheduling.SlotTaken):
        page = slot_page_for_hold(current.hold, current.now, current.session.holder())
        # Slots of anyone, because another practitioner may be free at the same time.
        return slot_taken_page(request, page, current.hold.starts_at, status=409)
    return invalid_params_page(request, InvalidParams(error.message, status=409), current.hold.service)


def _basket_taken_page(request: HttpRequest, current: CurrentHold, starts: Sequence[datetime]) -> HttpResponse:
    """Some times of the basket are taken: they leave it, the others are held again, and the nearest are offered."""
    session, now = current.session, current.now
    first = next((hold for hold in current.holds if hold.starts_at in starts), current.hold)
    without(session, starts, now)
    if session.chosen_holds():
        with suppress(scheduling.SchedulingError):  # What is free is booked without being held, too.
            _extend_basket(request, current)
    page = slot_page_for_hold(first, now, "")
    page.params = replace(page.params, several=True)
    basket = session.basket()
    is_over = bool(basket.visits) and not basket.can_be_held(now)  # Then no other time can join it.
    page.hold_context = show_basket(page, session) | {"nothing_booked": True, "is_over": is_over}
    others = [start for start in starts if start != first.starts_at]
    return slot_taken_page(request, page, first.starts_at, *others, status=409)


def shared_context(current: CurrentHold, step: str = "") -> dict[str, Any]:
    """Context of every page about a hold. Of the steps, the first to be shown names the hold that was let go."""
    hold, let_go = current.hold, current.session.let_go_hold(current.now)
    if let_go is not None and (let_go.pk == hold.pk or not current.session.is_told_on(step)):
        let_go = None
    practitioner = hold.practitioner if current.session.wants_this_person else None
    params = SearchParams(
        hold.is_first_visit, location=hold.location, practitioner=practitioner, several=current.is_basket
    )
    return {
        "hold": hold,
        "stamp": current.stamp,
        "service": hold.service,
        "visit": format_visit_kind(hold.is_first_visit),
        "is_live": current.is_live,
        "is_unheld": hold.status == Status.UNHELD,
        "change_time": times_url(hold.service, params, day=hold.local_on),
        "can_change": current.now <= hold.changes_until,
        "last_change": hold.changes_until.astimezone(hold.location.zone),
        "shows_signs": hold.service.shows_signs_to(hold.is_first_visit),
        "let_go": let_go,
        "let_go_at": let_go and _times_of(let_go),
        "let_go_start": let_go and format_start(let_go.starts_at, let_go.practitioner),
        "held_until": hold.hold_expires_at and hold.hold_expires_at.astimezone(hold.location.zone),
        "can_hold_longer": hold.status != Status.UNHELD and scheduling.extensions_left(hold) > 0,
    } | (_basket_context(current) if current.is_basket else {})


def _basket_context(current: CurrentHold) -> dict[str, Any]:
    """What pages about several times show besides, and where they differ."""
    holds, zone = current.holds, current.hold.location.zone
    until = min((hold.hold_expires_at for hold in holds if hold.hold_expires_at), default=current.now)
    return {
        "basket": holds,
        "total": sum(hold.price for hold in holds),
        "is_unheld": any(hold.status == Status.UNHELD for hold in holds),
        "shows_signs": any(hold.service.shows_signs_to(hold.is_first_visit) for hold in holds),
        "held_until": until.astimezone(zone),
        "can_hold_longer": current.session.basket().held_until(current.now) > max(until, current.now),
    }


def _times_of(hold: Appointment) -> str:
    """URL of the times page on which this hold was chosen."""
    return times_url(hold.service, SearchParams(new_patient=hold.is_first_visit, location=hold.location))


def nothing_chosen_page(request: HttpRequest, session: BasketSession) -> HttpResponse:
    """There is no hold: it was just booked, has been deleted, or never was."""
    booked = session.booked_appointment()
    if booked is not None and request.method != "POST":
        return redirect("booking:done")
    return render(request, "booking/book/nothing_chosen.html", {"booked": booked}, status=410)


def hold_mismatch_page(request: HttpRequest, current: CurrentHold) -> HttpResponse:
    """The submitted form was about another hold than the one of this session."""
    return render(request, "booking/book/hold_mismatch.html", shared_context(current), status=409)
