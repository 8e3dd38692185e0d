"""Choose a service, then a time. Everything but the holding of a time works by address alone."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from booking import limits, scheduling
from booking.forms import TimeForm
from booking.models import Location, Practitioner, PractitionerService, Service
from booking.scheduling import Actor, Opening
from booking.views import asked as asking
from booking.views import board
from booking.views.asked import Asked, BadAddress, services_url, times_url
from booking.views.privacy import private_page
from booking.views.steps import next_step, step
from booking.views.visitor import Visitor

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
    context = {"groups": [group for group in groups if group[1]], "visit": asking.write_visit(new_patient)}
    return render(request, "booking/services.html", context)


@dataclass
class TimesPage:
    """A service's times page: what is asked for, and what there is."""

    service: Service
    now: datetime
    everyone: list[PractitionerService]
    locations: list[Location]
    holder: str = ""
    asked: Asked = field(default_factory=Asked)
    held_start: datetime | None = None  # what this visitor holds of this service

    @cached_property
    def takers(self) -> list[PractitionerService]:
        """Those who give this service to this patient."""
        return scheduling.offers(service=self.service, now=self.now, new_patient=self.asked.new_patient)

    @property
    def takes_them(self) -> bool:
        """Whether the person asked for (if any) sees this patient for this service."""
        wanted = self.asked.practitioner
        return wanted is None or any(offer.practitioner_id == wanted.pk for offer in self.takers)

    @property
    def shown_offers(self) -> list[PractitionerService]:
        """The offers whose price and length the page names."""
        wanted = self.asked.practitioner
        return [offer for offer in self.takers if wanted is None or offer.practitioner_id == wanted.pk] or self.everyone

    @property
    def prices(self) -> list[Decimal]:
        return [offer.price for offer in self.shown_offers] or [self.service.price]

    @property
    def lengths(self) -> list[timedelta]:
        return [offer.duration for offer in self.shown_offers] or [self.service.duration]

    @property
    def people(self) -> dict[int, Practitioner]:
        return {offer.practitioner_id: offer.practitioner for offer in self.everyone}

    @property
    def must_ask_visit(self) -> bool:
        """Whether new and returning patients see different things here, and nobody has said which it is."""
        return self.asked.new_patient is None and (
            self.service.audience != Service.Audience.ANYONE
            or self.service.shows_emergency_signs
            or any(not offer.practitioner.takes_new_patients for offer in self.everyone)
        )

    @cached_property
    def location(self) -> Location | None:
        """The place asked for, else the one with the first free time."""
        if self.asked.location or len(self.locations) < 2:
            return self.asked.location or (self.locations[0] if self.locations else None)
        first = scheduling.next_free(
            service=self.service, now=self.now, practitioner=self.asked.practitioner, new_patient=self.asked.new_patient
        )
        return next((place for place in self.locations if first and place.pk == first.location_id), self.locations[0])

    @cached_property
    def first_free(self) -> dict[int, Opening]:
        """The first free start of each practitioner who has one here."""
        return scheduling.next_free_each(
            service=self.service, now=self.now, location=self.location, new_patient=self.asked.new_patient
        )

    def people_and_times(self) -> list[tuple[Practitioner, datetime | None]]:
        """Whom one can choose, and when each is free first; nobody before it is clear which visit it is."""
        if not self.location or self.must_ask_visit:
            return []
        first = self.first_free
        people = [offer.practitioner for offer in self.takers]
        return [(person, first[person.pk].starts_at if person.pk in first else None) for person in people]

    def first_free_start(self) -> datetime | None:
        """The first free start of the person asked for, or of anyone."""
        wanted = self.asked.practitioner
        found = [first.starts_at for person, first in self.first_free.items() if wanted is None or person == wanted.pk]
        if found or not self.holder:
            return min(found, default=None)
        # The only time left may be the one this visitor holds.
        return next((opening.starts_at for opening in self.finder.near(self.now, 1)), None)

    @property
    def finder(self) -> board.Finder:
        """Finds what is asked for, at the place that is shown."""
        assert self.location is not None
        return board.Finder(
            service=self.service,
            now=self.now,
            location=self.location,
            practitioner=self.asked.practitioner,
            new_patient=self.asked.new_patient,
            holder=self.holder,
        )


