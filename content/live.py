"""What pages name, as it is today: services and prices, people, pictures, other pages.

Two queries, whatever is shown: ``current`` finds the words of a page with the snippets it shows,
``gather`` everything that those words name. Both are put together once, and can be compared with
what they said before anything is made of it (see booking/together.py).
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property, lru_cache
from typing import Any

from django.db.models import BigIntegerField, CharField, DateTimeField, Exists, F, OuterRef, Q, Subquery

from booking import together
from booking.models import Practitioner, PractitionerService, Service, ShownVersion
from content import maps
from content.models import Page, Picture, PlaceMap, Revision
from content.snapshot import Words, of_revision

PERSON = (
    "name", "slug", "protected_title", "credentials", "register_url", "pronouns", "languages", "summary", "photo",
    "focal_x", "focal_y", "photo_credit",
    "takes_new_patients", "authorised_for_needling", "is_active", "position",
)  # fmt: skip
PLACE = {"kind": F("page__kind"), "slug": F("page__slug"), "topic": F("page__topic"), "position": F("page__position")}
HEAD_ONLY = ("page", "head", "schema", "goes_live_at", "changed_at")


@dataclass(frozen=True)
class Published:
    """The words of one page that readers see, and since when they are these."""

    page: Page
    words: Words
    changed_at: datetime

    @property
    def title(self) -> str:
        return self.page.title


@dataclass
class Live:
    """Rows by their ids. What is not here is gone, or hidden."""

    services: dict[int, Service] = field(default_factory=dict)
    people: dict[int, Practitioner] = field(default_factory=dict)
    pictures: dict[int, Picture] = field(default_factory=dict)
    pages: dict[int, Page] = field(default_factory=dict)
    snippets: dict[int, Published] = field(default_factory=dict)
    previous: Page | None = None
    following: Page | None = None
    maps: dict[int, PlaceMap] = field(default_factory=dict)  # by the location's id

    @property
    def bookable(self) -> frozenset[int]:
        """Services that a patient can book online, with somebody who may do them (R11)."""
        return frozenset(
            pk for pk, service in self.services.items() if service.is_bookable and service.practitioner_services.all()
        )

    def complete(self, page: Page) -> Page:
        """Set what a page's head names; what is gone is named no longer."""
        page.hero_picture = self.pictures.get(page.hero_picture_id or 0)
        page.service = self.services.get(page.service_id or 0)
        page.written_by = self.people.get(page.written_by_id or 0)
        page.reviewed_by = self.people.get(page.reviewed_by_id or 0)
        return page


def published(revision: Revision) -> Published:
    """A revision that was fetched with its page's place."""
    place: Any = revision
    page = Page(pk=revision.page_id, kind=place.kind, slug=place.slug, topic=place.topic, position=place.position)
    words = of_revision(revision) if "blocks" in revision.__dict__ else Words(revision.head, [])
    return Published(words.page(page), words, revision.changed_at)


NOW: Any = together.Given("now", DateTimeField())
STATE = ("versions", "coming")


def state(now: Any) -> dict[str, together.Part]:
    """The parts of a query that tell the state it was made in; see ``state_of``."""
    return {
        "versions": together.Part(ShownVersion.objects.all()),
        "coming": together.Part(Revision.objects.filter(goes_live_at__gt=now), ["goes_live_at"]),
    }


def state_of(found: together.Found) -> tuple[int, datetime | None]:
    """The version of what is shown, and when the next revision goes live."""
    version = found["versions"][0].number if found["versions"] else 0
    return version, min((revision.goes_live_at for revision in found["coming"]), default=None)


def whole(revisions: Any) -> together.Part:
    return together.Part(revisions, [*HEAD_ONLY, "blocks"], extras=PLACE)


def heads(revisions: Any) -> together.Part:
    return together.Part(revisions, HEAD_ONLY, extras=PLACE)


def newest_of_one(pages: Any) -> Any:
    """What readers see of the first of these pages, found without looking at any other revision."""
    made = Revision.objects.filter(page=Subquery(pages.values("pk")[:1]), goes_live_at__lte=NOW).order_by("-pk")
    return Revision.objects.filter(pk=Subquery(made.values("pk")[:1]), is_public=True)


def newest_of(pages: Any) -> Any:
    """What readers see of these pages: ``Revision.objects.live()`` for few of many, page by page."""
    made = Revision.objects.filter(page=OuterRef("pk"), goes_live_at__lte=NOW).order_by("-pk")
    return Revision.objects.filter(pk__in=pages.values_list(Subquery(made.values("pk")[:1])), is_public=True)


class Found:
    """What stands at an address: the page, the snippets it shows by id, all treatments where it lists them.

    ``version`` is the state it was found in, and ``changes_at`` when the clock alone can bring another.
    The same ``rows`` are the same words; they are read only when somebody asks for them.
    """

    def __init__(self, statement: together.Statement, rows: Iterable[together.Row], kind: str) -> None:
        state: list[together.Row] = []
        words: list[together.Row] = []
        for row in rows:
            (state if row[0] in STATE else words).append(row)
        self.rows, self.kind, self._statement = words, kind, statement
        self.version, self.changes_at = state_of(statement.found(state))

    @cached_property
    def _read(self) -> together.Found:
        return self._statement.found(self.rows)

    @cached_property
    def page(self) -> Published | None:
        return next(map(published, self._read["words"]), None)

    @cached_property
    def snippets(self) -> dict[int, Published]:
        return {one.page.pk: one for one in map(published, self._read["snippets"])}

    @cached_property
    def treatments(self) -> list[Published]:
        return in_order(published(revision) for revision in self._read["treatments"])


