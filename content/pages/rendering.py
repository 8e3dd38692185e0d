"""The template and context of each kind of page.

Used by the public views and by the preview of a draft, so that both render alike.
"""

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from booking.models import Insurer, Practitioner, Service
from booking.site_context import site_context_of
from content.media.renditions import picture_files_of
from content.media.share_images import share_image_for
from content.models import Page, PersonCard, PlacedPicture
from content.pages import accessibility_check, next_slot, structured_data
from content.pages.page_view import RenderedPage, build_page_view
from content.pages.published import PageLookup, References, load_references

Kind = Page.Kind
Crumbs = list[tuple[str, str]]
TEMPLATES = {Kind.PRIVACY: "content/plain.html", Kind.ACCESSIBILITY: "content/plain.html"}
# Of which references a kind of page lists every row, not only those that its content references.
LOAD_ALL = {
    Kind.HOME: {"services", "people"},
    Kind.TREATMENT: {"people"},
    Kind.FEES: {"services"},
    Kind.TEAM: {"people"},
    Kind.CONTACT: {"people", "maps"},
}


def page_context(lookup: PageLookup, *, now: datetime) -> dict[str, Any]:
    """Return the template context of a page."""
    page, kind = lookup.page.page, Kind(lookup.page.page.kind)
    references = load_references(
        [lookup.page.words, *(treatment.words for treatment in lookup.treatments)],
        now=now,
        snippets=lookup.snippets,
        neighbours_of=page if kind == Kind.TREATMENT else None,
        family_of=page if kind == Kind.ORDINARY else None,
        everything=LOAD_ALL.get(kind, ()),
    )
    reading = build_page_view(lookup.page, references)
    context = {"page": reading.page, "reading": reading, "crumbs": crumbs_of(page, above=references.above)}
    context |= {"previous": references.previous, "following": references.following, "section": references.section}
    context["treatments"] = [references.complete(treatment.page) for treatment in lookup.treatments]
    context["people"] = [person for person in references.people.values() if person.is_active]
    if kind == Kind.HOME:
        context["fees"] = [service for service in references.services.values() if service.pk in references.bookable]
    if kind == Kind.FEES:
        context["fees"] = [service for service in references.services.values() if service.is_active]
        context["insurers"] = Insurer.objects.active()
    if kind == Kind.CONTACT:
        context["maps"] = references.maps
    if kind == Kind.ACCESSIBILITY:
        context["accessibility_check"] = accessibility_check.last_check()
    service = reading.page.service
    if service is not None and service.pk in reading.bookable:
        if kind == Kind.HOME:
            context["next_free"] = next_slot.find_next_slot(now, service=service)
        elif kind == Kind.TREATMENT:
            context["next_slot"] = _next_slot(reading, references, service, now)
    return context


def _next_slot(
    reading: RenderedPage, references: References, service: Service, now: datetime
) -> next_slot.NextSlot | None:
    """Return the first free slot of a treatment's service, and set that of each person who has a card on the page."""
    slots = next_slot.slots_by_practitioner(now, service=service)
    for card in reading.of_kind(PersonCard):
        card.next_slot = next_slot.slot_of(card.practitioner, slots, service=service)
    return next_slot.first_of(slots, service=service, people=references.people)


def template_name(kind: str) -> str:
    return TEMPLATES.get(Kind(kind), f"content/{kind}.html")


def crumbs_of(page: Page, *, above: Page | None = None) -> Crumbs:
    """Return the titles and paths from the home page down; ``above`` is the page's published parent."""
    if page.kind == Kind.HOME:
        return []
    ancestors = [("Home", reverse("content:home"))]
    if page.kind == Kind.TREATMENT:
        ancestors.append(("Treatments", reverse("content:treatments")))
    if above is not None:
        ancestors.append((above.title, above.get_absolute_url()))
    has_own_title = page.kind in Page.KINDS_WITH_SLUG
    return [*ancestors, (page.title if has_own_title else str(Kind(page.kind).label).split(" (")[0], "")]


def _visible_crumbs(request: HttpRequest, crumbs: Crumbs) -> Crumbs:
    """Return the breadcrumbs without overview pages that are not published."""
    hidden = {Kind.TREATMENTS, Kind.TEAM, Kind.CONTACT} - site_context_of(request).names["live_kinds"]
    addresses = {reverse(f"content:{kind}") for kind in hidden}
    return [(title, address) for title, address in crumbs if address not in addresses]


def render_page(request: HttpRequest, template: str, *, status: int = 200, **context: Any) -> HttpResponse:
    """Render a page with its structured data."""
    context = {"page": None, "reading": None} | context
    context["crumbs"] = _visible_crumbs(request, context.get("crumbs", []))
    announce_pictures(request, context)
    context["structured_data"] = structured_data.for_page(request, **context)
    return render(request, template, context, status=status)


def announce_pictures(request: HttpRequest, context: dict[str, Any]) -> None:
    """Load the rows of all pictures that a page shows with one query, the picture for shared links included."""
    page, reading, person = context.get("page"), context.get("reading"), context.get("person")
    pictures = [row.hero_picture for row in [page, *context.get("treatments", [])] if row]
    pictures += [block.picture for block in reading.of_kind(PlacedPicture)] if reading else []
    for place_map in context.get("maps", {}).values():
        pictures += [place_map.picture, place_map.night_picture]
    people = [person, *context.get("people", [])]
    people += [card.practitioner for card in reading.of_kind(PersonCard)] if reading else []
    names = {str(picture.image.name) for picture in pictures if picture}
    names |= {str(row.photo.name) for row in people if row and row.photo}
    subject: Page | Practitioner | None = page or person
    if subject:
        clinic = site_context_of(request).clinic
        names.add(share_image_for(subject, clinic.name if clinic else "").name)
    picture_files_of(request).load(names)