@private_page
@require_http_methods(["GET", "HEAD", "POST"])
def times(request: HttpRequest, slug: str) -> HttpResponse:
    """Which time? A week of free starts; choosing one holds it and goes on."""
    service = Service.objects.bookable().select_related("first_visit_service").filter(slug=slug).first()
    if service is None:
        return _not_bookable(request, slug)
    now, visitor = timezone.now(), Visitor(request)
    shown = TimesPage(
        service=service,
        now=now,
        everyone=scheduling.offers(service=service, now=now),
        locations=list(Location.objects.all()),
        holder=visitor.holder() if visitor.has_begun else "",
    )
    held = visitor.chosen()
    shown.held_start = held.starts_at if held and held.service_id == service.pk else None
    people = [offer.practitioner for offer in shown.everyone]
    try:
        shown.asked = asking.read(request.GET, people=people, locations=shown.locations)
    except BadAddress as bad:
        return bad_address(request, bad, service)
    if shown.must_ask_visit or not service.is_open_to(shown.asked.new_patient):
        return _about_the_visit(request, shown)
    if request.method == "POST":
        return _hold(request, shown, visitor)
    return _show(request, shown)


def _show(request: HttpRequest, shown: TimesPage, form: TimeForm | None = None) -> HttpResponse:
    """The week asked for, or the first with a free start; a time asked for is chosen already."""
    location, asked = shown.location, shown.asked
    first_free = shown.first_free_start() if location and shown.takes_them else None
    if location is None or first_free is None:
        return render(request, "booking/times.html", _context(shown) | {"form": form}, status=422 if form else 200)
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
    week = board.lay_out(shown.finder, people=shown.people, around=around, chosen=asked.start or shown.held_start)
    context = _context(shown) | {"week": week, "form": form}
    return render(request, "booking/times.html", context, status=422 if form else 200)


def _is_open(shown: TimesPage, start: datetime) -> bool:
    assert shown.location is not None
    day = start.astimezone(shown.location.zone).date()
    return any(opening.starts_at == start for opening in shown.finder.between(day, day))


def _hold(request: HttpRequest, shown: TimesPage, visitor: Visitor) -> HttpResponse:
    form = TimeForm(request.POST, read=asking.instant)
    if not form.is_valid() or shown.location is None:
        return _show(request, shown, form)
    limits.spend_for(request, "hold", now=shown.now)
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
        )
    except scheduling.StartTaken as refusal:
        return taken(request, shown, refusal.nearest, status=409)
    except scheduling.NotOffered as refusal:
        return bad_address(request, BadAddress(refusal.message, status=422), shown.service)
    visitor.choose(hold, wants_this_person=shown.asked.practitioner is not None)
    return redirect(next_step(visitor, hold))


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
    template = "booking/visit.html" if shown.must_ask_visit else "booking/not_for_you.html"
    return render(request, template, _context(shown), status=422 if request.method == "POST" else 200)


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
        "step": step("times", service, asked.new_patient),
        "services": services_url(asked.new_patient),
        "here": times_url(service, here),
        "post_to": times_url(service, here, from_on=asked.from_on and asked.from_on.isoformat()),
        "everywhere": times_url(service, Asked(new_patient=asked.new_patient, location=asked.location)),
        "with_anyone": times_url(service, replace(here, practitioner=None)),
        "people": [
            (person, free_at, times_url(service, replace(here, practitioner=person)))
            for person, free_at in shown.people_and_times()
        ],
    }


def bad_address(
    request: HttpRequest, bad: BadAddress, service: Service | None = None, asked: Asked | None = None
) -> HttpResponse:
    """An address we cannot answer: what is wrong with it, and the way on."""
    on = times_url(service, Asked(new_patient=asked.new_patient) if asked else Asked()) if service else None
    context = {"message": bad.message, "service": service, "on": on}
    return render(request, "booking/bad_address.html", context, status=bad.status)


def _not_bookable(request: HttpRequest, slug: str) -> HttpResponse:
    """A service that exists but cannot be booked online has a page that says so; any other has none."""
    service = Service.objects.filter(slug=slug).first()
    if service is None:
        raise Http404("No such service.")
    return render(request, "booking/not_bookable.html", {"service": service}, status=404)


def page_for(hold: Any, now: datetime, holder: str) -> TimesPage:
    """The times page that led to a hold: for pages that must offer other times for it."""
    service = hold.service
    return TimesPage(
        service=service,
        now=now,
        everyone=scheduling.offers(service=service, now=now),
        locations=list(Location.objects.all()),
        holder=holder,
        asked=Asked(new_patient=hold.is_first_visit, location=hold.location),
    )
