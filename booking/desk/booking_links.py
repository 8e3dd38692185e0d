"""/desk/booking-links/: the addresses of online booking for a Google Business Profile and other directories."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from booking.models import Location, PractitionerService, Service, WorkingHours
from booking.staff.access import desk_page, shows_no_times, staff_page


@dataclass(frozen=True)
class ServiceLink:
    service: Service
    url: str


@dataclass(frozen=True)
class LocationLinks:
    location: Location
    links: Sequence[ServiceLink]


@require_safe
@staff_page("booking.view_appointment", "booking.change_location", own="booking.view_own_day")
@shows_no_times
def booking_links(request: HttpRequest) -> HttpResponse:
    context = {
        "section": "booking_links",
        "every_service": settings.SITE_URL + reverse("booking:services"),
        "places": location_links(),
    }
    return desk_page(request, "desk/booking_links.html", context)


def location_links() -> list[LocationLinks]:
    """For each location the services that somebody offers there, and where to book them. Four queries.

    With several locations each link names its own, as directories want a page of that place.
    """
    locations = list(Location.objects.all())
    people_at: dict[int, set[int]] = defaultdict(set)
    for location, person in WorkingHours.objects.values_list("location", "practitioner").distinct():
        people_at[location].add(person)
    people_of: dict[int, set[int]] = defaultdict(set)
    offers = PractitionerService.objects.filter(practitioner__is_active=True)
    for service, person in offers.order_by().values_list("service", "practitioner"):
        people_of[service].add(person)
    services = list(Service.objects.bookable())
    return [
        LocationLinks(
            location,
            [
                ServiceLink(service, _url(service, location if len(locations) > 1 else None))
                for service in services
                if people_of[service.pk] & people_at[location.pk]
            ],
        )
        for location in locations
    ]


def _url(service: Service, location: Location | None) -> str:
    query = "?" + urlencode({"location": location.slug}) if location else ""
    return f"{settings.SITE_URL}{reverse('booking:times', args=[service.slug])}{query}"
