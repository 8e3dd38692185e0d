"""SlotPage: the data of a service's times page.

The slots of each practitioner and of the six weeks come from one load of the diary (``SlotOverview``).
"""

from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any

from booking import scheduling
from booking.formatting import duration, lengths_with_people
from booking.models import Location, Practitioner, PractitionerService, Service
from booking.scheduling import Slot, SlotOverview, SlotQuery
from booking.views.query_params import SearchParams
from booking.views.slot_calendar import SlotCalendar, build_calendar
from booking.views.slot_choices import SlotChoice, SlotFinder


@dataclass
class SlotPage:
    """A service's times page: the query parameters, and the offers and locations they choose from."""

    service: Service
    now: datetime
    offers: list[PractitionerService]
    locations: list[Location]
    holder: str = ""
    params: SearchParams = field(default_factory=SearchParams)
    hold_context: dict[str, Any] = field(default_factory=dict)  # see steps.hold_summary
    requested: Service | None = None  # The service of the address, if a new patient starts with ``service`` instead.
    chosen: list[SlotChoice] = field(default_factory=list)  # The visitor's own times, where several are chosen.
    in_basket: int = 0  # How many times the basket holds, of all kinds.
    is_with_people_of_both: bool = False  # All of ``offers`` are by those who offer the requested service, too.

    @property
    def address_service(self) -> Service:
        """The service that the page's links name."""
        return self.requested or self.service

    @property
    def new_patient(self) -> bool | None:
        """Whether the slots are for a new patient. Until the visitor says so, they are where it makes a difference."""
        if self.params.new_patient is not None or not self.visit_matters:
            return self.params.new_patient
        return self.service.audience != Service.Audience.RETURNING

    @property
    def visit_matters(self) -> bool:
        """Whether a new and a returning patient see different services or people (R13)."""
        return (
            self.requested is not None
            or self.service.audience != Service.Audience.ANYONE
            or any(not offer.practitioner.takes_new_patients for offer in self.offers)
        )

    def choose(self, params: SearchParams) -> None:
        """Use these parameters, without a practitioner or a language that none of the offers has."""
        practitioners = [offer.practitioner for offer in self.offers]
        languages = {language for practitioner in practitioners for language in practitioner.other_languages}
        self.params = replace(
            params,
            practitioner=params.practitioner if params.practitioner in practitioners else None,
            language=params.language if params.language in languages else "",
        )

    @cached_property
    def providers(self) -> list[PractitionerService]:
        """The offers of practitioners who see this patient for this service."""
        query = SlotQuery(self.service, self.now, new_patient=self.new_patient)
        return [offer for offer in self.offers if query.may_be_seen_by(offer.practitioner)]

    @property
    def takes_them(self) -> bool:
        """Whether the chosen practitioner, if any, sees this patient for this service."""
        practitioner = self.params.practitioner
        return practitioner is None or any(offer.practitioner_id == practitioner.pk for offer in self.providers)

    @property
    def selected_offers(self) -> list[PractitionerService]:
        """The offers of the chosen practitioner, or of those who speak the chosen language, or of all."""
        practitioner, language = self.params.practitioner, self.params.language
        return [
            offer
            for offer in self.providers
            if (practitioner is None or offer.practitioner_id == practitioner.pk)
            and (not language or language in offer.practitioner.other_languages)
        ]

    @property
    def prices(self) -> list[Decimal]:
        return [offer.price for offer in self.selected_offers or self.offers] or [self.service.price]

    @property
    def lengths_in_words(self) -> str:
        """The length of the visit; where the practitioners' lengths differ, each with its people (R11)."""
        offers = self.selected_offers or self.offers
        lengths = {offer.duration for offer in offers}
        if len(lengths) > 1:
            return lengths_with_people((offer.duration, offer.practitioner.name) for offer in offers)
        return duration(lengths.pop() if lengths else self.service.duration)

    @property
    def languages(self) -> list[str]:
        """The languages besides English that one of the practitioners speaks."""
        return sorted({language for offer in self.providers for language in offer.practitioner.other_languages})

    @cached_property
    def location(self) -> Location | None:
        """The location in the parameters, else the one with the first free slot."""
        if self.params.location or len(self.locations) < 2:
            return self.params.location or (self.locations[0] if self.locations else None)
        first = scheduling.next_slot(
            service=self.service,
            now=self.now,
            practitioner=self.params.practitioner,
            new_patient=self.new_patient,
        )
        return next(
            (location for location in self.locations if first and location.pk == first.location_id), self.locations[0]
        )

    @property
    def today(self) -> date:
        return self._local(self.now).date()

    @property
    def last_bookable(self) -> date:
        return self.today + timedelta(days=self.service.horizon_days)

    @cached_property
    def overview(self) -> SlotOverview:
        """All free slots at this location, for any practitioner."""
        return SlotOverview(SlotQuery(self.service, self.now, location=self.location, new_patient=self.new_patient))

    @cached_property
    def finder(self) -> SlotFinder:
        """Finds slots for these parameters at this location; the visitor's own hold is free to them (R10)."""
        people = {offer.practitioner_id: offer.practitioner for offer in self.selected_offers}
        overview = self.overview.held_by(self.holder)
        return SlotFinder(overview.query, people, overview, self.params.part)

    @cached_property
    def first_choice(self) -> SlotChoice | None:
        """The first slot for these parameters."""
        return self.first_choice_of(self.params.part)

    def first_choice_of(self, part: str) -> SlotChoice | None:
        """The first slot of a part of the day, or of any."""
        return replace(self.finder, part=part).first(self.today, self.last_bookable)

    def calendar(self, selected: date) -> SlotCalendar:
        assert self.location is not None
        calendar = build_calendar(
            self.finder, self.location, selected=selected, today=self.today, last_bookable=self.last_bookable
        )
        if self.chosen:
            calendar.show_chosen(self.chosen)
        return calendar

    def people_and_first_slots(self) -> list[tuple[Practitioner, datetime | None]]:
        """The practitioners to choose from, each with their first free start."""
        if not self.location:
            return []
        first: dict[int, Slot] = self.overview.first_of_each()
        people = [offer.practitioner for offer in self.providers]
        return [(person, first[person.pk].starts_at if person.pk in first else None) for person in people]

    def _local(self, instant: datetime) -> datetime:
        assert self.location is not None
        return instant.astimezone(self.location.zone)


def slot_page_for_service(slug: str, now: datetime) -> SlotPage | None:
    """The times page of a service that can be booked online; None for any other slug."""
    service = Service.objects.bookable().filter(slug=slug).select_related("first_visit_service").first()
    return _build_page(service, now) if service else None


def slot_page_for_hold(hold: Any, now: datetime, holder: str) -> SlotPage:
    """The times page that a hold came from, to offer other slots."""
    page = _build_page(hold.service, now)
    page.holder = holder
    page.params = SearchParams(new_patient=hold.is_first_visit, location=hold.location)
    return page


def first_visit_page(page: SlotPage) -> SlotPage | None:
    """The times page of the service that a new patient starts with, if ``page`` is for returning patients only."""
    service = page.service
    first = service.service_for_new_patients
    started = slot_page_for_service(first.slug, page.now) if first and first != service else None
    if started is None:
        return None
    started.requested = service
    both = scheduling.offers_of_both(started.offers, page.offers)
    started.is_with_people_of_both, started.offers = bool(both), both or started.offers
    return started


def _build_page(service: Service, now: datetime) -> SlotPage:
    return SlotPage(
        service=service,
        now=now,
        offers=scheduling.offers_of_service(service=service, now=now),
        locations=list(Location.objects.all()),
    )
