"""The waitlist as a patient meets it: join, open the link in the mail, leave."""

from datetime import date, datetime, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from booking import limits, scheduling, tokens
from booking.filling import stamp
from booking.models import Clinic, Location, Practitioner, Service, WaitlistEntry
from booking.scheduling import Actor, WaitlistWish
from booking.text import lines_of
from booking.views import asked as asking
from booking.views.asked import Asked, BadAddress, times_url
from booking.views.choose import bad_address, not_bookable
from booking.views.privacy import private_page
from booking.views.visitor import Visitor
from booking.waitlist_form import ANYONE, WaitlistForm
from booking.words import day, parts_of_day

USUAL_WAIT = timedelta(days=28)  # What the form proposes.


@private_page
@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest, slug: str) -> HttpResponse:
    """Which times would suit, and who waits. The answer is the same whether or not they wait already."""
    service = Service.objects.bookable().filter(slug=slug).first()
    if service is None:
        return not_bookable(request, slug)
    now = timezone.now()
    locations = list(Location.objects.all())
    everyone = [offer.practitioner for offer in scheduling.offers(service=service, now=now)]
    try:
        asked = asking.read(request.GET, people=everyone, locations=locations)
        if asked.from_on:
            today = _today(asked.location, locations, now)
            asking.check_day(asked.from_on, today=today, horizon_days=service.horizon_days)
    except BadAddress as bad:
        return bad_address(request, bad, service)
    if not service.is_open_to(asked.new_patient) or not locations:
        return redirect(times_url(service, Asked(new_patient=asked.new_patient)))
    form = _form(request, service, asked, locations, now)
    if request.method == "POST":
        return _take(request, service, asked, form, locations, now)
    return _show(request, service, asked, form)


def _today(asked: Location | None, locations: list[Location], now: datetime) -> date:
    place = asked or (locations[0] if locations else None)
    return timezone.localdate(now, place.zone if place else None)


def _form(
    request: HttpRequest,
    service: Service,
    asked: Asked,
    locations: list[Location],
    now: datetime,
    *,
    data: Any = None,
) -> WaitlistForm:
    offers = scheduling.offers(service=service, now=now, new_patient=asked.new_patient)
    people = [offer.practitioner for offer in offers]
    today = _today(asked.location, locations, now)
    last = today + timedelta(days=service.horizon_days)
    first_on = asked.from_on or today
    initial = {
        "practitioner": asked.practitioner.slug if asked.practitioner in people else ANYONE,
        "location": (asked.location or locations[0]).slug,
        "first_on": first_on.isoformat(),
        "last_on": min(first_on + USUAL_WAIT, last).isoformat(),
        "shown": _stamp(),
    }
    if data is None and request.method == "POST":
        data = request.POST
    return WaitlistForm(
        data,
        initial=initial,
        people=people,
        locations=locations,
        first=today,
        last=last,
        asks_visit=asked.new_patient is None,
    )


def _stamp() -> str:
    clinic = Clinic.objects.only("collection_notice_version").first()
    return stamp(clinic.collection_notice_version if clinic else "none")


def _take(
    request: HttpRequest, service: Service, asked: Asked, form: WaitlistForm, locations: list[Location], now: datetime
) -> HttpResponse:
    if not form.is_valid():
        return _show(request, service, asked, form, status=422)
    if form.needs_a_second_look:
        # Somebody whose browser fills in everything may be as quick as a program: ask once more.
        again = form.for_a_second_look(fresh_stamp=_stamp())
        form = _form(request, service, asked, locations, now, data=again)
        return _show(request, service, asked, form, was_quick=True, status=422)
    wish = _wish(service, asked, form, locations, now)
    try:
        with limits.spending(request, "waitlist", email=wish.email, now=now):
            scheduling.join(wish=wish, now=now, saw_free_times=True)
    except scheduling.NotOffered as refusal:
        form.add_error(None, refusal.message)
        return _show(request, service, asked, form, status=422)
    Visitor(request).say_joined(_told(wish))
    return redirect("booking:waitlist_joined")


def _wish(service: Service, asked: Asked, form: WaitlistForm, locations: list[Location], now: datetime) -> WaitlistWish:
    typed = form.cleaned_data
    is_first_visit = asking.VISITS[typed["visit"]] if asked.new_patient is None else asked.new_patient
    people = {offer.practitioner.slug: offer.practitioner for offer in scheduling.offers(service=service, now=now)}
    places = {place.slug: place for place in locations}
    return WaitlistWish(
        service=service,
        location=places.get(typed.get("location", ""), locations[0]),
        practitioner=people.get(typed.get("practitioner", ANYONE)),
        first_on=typed["first_on"],
        last_on=typed["last_on"],
        parts=frozenset(typed["parts"]),
        is_first_visit=is_first_visit,
        name=typed["name"],
        contact_name=typed["contact_name"],
        email=typed["email"],
        phone=typed["phone"],
        notice_version=form.notice_version,
    )


