"""What each kind of page shows beside its words, and in which template.

The public views (through making.py) and the preview of a draft both show a page through here, so that
a preview looks as the page will look. Costs one query, and what the next free time costs.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse

from content import next_free, structured_data
from content.live import Found, Live, Named, Published
from content.models import Page
from content.reading import read

Kind = Page.Kind
Crumbs = list[tuple[str, str]]
TEMPLATES = {Kind.PRIVACY: "content/plain.html", Kind.ACCESSIBILITY: "content/plain.html"}
WHOLE = {
    Kind.HOME: {"services", "people"},
    Kind.FEES: {"services"},
    Kind.TEAM: {"people"},
    Kind.CONTACT: {"people", "maps"},
}


@dataclass(frozen=True)
class Shown:
    """One page about to be shown: its words, the snippets in them by id, and the treatments it lists."""

    published: Published
    snippets: Mapping[int, Published]
    treatments: list[Published]


def shown(found: Found) -> Shown:
    """What was found at an address, or 404."""
    if found.page is None:
        raise Http404
    return Shown(found.page, found.snippets, found.treatments)


def names_in(shown: Shown) -> Named:
    """What has to be asked for, to show it."""
    page = shown.published.page
    return Named(
        [shown.published.words, *(one.words for one in shown.treatments)],
        snippets=shown.snippets,
        beside=page if page.kind == Kind.TREATMENT else None,
        everything=WHOLE.get(Kind(page.kind), ()),
    )


def context_of(shown: Shown, *, now: datetime) -> dict[str, Any]:
    """What the page's template needs."""
    named = names_in(shown)
    context = context_with(shown, named.live(named.ask(now)))
    if may_show_next_free(context["page"]):
        context["next_free"] = next_free.find(now, service=context["page"].service)
    return context


def may_show_next_free(page: Page) -> bool:
    return page.kind in (Kind.HOME, Kind.TREATMENT) and page.service is not None


def context_with(shown: Shown, live: Live) -> dict[str, Any]:
    """The same but for the next free time. Asks the database for nothing."""
    page, kind = shown.published.page, Kind(shown.published.page.kind)
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
        context["maps"] = live.maps
    return context


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
    return HttpResponse(html_of(request, template, **context), status=status)


def html_of(request: HttpRequest, template: str, **context: Any) -> str:
    context = {"page": None, "reading": None, "crumbs": []} | context
    context["structured_data"] = structured_data.for_page(request, **context)
    return render_to_string(template, context, request)
