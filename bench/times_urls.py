"""The least that choose-a-time could cost: one call for the week's free times, and a template of the same size."""

from datetime import date, timedelta
from functools import cache

from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils import timezone

from bench import plain_urls
from bench.town import SERVICE
from booking import scheduling
from booking.models import Location, Service


@cache
def asked() -> tuple[Service, Location]:
    """Looked up once: the call itself is what is compared."""
    return Service.objects.get(slug=SERVICE), Location.objects.get()


def week(request: HttpRequest) -> HttpResponse:
    service, location = asked()
    monday = date.fromisoformat(request.GET["from"])
    scheduling.open_starts(
        service=service, location=location, now=timezone.now(), first_on=monday, last_on=monday + timedelta(days=6)
    )
    return plain_urls.page(request)


urlpatterns = [path("", week), plain_urls.READY]
