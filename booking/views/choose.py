"""Choose a service, then a time. Everything but the holding of a time works by address alone."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from booking import limits, scheduling
from booking.forms import TimeForm
from booking.models import Service
from booking.scheduling import Actor, Opening
from booking.views import asked as asking
from booking.views import board
from booking.views.asked import Asked, BadAddress, services_url, times_url, waitlist_url
from booking.views.privacy import private_page
from booking.views.steps import next_step, step
from booking.views.times_page import TimesPage, page_of
from booking.views.visitor import Visitor
from booking.words import one_of

AUDIENCES = (
    (Service.Audience.ANYONE, "For everyone"),
    (Service.Audience.NEW, "For a first visit"),
    (Service.Audience.RETURNING, "If you have been here before"),
)


@private_page
@require_safe
def services(request: HttpRequest) -> HttpResponse:
    """Which visit? Asks once whether it is the first, and shows what is open to the answer."""
    try:
        new_patient = asking.visit(asking.single_values(request.GET, {"visit"}).get("visit", ""))
    except BadAddress as bad:
        return bad_address(request, bad)
    rows = Service.objects.bookable().with_offers().select_related("first_visit_service")
    open_rows = [service for service in rows if service.is_open_to(new_patient)]
    groups = [(title, [row for row in open_rows if row.audience == audience]) for audience, title in AUDIENCES]
    context = {
        "groups": [group for group in groups if group[1]],
        "visit": asking.write_visit(new_patient),
        "step": step("services"),
    } | _what_is_held(Visitor(request), timezone.now())
    return render(request, "booking/services.html", context)


@private_page
@require_http_methods(["GET", "HEAD", "POST"])
def times(request: HttpRequest, slug: str) -> HttpResponse:
    """Which time? A week of free starts; choosing one holds it and goes on."""
    now, visitor = timezone.now(), Visitor(request)
    shown = page_of(slug, now)
    if shown is None:
        return not_bookable(request, slug)
    service = shown.service
    shown.holder = visitor.holder() if visitor.has_begun else ""
    shown.held = _what_is_held(visitor, now)
    people = [offer.practitioner for offer in shown.everyone]
    try:
        shown.asked = asking.read(request.GET, people=people, locations=shown.locations)
    except BadAddress as bad:
        return bad_address(request, bad, service)
    if shown.asks_first or not service.is_open_to(shown.asked.new_patient):
        return _about_the_visit(request, shown)
    if request.method == "POST":
        return _hold(request, shown, visitor)
    return _show(request, shown)


def _show(request: HttpRequest, shown: TimesPage, form: TimeForm | None = None) -> HttpResponse:
    """The week asked for, or the first with a free start; a time asked for is chosen already."""
    location, asked = shown.location, shown.asked
    first_free = shown.first_free_start() if location and shown.takes_them else None
    if location is None or first_free is None:
        status = 422 if form else 410 if asked.start else 200
        return render(request, "booking/times.html", _context(shown) | {"form": form}, status=status)
    if asked.start and form is None and not _is_open(shown, asked.start):
        return taken(request, shown, shown.finder.near(asked.start, 3), status=410)
    around = (asked.start or first_free).astimezone(location.zone).date()
    if asked.from_on and not asked.start:
        around = asked.from_on
    try:
        today = shown.now.astimezone(location.zone).date()
        asking.check_day(around, today=today, horizon_days=shown.service.horizon_days)
    except BadAddress as bad:
        return bad_address(request, bad, shown.service, asked)
    chosen = (form.cleaned_data.get("start") if form else None) or asked.start or shown.held_start
    week = board.lay_out(
        shown.finder, people=shown.people, around=around, first_free=first_free, chosen=chosen, closed=shown.closed
    )
    context = _context(shown) | {"week": week, "form": form}
    return render(request, "booking/times.html", context, status=422 if form else 200)


def _is_open(shown: TimesPage, start: datetime) -> bool:
    assert shown.location is not None
    day = start.astimezone(shown.location.zone).date()
    return any(opening.starts_at == start for opening in shown.finder.between(day, day))


def _hold(request: HttpRequest, shown: TimesPage, visitor: Visitor) -> HttpResponse:
    form = TimeForm(request.POST, read=asking.instant, asks_visit=shown.asks_with_times)
    if not form.is_valid() or shown.location is None:
        return _show(request, shown, form)
    if shown.asks_with_times:
        shown = replace(shown, asked=replace(shown.asked, new_patient=asking.visit(form.cleaned_data["visit"])))
    assert shown.location is not None
    limits.spend_for(request, "hold", now=shown.now)
    is_new = not visitor.has_begun
    try:
        hold = scheduling.hold(
            service=shown.service,
            starts_at=form.cleaned_data["start"],
            holder=visitor.holder(),
            by=Actor.patient(),
            now=shown.now,
            location=shown.location,
            practitioner=shown.asked.practitioner,
            new_patient=shown.asked.new_patient,
            client=limits.client_of(request),
            is_new_holder=is_new,
        )
    except scheduling.StartTaken as refusal:
        return taken(request, shown, refusal.nearest, status=409)
    except scheduling.NotOffered as refusal:
        return bad_address(request, BadAddress(refusal.message, status=422), shown.service)
    visitor.choose(hold, wants_this_person=shown.asked.practitioner is not None)
    return HttpResponseRedirect(next_step(visitor, hold))


def taken(request: HttpRequest, shown: TimesPage, nearest: Sequence[Opening], *, status: int) -> HttpResponse:
    """Somebody else has this time: the nearest free ones, as the same kind of choice."""
    assert shown.location is not None
    context = _context(shown) | {
        "days": board.arrange(nearest, shown.finder, people=shown.people),
        "has_answers": bool(Visitor(request).answers),
    }
    return render(request, "booking/time_taken.html", context, status=status)


def _about_the_visit(request: HttpRequest, shown: TimesPage) -> HttpResponse:
    """Ask whether it is the first visit; or say to whom this service is open, and where to go instead."""
    template = "booking/visit.html" if shown.asks_first else "booking/not_for_you.html"
    context = _context(shown) | {"step": step("services")}  # The visit is not chosen yet.
    return render(request, template, context, status=422 if request.method == "POST" else 200)


def _what_is_held(visitor: Visitor, now: datetime) -> dict[str, Any]:
    """The time this visitor holds just now, and where to go on with it; empty without one."""
    hold = visitor.chosen()
    if hold is None or not hold.is_live_hold(now):
        return {}
    until = hold.hold_expires_at and hold.hold_expires_at.astimezone(hold.location.zone)
    return {"hold": hold, "held_until": until, "go_on": next_step(visitor, hold)}


def _context(shown: TimesPage) -> dict[str, Any]:
    """What every state of the times page tells. Its forms and links name the place that it shows."""
    service, asked = shown.service, shown.asked
    here = replace(asked, location=shown.location, from_on=None)
    return {
        "service": service,
        "asked": asked,
        "shown": shown,
        "visit": asking.write_visit(asked.new_patient),
        "place": shown.location,
        "hold_lasts": settings.BOOKING_HOLD,
        "step": step("times"),
        "answer_again": times_url(service, replace(here, new_patient=None)) if asked and shown.visit_matters else "",
        "anyone_means": one_of(offer.practitioner.name for offer in shown.takers) if len(shown.takers) > 1 else "",
        "services": services_url(asked.new_patient),
        "here": times_url(service, here),
        "waitlist": waitlist_url(service, asked),
        "post_to": times_url(service, here, from_on=asked.from_on and asked.from_on.isoformat()),
        "everywhere": times_url(service, Asked(new_patient=asked.new_patient, location=asked.location)),
        "with_anyone": times_url(service, replace(here, practitioner=None)),
        "people": [
            (person, free_at, times_url(service, replace(here, practitioner=person)))
            for person, free_at in shown.people_and_times()
        ],
    } | shown.held


def bad_address(
    request: HttpRequest, bad: BadAddress, service: Service | None = None, asked: Asked | None = None
) -> HttpResponse:
    """An address we cannot answer: what is wrong with it, and the way on."""
    on = times_url(service, Asked(new_patient=asked.new_patient) if asked else Asked()) if service else None
    context = {"message": bad.message, "service": service, "on": on}
    return render(request, "booking/bad_address.html", context, status=bad.status)


def not_bookable(request: HttpRequest, slug: str) -> HttpResponse:
    """A service that exists but cannot be booked online has a page that says so; any other has none."""
    service = Service.objects.filter(slug=slug).first()
    if service is None:
        raise Http404("No such service.")
    return render(request, "booking/not_bookable.html", {"service": service}, status=404)
