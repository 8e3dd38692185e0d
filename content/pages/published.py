"""Load published content, and the rows that it references.

``published_at`` loads a page with its snippets, ``load_references`` the services, practitioners, pictures and pages
that they reference.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Min, Q, QuerySet, Subquery
from django.db.models.fields.json import KT

from booking.models import Practitioner, Service
from content.blocks.page_content import PageContent, content_of_revision
from content.models import Page, Picture, PlaceMap, Revision

# The fields of a page that are not part of a revision take effect at once. The draft's content is not loaded.
PLACE = ("page__kind", "page__slug", "page__topic", "page__position", "page__parent__slug")
HEAD = ("page", "head", "schema", "goes_live_at", "changed_at", *PLACE)


@dataclass(frozen=True)
class PublishedPage:
    """The published content of a page, and when it last changed."""

    page: Page
    words: PageContent
    changed_at: datetime

    @property
    def title(self) -> str:
        return self.page.title


@dataclass(frozen=True)
class PageLookup:
    """A page to render, its snippets by id, and the treatments that it lists."""

    page: PublishedPage
    snippets: Mapping[int, PublishedPage]
    treatments: list[PublishedPage]


@dataclass
class References:
    """Referenced rows by id. Missing ids are deleted or hidden."""

    services: dict[int, Service] = field(default_factory=dict)
    people: dict[int, Practitioner] = field(default_factory=dict)
    pictures: dict[int, Picture] = field(default_factory=dict)
    pages: dict[int, Page] = field(default_factory=dict)
    snippets: Mapping[int, PublishedPage] = field(default_factory=dict)
    previous: Page | None = None
    following: Page | None = None
    above: Page | None = None
    section: list[Page] = field(default_factory=list)
    maps: dict[int, PlaceMap] = field(default_factory=dict)  # by the location's id

    @property
    def bookable(self) -> frozenset[int]:
        """The ids of services that can be booked online with an authorised practitioner (R11)."""
        return frozenset(
            pk for pk, service in self.services.items() if service.is_bookable and service.practitioner_services.all()
        )

    def complete(self, page: Page) -> Page:
        """Set the related objects of a page; references to deleted rows become None."""
        page.hero_picture = self.pictures.get(page.hero_picture_id or 0)
        page.service = self.services.get(page.service_id or 0)
        page.written_by = self.people.get(page.written_by_id or 0)
        page.reviewed_by = self.people.get(page.reviewed_by_id or 0)
        return page


def with_blocks(revisions: QuerySet[Revision]) -> list[PublishedPage]:
    """Load these revisions with their blocks."""
    return [published(revision) for revision in revisions.select_related("page__parent").only(*HEAD, "blocks")]


def without_blocks(revisions: QuerySet[Revision]) -> list[PublishedPage]:
    """Load these revisions without their blocks."""
    return [published(revision) for revision in revisions.select_related("page__parent").only(*HEAD)]


def published(revision: Revision) -> PublishedPage:
    """Return the content of a revision, whose page must be loaded."""
    has_blocks = "blocks" not in revision.get_deferred_fields()
    content = content_of_revision(revision) if has_blocks else PageContent(revision.head, [])
    return PublishedPage(content.page(revision.page), content, revision.changed_at)


def next_change(now: datetime) -> datetime | None:
    """Return when the next revision goes live, or None."""
    return Revision.objects.filter(goes_live_at__gt=now).aggregate(at=Min("goes_live_at"))["at"]


def published_at(*, kind: str, slug: str = "", parent: str = "", now: datetime) -> PageLookup | None:
    """Return the published page of this kind and slug, below the page with the slug ``parent``, or None."""
    above = {"page__parent__slug": parent} if parent else {"page__parent__isnull": True}
    here = Revision.objects.live(at=now).filter(page__kind=kind, page__slug=slug, **above)
    page = next(iter(with_blocks(here)), None)
    if page is None:
        return None
    treatments = live_treatments(now) if kind == Page.Kind.TREATMENTS else []
    return PageLookup(page, snippets_in(page.words, now), treatments)


def snippets_in(content: PageContent, now: datetime) -> dict[int, PublishedPage]:
    """Return the published snippets that this content includes, by id."""
    ids = content.references.get("snippet")
    snippets = with_blocks(Revision.objects.live(at=now).filter(page__in=ids)) if ids else []
    return {snippet.page.pk: snippet for snippet in snippets}


def live_treatments(now: datetime) -> list[PublishedPage]:
    """Return all published treatments, by position."""
    return in_order(without_blocks(Revision.objects.live(at=now).treatments()))


def in_order(pages: Iterable[PublishedPage]) -> list[PublishedPage]:
    """Sort by position, then by id."""
    return sorted(pages, key=lambda item: (item.page.position, item.page.pk))


def load_references(
    contents: Iterable[PageContent],
    *,
    now: datetime,
    snippets: Mapping[int, PublishedPage] | None = None,
    neighbours_of: Page | None = None,
    family_of: Page | None = None,
    everything: Collection[str] = (),
) -> References:
    """Load the rows that these contents and their snippets reference, with one query for each model.

    ``everything`` holds "services", "people" or "maps" to load all of them. ``neighbours_of`` is a page whose
    previous and next page of the same topic are loaded, ``family_of`` one whose parent and section are.
    """
    snippets = snippets or {}
    ids: dict[str, set[int]] = defaultdict(set)
    for content in [*contents, *(snippet.words for snippet in snippets.values())]:
        for name, keys in content.references.items():
            ids[name] |= keys
    references = References(snippets=snippets)
    if ids["service"] or "services" in everything:
        references.services = _services(ids["service"], with_all="services" in everything)
    if ids["practitioner"] or "people" in everything:
        is_referenced = Q(pk__in=ids["practitioner"])
        is_wanted = is_referenced | Q(is_active=True) if "people" in everything else is_referenced
        people = Practitioner.objects.filter(is_wanted)
        references.people = {person.pk: person for person in people}
    if ids["picture"]:
        references.pictures = Picture.objects.in_bulk(ids["picture"])
    if ids["page"]:
        published_pages = without_blocks(Revision.objects.live(at=now).filter(page__in=ids["page"]))
        references.pages = {item.page.pk: item.page for item in published_pages}
    if "maps" in everything:
        maps = PlaceMap.objects.select_related("picture", "night_picture")
        references.maps = {place_map.location_id: place_map for place_map in maps}
    if neighbours_of is not None:
        references.previous, references.following = _neighbours(neighbours_of, now)
    if family_of is not None:
        references.above, references.section = _family(family_of, now)
    return references


def _services(ids: Collection[int], *, with_all: bool) -> dict[int, Service]:
    """Load these services and their first-visit services, with the practitioners who offer each."""
    is_referenced = Q(pk__in=ids) | Q(pk__in=Service.objects.filter(pk__in=ids).values("first_visit_service"))
    rows = Service.objects.filter(is_referenced | Q(is_active=True) if with_all else is_referenced).with_offers()
    services = {service.pk: service for service in rows}
    for service in services.values():
        service.first_visit_service = services.get(service.first_visit_service_id or 0)
    return services


def _neighbours(page: Page, now: datetime) -> tuple[Page | None, Page | None]:
    """Return the published pages before and after this one within its topic."""
    topic = Revision.objects.live(at=now).filter(page__kind=page.kind, page__topic=page.topic)
    rows = topic.values_list("page__position", "page", "page__slug", KT("head__title")).order_by()
    here = (page.position, page.pk)
    before = max((row for row in rows if row[:2] < here), default=None)
    after = min((row for row in rows if row[:2] > here), default=None)
    previous, following = (row and Page(kind=page.kind, slug=row[2], title=row[3]) for row in (before, after))
    return previous, following


def _family(page: Page, now: datetime) -> tuple[Page | None, list[Page]]:
    """Return the published page above this one, and its section: the published pages below the top one, in order.

    A page that is alone below another one has no section.
    """
    top = page.parent_id or page.pk
    live = Revision.objects.live(at=now).filter(Q(page=top) | Q(page__parent=top))
    pages = [item.page for item in in_order(without_blocks(live))]
    above = next((row for row in pages if row.pk == page.parent_id), None)
    section = [row for row in pages if row.pk != top]
    return above, section if any(row.pk != page.pk for row in section) else []


MOST_BY_AUTHOR = 12  # The page of treatments lists all.


def pages_by(person: Practitioner, *, now: datetime) -> tuple[list[Page], bool]:
    """Return the published treatments by this author, latest reviewed first, and whether there are more."""
    by_author = Revision.objects.live(at=now).treatments().filter(head__written_by=person.pk)
    reviewed = KT("head__last_reviewed_on").desc(nulls_last=True)
    first = by_author.order_by(reviewed, "page__position", "page").values("pk")[: MOST_BY_AUTHOR + 1]
    pages = [item.page for item in in_order(without_blocks(Revision.objects.filter(pk__in=Subquery(first))))]
    pages.sort(key=lambda page: page.last_reviewed_on.toordinal() if page.last_reviewed_on else 0, reverse=True)
    return pages[:MOST_BY_AUTHOR], len(pages) > MOST_BY_AUTHOR
