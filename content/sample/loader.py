"""Load the sample clinic's pages, pictures and maps.

``load_sample`` calls ``load_pictures``, ``load_maps``, ``load_pages``, ``load_menu_entries`` and ``load_synonyms``. All
are idempotent: they look up rows by natural key, create only missing ones, and never overwrite an editor's changes.
They return the rows that they created, to be marked as sample data.
"""

import json
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.core.files.storage import default_storage

from booking.models import Location, Practitioner, SampleRow, Service
from content import models
from content.media import stored_files
from content.media.stored_files import TrustedFile
from content.models import Menu, MenuEntry, Page, Picture, PictureFile, PlaceMap, SearchSynonym
from content.publishing.publish import publish
from content.sample import about, back_pain, dry_needling, legal_pages, pelvic_health, site_pages, snippets
from content.sample.builders import SampleBlock, SamplePage

# Snippets come first, because a page can be published only after the snippets in it.
PAGES: tuple[SamplePage, ...] = (
    snippets.AFTER_NEEDLING,
    site_pages.HOME,
    site_pages.TREATMENTS,
    pelvic_health.PAGE,
    dry_needling.PAGE,
    back_pain.PAGE,
    site_pages.TEAM,
    site_pages.FEES,
    about.PAGE,
    legal_pages.CONTACT,
    legal_pages.PRIVACY,
    legal_pages.ACCESSIBILITY,
)

FOLDER = Path(__file__).parent / "pictures"
RENDITIONS = Path(__file__).parent / "renditions"
MANIFEST = Path(__file__).parent / "renditions.json"  # By a picture's stored name: the fields of its PictureFile.
# By title: the file's stem, and the focal point in percent from the left and the top.
PICTURES: dict[str, tuple[str, int, int]] = {
    "On the path": ("home", 50, 70),
    "Grandparent and grandchild": ("hero-back-pain", 52, 55),
    "At the treatment table": ("hero-dry-needling", 75, 60),
    "Two armchairs": ("hero-pelvic-health", 50, 60),
    "The clinic": ("clinic-front", 50, 50),
    "The way here": ("way-here", 50, 50),
    "The way here, by night": ("way-here-night", 50, 50),
}
MAP = {
    "alt": (
        "Sketch map. Elizabeth Street runs east from Northridge Drive, one street south of McRae Street. Sample Street "
        "leads from it to the Sheep River. The clinic is at their corner, between the parking lot and the bakery."
    ),
    "caption": "P is the parking lot. The arrow shows the way from there to the door, with no steps. North is up.",
}


# What people type, the words that the pages use for it, and the kind of the page that is shown first.
SYNONYMS: tuple[tuple[str, str, str], ...] = (
    ("WCB, workers compensation, hurt at work", "", Page.Kind.FEES),
    ("MVA, car accident, motor vehicle accident, car crash", "", Page.Kind.FEES),
    ("benefits, direct billing, insurer", "", Page.Kind.FEES),
    ("headache, migraine", "neck", ""),
    ("massage, massage therapy", "hands-on", ""),
)


def load_pictures() -> list[Picture]:
    """Add the sample's pictures to the library, and return the new ones. Call it after the portraits are stored."""
    copy_renditions()
    created = []
    for title, (stem, x, y) in PICTURES.items():
        file = drawing(stem)
        if file is None or Picture.objects.filter(title=title).exists():
            continue
        picture = Picture(title=title, image=file, focal_x=x, focal_y=y)
        picture.full_clean()
        picture.save()
        created.append(picture)
    use_shipped_renditions()
    return created


def copy_renditions() -> None:
    """Store the shipped renditions. Their names contain a hash of the picture's stored name and content."""
    for path in sorted(RENDITIONS.iterdir()):
        name = f"renditions/{path.name}"
        if not default_storage.exists(name):
            stored_files.store(name, path.read_bytes())


def use_shipped_renditions() -> None:
    """List the shipped renditions in the rows of the sample's pictures and portraits, which the worker then leaves.

    A picture whose stored name is not listed, because it has changed, gets renditions of its own from the worker.
    """
    for name, fields in json.loads(MANIFEST.read_text()).items():
        place = {"focal_x": fields.pop("focal_x"), "focal_y": fields.pop("focal_y")}
        waiting = PictureFile.objects.filter(name=name, state=PictureFile.State.WAITING, **place)
        waiting.update(state=PictureFile.State.READY, **fields)


