"""What search engines are told: which pages there are, and what not to look at."""

from datetime import datetime

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from booking.models import Practitioner
from content.models import Page


@require_safe
def sitemap(request: HttpRequest) -> HttpResponse:
    """Every published page with the moment its words last changed, and every person of the team."""
    pages: list[tuple[str, datetime | None]] = [
        (settings.SITE_URL + page.get_absolute_url(), page.updated_at)
        for page in Page.objects.published(at=timezone.now())
    ]
    people: list[tuple[str, datetime | None]] = [
        (settings.SITE_URL + person.get_absolute_url(), None) for person in Practitioner.objects.active()
    ]
    return render(request, "content/sitemap.xml", {"addresses": pages + people}, content_type="application/xml")


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    """Pages of a visit and the admin are nobody's business; those that must not be listed say noindex themselves."""
    lines = [
        "User-agent: *",
        "Disallow: /admin/",
        "Disallow: /appointment/",
        "Disallow: /preview/",
        "",
        f"Sitemap: {settings.SITE_URL}{reverse('content:sitemap')}",
        "",
    ]
    return HttpResponse("\n".join(lines), content_type="text/plain; charset=utf-8")
