"""/book/<service>/: choose a slot. Only holding a slot needs a session; all else is in the query string."""

from dataclasses import replace
from datetime import date, datetime
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from booking import rate_limits, scheduling
from booking.forms.appointment import TimeForm
from booking.models import BookingStepCount, PartOfDay
from booking.private_pages import private_page
from booking.scheduling import Actor
from booking.statistics.steps import came_from_same_page, count_step
from booking.views.basket_session import BasketSession
from booking.views.book.several import change_basket, is_several, show_basket
from booking.views.book.slot_page import SlotPage, first_visit_page, slot_page_for_service
from booking.views.book.steps import hold_summary, next_step
from booking.views.book.weeks import weeks_context
from booking.views.errors import invalid_params_page, not_bookable_page
from booking.views.query_params import (
    InvalidParams,
    check_day,
    format_visit_kind,
    parse_search_params,
    parse_start,
    services_url,
    times_url,
    waitlist_url,
)
from booking.views.session import BookingSession
from booking.views.slot_calendar import PARTS
from booking.views.slot_choices import SlotChoice
from booking.views.visitor import visitor_who_holds
from booking.views.waitlist.join import waitlist_form_context

Step = BookingStepCount.Step


@private_page
@require_http_methods(["GET", "HEAD", "POST"])
def times(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the free days and the slots of one; on POST hold the chosen slot and redirect to the next step."""
    now, session = timezone.now(), BasketSession(request)
    page = slot_page_for_service(slug, now)
    if page is None:
        return not_bookable_page(request, slug)
    first_visit = first_visit_page(page)
    offers = page.offers + (first_visit.offers if first_visit else [])
    people = [offer.practitioner for offer in offers]
    try:
        params = parse_search_params(request.GET, people=people, locations=page.locations)
    except InvalidParams as error:
        return invalid_params_page(request, error, page.service)
    if first_visit and params.new_patient is not False:
        page, params = first_visit, replace(params, new_patient=True)
    page.choose(params)
    page.holder = session.holder() if session.has_begun else ""
    if is_several(page, session):
        page.hold_context = show_basket(page, session)
    else:
        page.hold_context = hold_summary(session, now)
    if not page.service.is_open_to(page.new_patient):
        status = 422 if request.method == "POST" else 200
        return render(request, "booking/book/not_for_you.html", _context(page), status=status)
    if request.method == "POST" and page.params.several:
        return _change_basket(request, page, session)
    if request.method == "POST" and "release" in request.POST:
        return _release(request, page, session)
    if request.method == "POST":
        return _hold(request, page, session)
    if not came_from_same_page(request):
        count_step(request, Step.TIMES, service=page.service, location=page.location, now=now)
    if page.params.several and "weeks" in request.GET:
        try:
            page.hold_context |= weeks_context(page, request.GET)
        except InvalidParams as error:
            return invalid_params_page(request, error, page.service)
    return _show(request, page)


def _change_basket(request: HttpRequest, page: SlotPage, session: BasketSession) -> HttpResponse:
    """Hold the times that the form names, or return one."""
    try:
        return change_basket(request, page, session)
    except InvalidParams:
        return _show(request, page, TimeForm({}, read=str))
    except scheduling.BasketTaken as taken:
        count_step(request, Step.REFUSED, service=page.service, location=page.location, now=page.now)
        return slot_taken_page(request, page, *taken.starts, status=409)
    except scheduling.SchedulingError as error:
        page.hold_context["refusal"] = error.message
        return _show(request, page, status=422)


def _show(request: HttpRequest, page: SlotPage, form: TimeForm | None = None, *, status: int = 0) -> HttpResponse:
    """The slots of the day in the parameters, else of the first day with any; ``start`` selects a slot."""
    location, params = page.location, page.params
    first_choice = page.first_choice if location and page.takes_them else None
    status = status or (422 if form else 200)
    if location is None or first_choice is None:
        status = status if form or not params.start else 410
        context = _context(page) | _waitlist_context(page) | {"form": form}
        return render(request, "booking/book/times.html", context, status=status)
    chosen = page.finder.at(params.start) if params.start else None
    if params.start and form is None and chosen is None:
        return slot_taken_page(request, page, params.start, status=410)
    selected = chosen.on if chosen else params.day or first_choice.on
    try:
        check_day(selected, today=page.today, horizon_days=page.service.horizon_days)
    except InvalidParams as error:
        return invalid_params_page(request, error, page.service, params)
    context = _context(page) | _day_context(page, selected, first_choice) | {"form": form, "chosen": chosen}
    return render(request, "booking/book/times.html", context, status=status)


def _waitlist_context(page: SlotPage) -> dict[str, Any]:
    """The form of the waitlist, which stands on the page when nothing is free."""
    if page.location is None or not page.takes_them:
        return {}
    # Without the day: it has not been checked, and nothing is free on it.
    params = replace(page.params, location=page.location, day=None, start=None, part="", language="")
    context = waitlist_form_context(page.service, params, page.locations, page.now)
    return context | {"waitlist_post_to": waitlist_url(page.service, params)}


def _day_context(page: SlotPage, selected: date, first_choice: SlotChoice) -> dict[str, Any]:
    """The first slot, the first one in the evening, and the days with the slots of the selected one."""
    part, is_evening = page.params.part, first_choice.part == PartOfDay.EVENING
    return {
        "calendar": page.calendar(selected),
        "first_choice": first_choice,
        "first_label": f"First {part} time" if part else "First available",
        "first_evening": None if part or is_evening else page.first_choice_of(PartOfDay.EVENING),
    }


def _hold(request: HttpRequest, page: SlotPage, session: BasketSession) -> HttpResponse:
    people = [offer.practitioner for offer in page.offers]
    form = TimeForm(request.POST, read=lambda value: parse_start(value, people))
    if not form.is_valid() or page.location is None:
        return _show(request, page, form)
    starts_at, practitioner = form.cleaned_data["start"]
    practitioner = page.params.practitioner or practitioner
    if practitioner is None and page.requested:
        free = page.finder.at(starts_at)
        if free is None:
            return slot_taken_page(request, page, starts_at, status=409)
        practitioner = free.person
    rate_limits.consume_for_request(request, "hold", now=page.now)
    before = session.chosen_hold()
    try:
        hold = scheduling.hold(
            service=page.service,
            starts_at=starts_at,
            holder=session.holder(),
            by=Actor.patient(),
            now=page.now,
            location=page.location,
            practitioner=practitioner,
            new_patient=page.new_patient,
            visitor=visitor_who_holds(request, now=page.now),
        )
    except scheduling.SlotTaken:
        count_step(request, Step.REFUSED, service=page.service, location=page.location, now=page.now)
        page.holder = session.holder()
        return slot_taken_page(request, page, starts_at, status=409)
    except scheduling.NotBookable as error:
        return invalid_params_page(request, InvalidParams(error.message, status=422), page.service)
    is_replaced = before is not None and before.pk != hold.pk and before.is_hold and not before.has_ended(page.now)
    session.choose(
        hold,
        wants_this_person=page.params.practitioner is not None,
        instead_of=before if is_replaced else session.let_go_hold(page.now),
    )
    if page.params.came_from:
        session.come_from(page.params.came_from)
    if before is None or before.has_ended(page.now) or not before.is_hold:  # Else they chose another time.
        count_step(request, Step.CHOSEN, service=page.service, location=page.location, now=page.now)
    return HttpResponseRedirect(next_step(session, hold))


def _release(request: HttpRequest, page: SlotPage, session: BookingSession) -> HttpResponse:
    """Let go the hold that the form names, if it is this session's."""
    hold = session.chosen_hold()
    if hold is not None and request.POST.getlist("release") == [hold.reference]:
        scheduling.release(appointment=hold, by=Actor.patient(), now=page.now)
    return HttpResponseRedirect(times_url(page.address_service, page.params))


def slot_taken_page(
    request: HttpRequest, page: SlotPage, starts_at: datetime, *others: datetime, status: int
) -> HttpResponse:
    """The slot is taken, or several are: the day of the first again, with the nearest free slots above."""
    is_over = page.hold_context.get("is_over", False)
    nearest = page.finder.near(starts_at, 3) if page.location and not is_over else []
    page.params = replace(page.params, start=None)
    context = _context(page) | {
        "taken_at": starts_at.astimezone(page.location.zone) if page.location else None,
        "also_taken": [other.astimezone(page.location.zone) for other in others if page.location],
        "nearest": nearest,
        "has_answers": bool(BookingSession(request).answers),
    }
    if page.location and page.first_choice and not is_over:
        selected = min(max(starts_at.astimezone(page.location.zone).date(), page.today), page.last_bookable)
        context |= _day_context(page, selected, page.first_choice)
    return render(request, "booking/book/times.html", context, status=status)


def _context(page: SlotPage) -> dict[str, Any]:
    """Context of every state of the times page.

    Forms and links name the location that is shown, because the default location may change between requests.
    """
    params, service = page.params, page.address_service
    shown = replace(params, location=page.location, day=None, start=None)
    anyone = replace(shown, practitioner=None, language="")
    return {
        "service": page.service,
        "requested": page.requested,
        "params": params,
        "page": page,
        "visit": format_visit_kind(params.new_patient),
        "place": page.location,
        "as_new": times_url(service, replace(shown, new_patient=True)),
        "as_returning": times_url(service, replace(shown, new_patient=False)),
        "services": services_url(params.new_patient, params.came_from),
        "here": times_url(service, shown),
        "waitlist": waitlist_url(page.service, replace(shown, day=params.day, part="", language="")),
        "post_to": times_url(service, shown, day=params.day),
        "several": times_url(service, replace(shown, several=True), day=params.day)
        if page.service.series_limit > 1 and not params.several
        else "",
        "everywhere": times_url(
            service, replace(shown, location=params.location, practitioner=None, part="", language="")
        ),
        "with_anyone": times_url(service, anyone, day=params.day),
        "people": [
            (person, free_at, times_url(service, replace(anyone, practitioner=person)))
            for person, free_at in page.people_and_first_slots()
        ],
        "languages": [
            (language, times_url(service, replace(anyone, language=language))) for language in page.languages
        ],
        "parts": [
            (part, name, times_url(service, replace(shown, part=part), day=params.day))
            for part, name in (("", "Any time"), *PARTS)
        ],
    } | page.hold_context
