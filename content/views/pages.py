"""Public pages: each view renders the published revision, with live data such as the next free slot."""

from datetime import datetime
from typing import Any

from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.common import no_append_slash
from django.views.decorators.http import require_safe

from booking.models import Practitioner
from booking.site_context import site_context_of
from content.models import Page
from content.pages import next_slot, ordinary_paths, published
from content.pages.page_expiry import cacheable
from content.pages.published import PageLookup, published_at
from content.pages.rendering import page_context, render_page, template_name

Kind = Page.Kind


def _show(request: HttpRequest, kind: str, slug: str = "", parent: str = "") -> HttpResponse:
    site_context_of(request)
    now = timezone.now()
    found = found_or_404(kind, slug, now, parent=parent)
    return cacheable(request, render_page(request, template_name(kind), **page_context(found, now=now)))


def found_or_404(kind: str, slug: str, now: datetime, *, parent: str = "") -> PageLookup:
    """Return the live page of this kind and slug, below the page with the slug ``parent``, or raise Http404."""
    found = published_at(kind=kind, slug=slug, parent=parent, now=now)
    if found is None:
        raise Http404
    return found


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    return _show(request, Kind.HOME)


@require_safe
def treatments(request: HttpRequest) -> HttpResponse:
    return _show(request, Kind.TREATMENTS)


@require_safe
def treatment(request: HttpRequest, slug: str) -> HttpResponse:
    return _show(request, Kind.TREATMENT, slug)


@require_safe
def team(request: HttpRequest) -> HttpResponse:
    return _show(request, Kind.TEAM)


@require_safe
def practitioner(request: HttpRequest, slug: str) -> HttpResponse:
    site_context_of(request)
    now = timezone.now()
    person = get_object_or_404(Practitioner.objects.active(), slug=slug)
    is_authorised = Q(service__needs_needling_authorisation=False) | Q(practitioner__authorised_for_needling=True)
    offers = person.practitioner_services.filter(is_authorised, service__is_active=True).select_related("service")
    written, more_written = published.pages_by(person, now=now)
    context: dict[str, Any] = {
        "crumbs": [("Home", reverse("content:home")), ("Team", reverse("content:team")), (person.name, "")],
        "person": person,
        "offers": list(offers.order_by("service__position", "service__name")),
        "written": written,
        "more_written": more_written,
    }
    first = next((offer for offer in context["offers"] if offer.service.is_bookable), None)
    if first:
        next_time = next_slot.find_next_slot(now, service=first.service, practitioner=person)
        context |= {"first_offer": first, "next_free": next_time}
    return cacheable(request, render_page(request, "content/practitioner.html", **context))


@require_safe
def fees(request: HttpRequest) -> HttpResponse:
    return _show(request, Kind.FEES)


@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    return _show(request, Kind.PRIVACY)


@require_safe
def accessibility(request: HttpRequest) -> HttpResponse:
    return _show(request, Kind.ACCESSIBILITY)


@no_append_slash  # Or an unknown address would cost two requests. SlugRedirectMiddleware adds the slash for known ones.
@require_safe
def ordinary(request: HttpRequest, slug: str, parent: str = "") -> HttpResponse:
    if not ordinary_paths.is_known(request, request.path):
        raise Http404
    return _show(request, Kind.ORDINARY, slug, parent)