def _told(wish: WaitlistWish) -> dict[str, Any]:
    return {
        "email": wish.email,
        "rows": [
            ("Visit", wish.service.name),
            ("With", wish.practitioner.name if wish.practitioner else "Anyone"),
            ("Days", f"{day(wish.first_on)} to {day(wish.last_on)}"),
            ("Times", f"{parts_of_day(wish.parts).capitalize()}, {wish.location.time_zone_label}"),
            ("Where", wish.location.address),
        ],
    }


def _show(
    request: HttpRequest,
    service: Service,
    asked: Asked,
    form: WaitlistForm,
    *,
    was_quick: bool = False,
    status: int = 200,
) -> HttpResponse:
    context = {
        "service": service,
        "form": form,
        "was_quick": was_quick,
        "times": times_url(service, asked),
        "post_to": request.get_full_path(),
        "signs": signs_before(service, asked.new_patient),
    }
    return render(request, "booking/waitlist_join.html", context, status=status)


def signs_before(service: Service, new_patient: bool | None) -> list[str]:
    """The emergency signs, where they belong before this visit: they cannot wait for a time to come free."""
    clinic = Clinic.objects.only("emergency_signs").first()
    if clinic is None or not service.shows_signs_to(new_patient):
        return []
    return lines_of(clinic.emergency_signs)


@private_page
@require_safe
def joined(request: HttpRequest) -> HttpResponse:
    """On the list: what happens now. Only what was typed is said again."""
    told = Visitor(request).joined
    if not told:
        return no_entry(request)
    return render(request, "booking/waitlist_joined.html", told)


@private_page
@require_safe
def link(request: HttpRequest, token: str) -> HttpResponse:
    """Exchange the link's token for the visitor's own session, and go on to an address without it."""
    now = timezone.now()
    found = tokens.entry_for(token)
    if found is None:
        limits.spend_for(request, "link", now=now)
        looks_right = tokens.TOKEN.fullmatch(token) is not None
        return no_entry(request, was_a_link=True, status=410 if looks_right else 404)
    opened, to_offer = found
    request.session.cycle_key()
    Visitor(request).open_waitlist(opened)
    response = redirect("booking:waitlist_offer" if to_offer else "booking:waitlist_entry")
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


@private_page
@require_safe
def entry(request: HttpRequest) -> HttpResponse:
    """What somebody waits for, and the way off the list."""
    found = Visitor(request).waitlisted()
    if found is None:
        return no_entry(request)
    now = timezone.now()
    newest = found.offers.select_related("appointment").first()
    context = about(found)
    if newest and newest.is_live(now):
        context["held_until"] = newest.expires_at.astimezone(found.location.zone)
    elif newest and newest.state == newest.State.PASSED:
        context["passed"] = newest.starts_at.astimezone(found.location.zone)
    return render(request, "booking/waitlist_entry.html", context)


@private_page
@require_POST
def leave(request: HttpRequest) -> HttpResponse:
    """Off the list. Pressing twice does no more than once."""
    found = Visitor(request).waitlisted()
    if found is None:
        return no_entry(request)
    if request.POST.getlist("entry") != [found.uid.hex]:
        return other_entry(request, found)
    scheduling.leave(entry=found, by=Actor.patient(), now=timezone.now())
    return redirect("booking:waitlist_entry")


def about(found: WaitlistEntry) -> dict[str, Any]:
    """What every page about a waitlist entry tells. Its form names the entry."""
    person: Practitioner | None = found.practitioner
    asked = Asked(new_patient=found.is_first_visit, location=found.location, practitioner=person)
    return {
        "entry": found,
        "service": found.service,
        "entry_uid": found.uid.hex,
        "parts": parts_of_day(found.parts),
        "times": times_url(found.service, asked),
        "join_again": reverse("booking:waitlist", args=[found.service.slug]),
    }


def no_entry(request: HttpRequest, *, was_a_link: bool = False, status: int = 404) -> HttpResponse:
    """No waitlist entry is open in this browser, or the link no longer opens one."""
    return render(request, "booking/waitlist_none.html", {"was_a_link": was_a_link}, status=status)


def other_entry(request: HttpRequest, found: WaitlistEntry) -> HttpResponse:
    """The form was about another entry than the one that is open in this browser."""
    return render(request, "booking/waitlist_other.html", about(found), status=409)
