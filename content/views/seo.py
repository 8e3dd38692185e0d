"""sitemap.xml and robots.txt."""

from datetime import datetime

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from booking.models import Practitioner
from content.models import Page, Revision


@require_safe
def sitemap(request: HttpRequest) -> HttpResponse:
    """List the live pages and the practitioners. ``lastmod`` is the last change of a page or of a snippet in it."""
    live = Revision.objects.live(at=timezone.now())
    snippets = live.filter(page__kind=Page.Kind.SNIPPET)
    changed_at = dict(snippets.values_list("page", "changed_at"))
    addresses: list[tuple[str, datetime | None]] = []
    pages = live.exclude(pk__in=snippets).select_related("page__parent")
    for revision in pages.prefetch_related("snippets").defer("blocks"):
        times = [revision.changed_at, *(changed_at[s.pk] for s in revision.snippets.all() if s.pk in changed_at)]
        addresses.append((settings.SITE_URL + revision.page.get_absolute_url(), max(times)))
    addresses.sort()
    addresses += [(settings.SITE_URL + person.get_absolute_url(), None) for person in Practitioner.objects.active()]
    return render(request, "content/sitemap.xml", {"addresses": addresses}, content_type="application/xml")


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    """Disallow the admin and pages behind tokens. Other pages that must not be indexed send X-Robots-Tag."""
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