def load_maps(*, locations: Iterable[Location], pictures: Iterable[Picture]) -> list[PlaceMap]:
    """Create the map of the sample's location, unless it has one, and return it."""
    by_title = {picture.title: picture for picture in (*Picture.objects.all(), *pictures)}
    day, night = by_title.get("The way here"), by_title.get("The way here, by night")
    created = []
    for location in locations:
        if day is not None and location.slug == "okotoks" and not PlaceMap.objects.filter(location=location).exists():
            created.append(PlaceMap(location=location, picture=day, night_picture=night, **MAP))
            created[-1].full_clean()
            created[-1].save()
    return created


def load_menu_entries(pages: Iterable[Page]) -> list[MenuEntry]:
    """Link the new ones of these pages that are ordinary from the footer's last line, and return the links."""
    menu = Menu.objects.get(kind=Menu.Kind.LAST)
    ordinary = [page for page in pages if page.kind == Page.Kind.ORDINARY]
    return [MenuEntry.objects.create(menu=menu, page=page, position=5) for page in ordinary]


def load_synonyms() -> list[SearchSynonym]:
    """Create the missing synonyms of the site search, and return them. Call it after ``load_pages``."""
    created = []
    for typed, words, kind in SYNONYMS:
        page = Page.objects.filter(kind=kind).first() if kind else None
        synonym, is_new = SearchSynonym.objects.get_or_create(typed=typed, defaults={"words": words, "page": page})
        if is_new:
            created.append(synonym)
    return created


def drawing(stem: str) -> TrustedFile | None:
    """Return the picture file of a drawing, such as ``steve-hansen``; None if there is no such file."""
    for path in sorted(FOLDER.glob(f"{stem}.*")):
        return TrustedFile(path.read_bytes(), name=path.name)
    return None


def load_pages(
    *,
    services: Iterable[Service],
    practitioners: Iterable[Practitioner],
    pictures: Iterable[Picture] = (),
    now: datetime,
) -> list[Page]:
    """Create and publish the missing pages, and return them. Blocks come after all pages, which refer to each other.

    Pages are marked as sample before they are published, because the publishing checks do not require a clinical
    review of sample pages.
    """
    rows_by_key: dict[str, dict[str, Any]] = {
        "service": {service.slug: service for service in services},
        "practitioner": {person.slug: person for person in practitioners},
        "picture": {picture.title: picture for picture in (*Picture.objects.all(), *pictures)},
    }
    created = []
    for sample in PAGES:
        page = create_page(sample, rows_by_key, now)
        if page is not None:
            created.append((page, sample))
    rows_by_key["page"] = {page.slug or page.kind: page for page in Page.objects.with_an_address()}
    rows_by_key["snippet"] = {page.title: page for page in Page.objects.filter(kind=Page.Kind.SNIPPET)}
    for page, sample in created:
        for ordering, block in enumerate(sample.blocks, start=1):
            create_block(page, block, rows_by_key, ordering * 10)
    pages = [page for page, _sample in created]
    kind = ContentType.objects.get_for_model(Page)
    SampleRow.objects.bulk_create(SampleRow(content_type=kind, object_id=page.pk) for page in pages)
    for page in pages:
        publish(page, by=None, now=now, note="The sample clinic's own text")
    return pages


def create_page(sample: SamplePage, rows_by_key: dict[str, dict[str, Any]], now: datetime) -> Page | None:
    """Create a page without its blocks; None if it exists already."""
    is_snippet = sample.kind == Page.Kind.SNIPPET
    existing = Page.objects.filter(kind=sample.kind, slug=sample.slug)
    if (existing.filter(title=sample.fields["title"]) if is_snippet else existing).exists():
        return None
    fields = dict(sample.fields)
    hero = rows_by_key["picture"].get(sample.refers_to.get("hero_picture", ""))
    if hero is None:
        fields.pop("hero_alt", None)
    page = Page(
        kind=sample.kind,
        slug=sample.slug,
        hero_picture=hero,
        service=rows_by_key["service"].get(sample.refers_to.get("service", "")),
        written_by=rows_by_key["practitioner"].get(sample.refers_to.get("written_by", "")),
        edited_at=now,
        **fields,
    )
    page.full_clean(exclude=["lede"] if is_snippet else [])
    page.save()
    return page


def create_block(page: Page, sample: SampleBlock, rows_by_key: dict[str, dict[str, Any]], ordering: int) -> None:
    """Create one block, unless a row that it refers to does not exist."""
    references = {name: rows_by_key[name].get(slug) for name, slug in sample.refers_to.items()}
    if any(row is None for row in references.values()):
        return
    model = getattr(models, sample.model)
    block = model(parent=page, region=sample.region, ordering=ordering, **sample.fields, **references)
    block.full_clean()
    block.save()
