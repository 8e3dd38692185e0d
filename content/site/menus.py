"""Menus: the links in the header and footer of every page."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import connections
from django.db.models import Q
from django.db.models.fields.json import KT
from django.urls import NoReverseMatch, reverse

from content.models import Menu, MenuEntry, Page, Revision

Kind, Place = Menu.Kind, MenuEntry.Place
# The default entries of each menu.
FIRST: dict[str, list[tuple[str, str]]] = {
    Kind.MAIN: [(Place.TREATMENTS, ""), (Place.TEAM, ""), (Place.FEES, ""), (Place.CONTACT, "")],
    Kind.REACH: [(Place.CONTACT, "Send a message"), (Place.BOOK, ""), (Place.CHANGE, "")],
    Kind.LAST: [(Place.PRIVACY, ""), (Place.ACCESSIBILITY, "")],
}
ADDRESSES: dict[str, str] = {Place.BOOK: "booking:services", Place.CHANGE: "booking:lost_link"}
# URL names of pages below a place, on which its link is marked as current.
BELOW: dict[str, set[str]] = {
    Place.TREATMENTS: {"content:treatment"},
    Place.TEAM: {"content:practitioner"},
    Place.CONTACT: {"content:contact_sent"},
}
ORDINARY_BELOW = "content:page_below"


@dataclass(frozen=True)
class MenuLink:
    """One link of a menu. ``below`` are the URL names of pages below its target."""

    label: str
    address: str
    below: frozenset[str] = frozenset()

    def is_above(self, path: str, name: str) -> bool:
        """Whether the page at this path, with this URL name, is below the link's target."""
        return name in self.below and (name != ORDINARY_BELOW or path.startswith(self.address))


def address_of(place: str) -> str:
    """Return the path of a place, or "" if this site does not have it."""
    try:
        return reverse(ADDRESSES.get(place, f"content:{place}"))
    except NoReverseMatch:
        return ""


@dataclass(frozen=True)
class LivePages:
    """The titles of published pages that menus or notices may link to, by id, and their kinds."""

    titles: dict[int, str]
    kinds: frozenset[str]


def live_pages(now: datetime, *, pages: Collection[int]) -> LivePages:
    """Load the published ones of these pages, and all published pages of single-page kinds. One query."""
    is_wanted = Q(page__in=pages) | ~Q(page__kind__in=[*Page.KINDS_WITH_SLUG, Page.Kind.SNIPPET])
    live = Revision.objects.live(at=now).filter(is_wanted)
    rows = list(live.values_list("page", "page__kind", KT("head__title")))
    return LivePages({pk: title for pk, _kind, title in rows}, frozenset(kind for _pk, kind, _title in rows))


def entries() -> list[MenuEntry]:
    """Return the entries of all menus, ordered."""
    return list(MenuEntry.objects.select_related("menu", "page__parent"))


def links_by_menu(entries: Iterable[MenuEntry], live: LivePages) -> dict[str, list[MenuLink]]:
    """Return the visible links, by kind of menu."""
    menus: dict[str, list[MenuLink]] = defaultdict(list)
    for entry in entries:
        link = link_of(entry, live)
        if link:
            menus[entry.menu.kind].append(link)
    return dict(menus)


def link_of(entry: MenuEntry, live: LivePages) -> MenuLink | None:
    """Return the link of an entry, or None while its target is not published."""
    if entry.page is not None:
        title = live.titles.get(entry.page.pk)
        below = frozenset({ORDINARY_BELOW} if entry.page.kind == Page.Kind.ORDINARY else ())
        return None if title is None else MenuLink(entry.label or title, entry.page.get_absolute_url(), below)
    address = address_of(entry.place)
    if not address or (entry.place in Page.Kind.values and entry.place not in live.kinds):
        return None
    below = frozenset(BELOW.get(entry.place, ()))
    return MenuLink(entry.label or str(Place(entry.place).label), address, below)


def make_missing_menus(using: str) -> None:
    """Create missing menus with their default entries (post_migrate). Existing menus are not changed."""
    tables = connections[using].introspection.table_names()
    if MenuEntry._meta.db_table not in tables:
        return  # Migrated back to before the table existed.
    for kind, entries in FIRST.items():
        menu, is_new = Menu.objects.using(using).get_or_create(kind=kind)
        if is_new:
            MenuEntry.objects.using(using).bulk_create(
                MenuEntry(menu=menu, place=place, label=label, position=number * 10)
                for number, (place, label) in enumerate(entries, start=1)
            )
