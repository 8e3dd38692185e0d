"""What a service's times page is about: who can be seen where and when, for whom, and what must be asked."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any

from booking import scheduling
from booking.models import Location, Practitioner, PractitionerService, Service
from booking.scheduling import Opening
from booking.views import board
from booking.views.asked import Asked


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

    @property
    def held_start(self) -> datetime | None:
        """The time of this very service that the visitor holds."""
        hold = self.held.get("hold")
        return hold.starts_at if hold and hold.service_id == self.service.pk else None

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
        return scheduling.next_free_each(
            service=self.service, now=self.now, location=self.location, new_patient=self.asked.new_patient
        )

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
