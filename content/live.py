"""What pages name, as it is today: services and prices, people, pictures, other pages.

Two queries, whatever is shown: ``current`` finds the words of a page with the snippets it shows,
``gather`` everything that those words name.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import F, Q, Subquery

from booking import together
from booking.models import Practitioner, PractitionerService, Service, ShownVersion
from content.models import Page, Picture, Revision
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
    more: dict[str, list[Any]] = field(default_factory=dict)

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


@dataclass(frozen=True)
class Found:
    """What stands at an address: the page, the snippets it shows by id, all treatments where it lists them.

    ``version`` is the state it was found in, and ``changes_at`` when the clock alone can bring another.
    """

    page: Published | None
    snippets: dict[int, Published]
    treatments: list[Published]
    version: int
    changes_at: datetime | None


def state(now: datetime) -> dict[str, together.Part]:
    """The parts of a fetch that tell the state it was made in; see ``state_of``."""
    return {
        "versions": together.Part(ShownVersion.objects.all()),
        "coming": together.Part(Revision.objects.filter(goes_live_at__gt=now), ["goes_live_at"]),
    }


def state_of(found: dict[str, list[Any]]) -> tuple[int, datetime | None]:
    """The version of what is shown, and when the next revision goes live."""
    version = found["versions"][0].number if found["versions"] else 0
    return version, min((revision.goes_live_at for revision in found["coming"]), default=None)


def whole(revisions: Any) -> together.Part:
    return together.Part(revisions, [*HEAD_ONLY, "blocks"], extras=PLACE)


def heads(revisions: Any) -> together.Part:
    return together.Part(revisions, HEAD_ONLY, extras=PLACE)


def current(*, kind: str, slug: str = "", now: datetime, with_treatments: bool = False) -> Found:
    """What readers see at an address, in one query."""
    live = Revision.objects.live(at=now)
    shown_here = Page.objects.filter(shown_by__page__kind=kind, shown_by__page__slug=slug)
    is_it = Q(page__kind=kind, page__slug=slug)
    found = together.fetch(
        words=whole(live.filter(is_it | Q(page__in=shown_here.values("pk")))),
        treatments=heads(live.treatments() if with_treatments else live.none()),
        **state(now),
    )
    pages = [published(revision) for revision in found["words"]]
    page = next((one for one in pages if one.page.kind == kind), None)
    snippets = {one.page.pk: one for one in pages if one.page.kind == Page.Kind.SNIPPET}
    treatments = in_order(published(revision) for revision in found["treatments"])
    return Found(page, snippets, treatments, *state_of(found))


def in_order(pages: Iterable[Published]) -> list[Published]:
    """By position; of equal ones the older page comes first."""
    return sorted(pages, key=lambda one: (one.page.position, one.page.pk))


def gather(
    wanted: Iterable[Words],
    *,
    now: datetime,
    snippets: dict[int, Published] | None = None,
    beside: Page | None = None,
    everything: Iterable[str] = (),
    **more: Any,
) -> Live:
    """What these words and the snippets in them name. ``everything`` names "services" or "people" to have them all."""
    snippets = snippets or {}
    ids: dict[str, set[int]] = defaultdict(set)
    for words in [*wanted, *(one.words for one in snippets.values())]:
        for name, keys in words.references.items():
            ids[name] |= keys
    every = set(everything)
    live = Revision.objects.live(at=now)
    named = Service.objects.filter(pk__in=ids["service"])
    services = Service.objects.filter(Q(pk__in=ids["service"]) | Q(pk__in=named.values("first_visit_service")))
    services = services | Service.objects.filter(is_active=True) if "services" in every else services
    people = Practitioner.objects.filter(pk__in=ids["practitioner"])
    people = people | Practitioner.objects.active() if "people" in every else people
    may = Q(service__needs_needling_authorisation=False) | Q(practitioner__authorised_for_needling=True)
    offers = PractitionerService.objects.filter(may, practitioner__is_active=True)
    before, after = _neighbours(live, beside)
    needs_services = bool(ids["service"]) or "services" in every
    found = together.fetch(
        services=services if needs_services else services.none(),
        offers=offers.filter(service__in=services.values("pk")) if needs_services else offers.none(),
        people=together.Part(people if ids["practitioner"] or "people" in every else people.none(), PERSON),
        pictures=Picture.objects.filter(pk__in=ids["picture"]) if ids["picture"] else Picture.objects.none(),
        pages=heads(live.filter(page__in=ids["page"]) if ids["page"] else live.none()),
        before=heads(before),
        after=heads(after),
        **more,
    )
    return _live(found, snippets, more)


def _live(found: dict[str, list[Any]], snippets: dict[int, Published], more: Iterable[str]) -> Live:
    pages = {name: [published(row).page for row in found[name]] for name in ("pages", "before", "after")}
    live = Live(
        services={row.pk: row for row in found["services"]},
        people={row.pk: row for row in found["people"]},
        pictures={row.pk: row for row in found["pictures"]},
        pages={page.pk: page for page in pages["pages"]},
        snippets=snippets,
        previous=next(iter(pages["before"]), None),
        following=next(iter(pages["after"]), None),
        more={name: found[name] for name in more},
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


def _neighbours(live: Any, page: Page | None) -> tuple[Any, Any]:
    """The published pages before and after this one inside its topic, each as a set of one or none."""
    if page is None:
        return live.none(), live.none()
    siblings = live.filter(page__kind=page.kind, page__topic=page.topic).exclude(page=page.pk)
    same = Q(page__position=page.position)
    last = siblings.filter(Q(page__position__lt=page.position) | same & Q(page__lt=page.pk))
    first = siblings.filter(Q(page__position__gt=page.position) | same & Q(page__gt=page.pk))
    last, first = last.order_by("-page__position", "-page"), first.order_by("page__position", "page")
    every = Revision.objects.all()
    return (
        every.filter(pk=Subquery(last.values("pk")[:1])),
        every.filter(pk=Subquery(first.values("pk")[:1])),
    )
