"""What each kind of page shows beside its words, and in which template.

The public views and the preview of a draft both show a page through here, so that a preview looks
as the page will look. Costs one query, and what the next free time costs.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from booking import scheduling
from content import maps, structured_data
from content.live import Found, Published, gather
from content.models import Page
from content.reading import read

Kind = Page.Kind
Crumbs = list[tuple[str, str]]
TEMPLATES = {Kind.PRIVACY: "content/plain.html", Kind.ACCESSIBILITY: "content/plain.html"}
WHOLE = {Kind.HOME: {"services", "people"}, Kind.FEES: {"services"}, Kind.TEAM: {"people"}, Kind.CONTACT: {"people"}}


@dataclass(frozen=True)
class Shown:
    """One page about to be shown: its words, the snippets in them by id, and the treatments it lists."""

    published: Published
    snippets: Mapping[int, Published]
    treatments: list[Published]


def shown(found: Found) -> Shown:
    """What was found at an address; there is a page."""
    assert found.page is not None
    return Shown(found.page, found.snippets, found.treatments)


def context_of(shown: Shown, *, now: datetime) -> dict[str, Any]:
    """What the page's template needs."""
    page, kind = shown.published.page, Kind(shown.published.page.kind)
    wanted = [shown.published.words, *(one.words for one in shown.treatments)]
    beside = page if kind == Kind.TREATMENT else None
    more = maps.parts() if kind == Kind.CONTACT else {}
    live = gather(wanted, now=now, snippets=dict(shown.snippets), beside=beside, everything=WHOLE.get(kind, ()), **more)
    reading = read(shown.published, live)
    context = {"page": reading.page, "reading": reading, "crumbs": crumbs_of(page)}
    context |= {"previous": live.previous, "following": live.following}
    context["treatments"] = [live.complete(one.page) for one in shown.treatments]
    context["people"] = [person for person in live.people.values() if person.is_active]
    if kind == Kind.HOME:
        context["fees"] = [service for service in live.services.values() if service.pk in live.bookable]
    if kind == Kind.FEES:
        context["fees"] = [service for service in live.services.values() if service.is_active]
    if kind == Kind.CONTACT:
        context["maps"] = maps.by_location(live.more)
    if kind in (Kind.HOME, Kind.TREATMENT) and page.service:
        context |= next_free(now, service=page.service)
    return context


def next_free(now: datetime, **asked: Any) -> dict[str, Any]:
    """The first free time of a service, perhaps with one person, and what was asked: a kept page asks it again."""
    return {"next_free": scheduling.next_free(**asked, now=now), "next_free_of": asked}


def template_of(kind: str) -> str:
    return TEMPLATES.get(Kind(kind), f"content/{kind}.html")


def crumbs_of(page: Page) -> Crumbs:
    if page.kind == Kind.HOME:
        return []
    above = [("Home", reverse("content:home"))]
    if page.kind == Kind.TREATMENT:
        above.append(("Treatments", reverse("content:treatments")))
    return [*above, (page.title if page.kind == Kind.TREATMENT else str(Kind(page.kind).label).split(" (")[0], "")]


def show(request: HttpRequest, template: str, *, status: int = 200, **context: Any) -> HttpResponse:
    """Render a page with its data for search engines."""
    context = {"page": None, "reading": None, "crumbs": []} | context
    context["structured_data"] = structured_data.for_page(request, **context)
    return render(request, template, context, status=status)
