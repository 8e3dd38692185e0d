"""The links above and below every page, read with the clinic's other facts (``booking.context``)."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from django.db import connections
from django.db.models import Exists, F, OuterRef, Subquery
from django.db.models.fields.json import KT
from django.urls import NoReverseMatch, reverse

from booking import together
from booking.context import Beside
from content.models import Menu, MenuEntry, Page, Revision

Kind, Place = Menu.Kind, MenuEntry.Place
# What a menu holds until the clinic changes it.
FIRST: dict[str, list[tuple[str, str]]] = {
    Kind.MAIN: [(Place.TREATMENTS, ""), (Place.TEAM, ""), (Place.FEES, ""), (Place.CONTACT, "")],
    Kind.REACH: [(Place.CONTACT, "Send a message"), (Place.BOOK, ""), (Place.CHANGE, "")],
    Kind.LAST: [(Place.PRIVACY, ""), (Place.ACCESSIBILITY, "")],
}
ADDRESSES: dict[str, str] = {Place.BOOK: "booking:services", Place.CHANGE: "booking:lost_link"}
# The addresses that belong to a place without being it.
BELOW: dict[str, set[str]] = {
    Place.TREATMENTS: {"content:treatment"},
    Place.TEAM: {"content:practitioner"},
    Place.CONTACT: {"content:contact_sent"},
}


@dataclass(frozen=True)
class MenuLink:
    """One link as readers see it. ``below`` are the names of the addresses under it."""

    label: str
    address: str
    below: frozenset[str] = frozenset()


def address_of(place: str) -> str:
    """Where a place is; empty where this site has none."""
    try:
        return reverse(ADDRESSES.get(place, f"content:{place}"))
    except NoReverseMatch:
        return ""


def _rows(now: datetime) -> together.Part:
    here = Revision.objects.live(at=now).filter(page=OuterRef("page"))
    # Of a place with a page of its own, from its kind to the page to its newest decision: asked whether any live
    # page is of that kind, PostgreSQL would look at every page there is.
    its_page = Page.objects.filter(kind=OuterRef(OuterRef("place"))).values("pk")[:1]
    decisions = Revision.objects.filter(page=Subquery(its_page), goes_live_at__lte=now).order_by("-pk")
    extras = {
        "kind": F("menu__kind"),
        "page_slug": F("page__slug"),
        "page_title": F("page__title"),
        "title": Subquery(here.annotate(said=KT("head__title")).values("said")[:1]),
        "is_live": Exists(here),
        "is_live_place": Subquery(decisions.values("is_public")[:1]),
    }
    return together.Part(MenuEntry.objects.all(), extras=extras)


def _shown(entries: list[MenuEntry], now: datetime) -> dict[str, list[MenuLink]]:
    menus: dict[str, list[MenuLink]] = defaultdict(list)
    for entry in entries:
        link = link_of(entry)
        if link:
            menus[entry.__dict__["kind"]].append(link)
    return dict(menus)


def link_of(entry: MenuEntry) -> MenuLink | None:
    """The link of an entry that was read with ``read``; None while readers do not see where it leads."""
    row = entry.__dict__  # With what was read beside the row.
    if entry.page_id:
        address = Page(kind=Page.Kind.TREATMENT, slug=row["page_slug"]).get_absolute_url()
        return MenuLink(entry.label or row["title"], address) if row["is_live"] else None
    address = address_of(entry.place)
    if not address or (entry.place in Page.Kind.values and not row["is_live_place"]):
        return None
    below = frozenset(BELOW.get(entry.place, ()))
    return MenuLink(entry.label or str(Place(entry.place).label), address, below)


def name_of(entry: MenuEntry) -> str:
    """What staff call it, also while readers do not see it."""
    return entry.label or entry.__dict__["page_title"] or str(Place(entry.place).label)


def read(now: datetime) -> list[MenuEntry]:
    """The entries of every menu in their order, with what ``link_of`` asks of them. One query."""
    return together.fetch(entries=_rows(now))["entries"]


def make_missing_menus(using: str) -> None:
    """Every menu with the links it first has, after each migration. What is there is the clinic's own."""
    tables = connections[using].introspection.table_names()
    if MenuEntry._meta.db_table not in tables:
        return  # The database was taken back to before there were any.
    for kind, entries in FIRST.items():
        menu, is_new = Menu.objects.using(using).get_or_create(kind=kind)
        if is_new:
            MenuEntry.objects.using(using).bulk_create(
                MenuEntry(menu=menu, place=place, label=label, position=number * 10)
                for number, (place, label) in enumerate(entries, start=1)
            )


# A page that goes live, or is hidden, ends kept pages by itself.
ON_EVERY_PAGE = Beside(_rows, _shown, lambda entries, now: None)