@lru_cache
def _words(kind: str, with_treatments: bool) -> together.Statement:
    def parts() -> dict[str, together.Part]:
        here = newest_of_one(Page.objects.filter(kind=together.Word(kind), slug=together.Given("slug", CharField())))
        listed = Page.objects.treatments() if with_treatments else Page.objects.none()
        return {
            "words": whole(here),
            "snippets": whole(newest_of(Page.objects.filter(shown_by=Subquery(here.values("pk"))))),
            "treatments": heads(newest_of(listed)),
        } | state(NOW)

    return together.Statement(parts)


def current(*, kind: str, slug: str = "", now: datetime, with_treatments: bool = False) -> Found:
    """What readers see at an address, in one query."""
    statement = _words(str(kind), with_treatments)
    return Found(statement, statement.ask(slug=slug, now=now), kind)


def in_order(pages: Iterable[Published]) -> list[Published]:
    """By position; of equal ones the older page comes first."""
    return sorted(pages, key=lambda one: (one.page.position, one.page.pk))


class Named:
    """What some words and their snippets name; ``everything``: "services", "people" or "maps", to have them all."""

    def __init__(
        self,
        wanted: Iterable[Words],
        *,
        snippets: Mapping[int, Published] | None = None,
        beside: Page | None = None,
        everything: Iterable[str] = (),
    ) -> None:
        self.snippets = dict(snippets or {})
        ids: dict[str, set[int]] = defaultdict(set)
        for words in [*wanted, *(one.words for one in self.snippets.values())]:
            for name, keys in words.references.items():
                ids[name] |= keys
        self._given: dict[str, Any] = {name: sorted(ids[name]) for name in _IDS}
        if beside is not None:
            self._given |= {"here": beside.pk, "topic": beside.topic, "position": beside.position}
        self._statement = _names(frozenset(everything), str(beside.kind) if beside else "")

    def ask(self, now: datetime) -> tuple[together.Row, ...]:
        """One query; the same rows make the same ``Live``."""
        return self._statement.ask(now=now, **self._given)

    def live(self, rows: Iterable[together.Row]) -> Live:
        return _live(self._statement.found(rows), self.snippets)


def gather(wanted: Iterable[Words], *, now: datetime, **more: Any) -> Live:
    """What these words name, in one query; ``more`` as for ``Named``."""
    named = Named(wanted, **more)
    return named.live(named.ask(now))


_IDS = ("service", "practitioner", "picture", "page")


@lru_cache
def _names(everything: frozenset[str], kind_beside: str) -> together.Statement:
    def parts() -> dict[str, Any]:
        ids = {name: together.Given(name, BigIntegerField()) for name in _IDS}
        named = Service.objects.filter(pk__among=ids["service"])
        services = Service.objects.filter(Q(pk__among=ids["service"]) | Q(pk__in=named.values("first_visit_service")))
        services = services | Service.objects.filter(is_active=True) if "services" in everything else services
        people = Practitioner.objects.filter(pk__among=ids["practitioner"])
        people = people | Practitioner.objects.active() if "people" in everything else people
        may = Q(service__needs_needling_authorisation=False) | Q(practitioner__authorised_for_needling=True)
        offers = PractitionerService.objects.filter(may, practitioner__is_active=True)
        before, after = _neighbours(kind_beside) if kind_beside else [Page.objects.none()] * 2
        return {
            "services": services,
            "offers": offers.filter(service__in=services.values("pk")),
            "people": together.Part(people, PERSON),
            "pictures": Picture.objects.filter(pk__among=ids["picture"]),
            "pages": heads(newest_of(Page.objects.filter(pk__among=ids["page"]))),
            "before": heads(newest_of_one(before)),
            "after": heads(newest_of_one(after)),
        } | (maps.parts() if "maps" in everything else {})

    return together.Statement(parts)


def _live(found: together.Found, snippets: dict[int, Published]) -> Live:
    pages = {name: [published(row).page for row in found[name]] for name in ("pages", "before", "after")}
    live = Live(
        services={row.pk: row for row in found["services"]},
        people={row.pk: row for row in found["people"]},
        pictures={row.pk: row for row in found["pictures"]},
        pages={page.pk: page for page in pages["pages"]},
        snippets=snippets,
        previous=next(iter(pages["before"]), None),
        following=next(iter(pages["after"]), None),
        maps=maps.by_location(found) if "maps" in found else {},
    )
    offers = defaultdict(list)
    for offer in found["offers"]:
        offer.service = live.services[offer.service_id]
        offers[offer.service_id].append(offer)
    for service in live.services.values():
        service.first_visit_service = live.services.get(service.first_visit_service_id or 0)
        shown = PractitionerService.objects.none()
        shown._result_cache = offers[service.pk]
        service._prefetched_objects_cache = {"practitioner_services": shown}  # type: ignore[attr-defined]
    return live


def _neighbours(kind: str) -> tuple[Any, Any]:
    """The pages before and after one inside its topic that readers see, the nearest first.

    Walks from page to page in their order (there is an index for it), so it ends at the first that is live.
    """
    here, position = together.Given("here", BigIntegerField()), together.Given("position", BigIntegerField())
    is_live = Exists(Revision.objects.live(at=NOW).filter(page=OuterRef("pk")))
    siblings = Page.objects.filter(kind=together.Word(kind), topic=together.Given("topic", CharField()))
    same = Q(position=position)
    # Bounded by the position alone, which the index knows, before anything is asked of a single page.
    up_to_here, from_here = siblings.filter(position__lte=position), siblings.filter(position__gte=position)
    last = up_to_here.filter(~(same & Q(pk__gte=here)), is_live).order_by("-position", "-pk")
    first = from_here.filter(~(same & Q(pk__lte=here)), is_live).order_by("position", "pk")
    return last, first
