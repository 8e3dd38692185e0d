"""Addresses of pages that have moved to the front desk, for bookmarks and links in mails. The desk checks the login."""

from datetime import date

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path
from django.views.generic import RedirectView

from booking.models import Practitioner
from booking.staff.conflict_list import day_url


def whole_day(request: HttpRequest, practitioner: int, on: str) -> HttpResponse:
    """The visits of a practitioner's day."""
    try:
        day = date.fromisoformat(on)
    except ValueError as error:
        raise Http404 from error
    return redirect(day_url(get_object_or_404(Practitioner, pk=practitioner), day))


MOVED_TO_DESK = [
    path("booking/appointment/outside/", RedirectView.as_view(pattern_name="desk:conflicts")),
    path("booking/appointment/day/<int:practitioner>/<str:on>/", whole_day),
    path("booking/waitlistentry/", RedirectView.as_view(pattern_name="desk:waitlist")),
    path("booking/waitlistentry/<int:pk>/", RedirectView.as_view(pattern_name="desk:waitlist_entry")),
    path("booking/waitlistentry/<int:pk>/change/", RedirectView.as_view(pattern_name="desk:waitlist_entry")),
]
