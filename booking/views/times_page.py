"""What a service's times page is about: who can be seen where and when, for whom, and what must be asked.

What it says of the service, its people and places is read in one query, and the free times of each
person and of the week from one reading of the diary.
"""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cached_property, lru_cache
from typing import Any

from django.db.models import CharField, DateField

from booking import scheduling, together
from booking.models import Closure, Location, Practitioner, PractitionerService, Service
from booking.scheduling import Opening, Outlook, Search
from booking.views import board
from booking.views.asked import Asked


def _parts() -> dict[str, Any]:
    slug = together.Given("slug", CharField())
    here = Service.objects.bookable().filter(slug=slug)
    offers = PractitionerService.objects.filter(service__slug=slug)
    return {
        "services": Service.objects.filter(pk__in=here.values("pk")),
        "first_visits": Service.objects.filter(pk__in=here.values("first_visit_service")),
        "offers": offers,
        "people": Practitioner.objects.filter(pk__in=offers.values("practitioner")),
        "places": Location.objects.all(),
        "closures": Closure.objects.filter(on__gte=together.Given("yesterday", DateField())),
    }


_statement = together.Statement(_parts)


@dataclass
class TimesPage:
    """A service's times page: what is asked for, and what there is."""

    service: Service
    now: datetime
    everyone: list[PractitionerService]
    locations: list[Location]
    holder: str = ""
    asked: Asked = field(default_factory=Asked)
    held: dict[str, Any] = field(default_factory=dict)  # what this visitor holds, for the page
    closures: list[Closure] = field(default_factory=list)  # those to come

    @property
    def held_start(self) -> datetime | None:
        """The time of this very service that the visitor holds."""
        hold = self.held.get("hold")
        return hold.starts_at if hold and hold.service_id == self.service.pk else None

    @cached_property
    def takers(self) -> list[PractitionerService]:
        """Those who give this service to this patient."""
        search = Search(self.service, self.now, new_patient=self.asked.new_patient)
        return [offer for offer in self.everyone if search.may_be_seen_by(offer.practitioner)]

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
    def visit_matters(self) -> bool:
        """Whether new and returning patients see different things here."""
        return (
            self.is_for_some
            or self.service.shows_emergency_signs
            or any(not offer.practitioner.takes_new_patients for offer in self.everyone)
        )

    @property
    def is_for_some(self) -> bool:
        """Whether only new patients, or only returning ones, may book this at all (R13)."""
        return self.service.audience != Service.Audience.ANYONE

    @property
    def asks_first(self) -> bool:
        """Whether no times are shown before it is clear which visit it is: they may be for others."""
        return self.asked.new_patient is None and self.is_for_some

    @property
    def asks_with_times(self) -> bool:
        """Whether it is asked above the times."""
        return self.asked.new_patient is None and self.visit_matters and not self.is_for_some

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
        return self.outlook.first_of_each()

    @cached_property
    def outlook(self) -> Outlook:
        """All free times at the place that is shown, whoever is asked for."""
        return Outlook(Search(self.service, self.now, location=self.location, new_patient=self.asked.new_patient))

    def people_and_times(self) -> list[tuple[Practitioner, datetime | None]]:
        """Whom one can choose, and when each is free first; nobody before it is clear which visit it is."""
        if not self.location or self.asks_first:
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

    @cached_property
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
            outlook=self.outlook.held_by(self.holder),
        )

    @property
    def closed(self) -> dict[date, str]:
        """The names of the days to come on which the place that is shown is shut."""
        return {row.on: row.name for row in self.closures if self.location and row.location_id == self.location.pk}


def page_of(slug: str, now: datetime) -> TimesPage | None:
    """The page of a service that can be booked online; None for any other slug."""
    told = _told_by(_statement.ask(slug=slug, yesterday=now.date() - timedelta(days=1)))
    if told is None:
        return None
    search = Search(told.service, now)
    return TimesPage(
        service=told.service,
        now=now,
        everyone=[offer for offer in told.offers if search.may_be_seen_by(offer.practitioner)],
        locations=told.places,
        closures=told.closures,
    )


@dataclass(frozen=True)
class _Told:
    """What the rows say: the same for all who ask while they are the same, so nobody changes it."""

    service: Service
    offers: list[PractitionerService]  # in the clinic's order of people
    places: list[Location]
    closures: list[Closure]


@lru_cache(maxsize=64)
def _told_by(rows: tuple[together.Row, ...]) -> _Told | None:
    found = _statement.found(rows)
    if not found["services"]:
        return None
    service, people = found["services"][0], {person.pk: person for person in found["people"]}
    service.first_visit_service = next(iter(found["first_visits"]), None)
    for offer in found["offers"]:
        offer.service, offer.practitioner = service, people[offer.practitioner_id]
    return _Told(service, sorted(found["offers"], key=_place), found["places"], found["closures"])


def _place(offer: PractitionerService) -> tuple[int, int]:
    return offer.practitioner.position, offer.practitioner_id


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
