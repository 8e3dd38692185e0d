"""The sample clinic's pages and pictures.

``load_sample`` calls ``load_pictures`` and then ``load_pages``. Both find what is there by its
natural key and leave it alone, so running them again adds only what is missing and never undoes
what an editor has changed. They return what they made, to be marked as sample.
"""

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.core.files.base import ContentFile

from booking.models import Location, Practitioner, SampleRow, Service
from content import models
from content.models import Page, Picture, PlaceMap
from content.publishing import publish
from content.sample import back_pain, dry_needling, formal, front, pelvic_health, shared
from content.sample.writing import Written, WrittenPage

# Snippets come first: a page goes out to readers only when what it shows is there.
PAGES: tuple[WrittenPage, ...] = (
    shared.AFTER_NEEDLING,
    front.HOME,
    front.TREATMENTS,
    pelvic_health.PAGE,
    dry_needling.PAGE,
    back_pain.PAGE,
    front.TEAM,
    front.FEES,
    formal.CONTACT,
    formal.PRIVACY,
    formal.ACCESSIBILITY,
)

FOLDER = Path(__file__).parent / "pictures"
# Title: file, and where its focal point lies, in percent from the left and the top.
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
    "caption": "P is the parking lot. The arrow is the way from there to the door, without a step. North is up.",
}


def load_pictures() -> list[Picture]:
    """Put our drawings into the library, and return those that were not there yet."""
    made = []
    for title, (stem, x, y) in PICTURES.items():
        file = drawing(stem)
        if file is None or Picture.objects.filter(title=title).exists():
            continue
        picture = Picture(title=title, image=file, focal_x=x, focal_y=y)
        picture.full_clean()
        picture.save()
        made.append(picture)
    return made


def load_maps(*, locations: Iterable[Location], pictures: Iterable[Picture]) -> list[PlaceMap]:
    """Show the way to the sample's place, where nobody has chosen a map yet."""
    named = {picture.title: picture for picture in (*Picture.objects.all(), *pictures)}
    day, night = named.get("The way here"), named.get("The way here, by night")
    made = []
    for place in locations:
        if day is not None and place.slug == "okotoks" and not PlaceMap.objects.filter(location=place).exists():
            made.append(PlaceMap(location=place, picture=day, night_picture=night, **MAP))
            made[-1].full_clean()
            made[-1].save()
    return made


def drawing(stem: str) -> ContentFile | None:
    """One of our drawings as a picture file, such as ``steve-hansen``; None if there is no such file."""
    for path in sorted(FOLDER.glob(f"{stem}.*")):
        return ContentFile(path.read_bytes(), name=path.name)
    return None


def load_pages(
    *,
    services: Iterable[Service],
    practitioners: Iterable[Practitioner],
    pictures: Iterable[Picture] = (),
    now: datetime,
) -> list[Page]:
    """Write and publish the pages that are not there yet, and return them. All of them refer to each other.

    They are marked as sample before they are published, so that the checks know what cannot be
    honest of them: nobody has reviewed them, and the pages say so.
    """
    named: dict[str, dict[str, Any]] = {
        "service": {service.slug: service for service in services},
        "practitioner": {person.slug: person for person in practitioners},
        "picture": {picture.title: picture for picture in (*Picture.objects.all(), *pictures)},
    }
    made = []
    for written in PAGES:
        page = _page(written, named, now)
        if page is not None:
            made.append((page, written))
    named["page"] = {page.slug or page.kind: page for page in Page.objects.with_an_address()}
    named["snippet"] = {page.title: page for page in Page.objects.filter(kind=Page.Kind.SNIPPET)}
    for page, written in made:
        for ordering, block in enumerate(written.blocks, start=1):
            _block(page, block, named, ordering * 10)
    pages = [page for page, _written in made]
    kind = ContentType.objects.get_for_model(Page)
    SampleRow.objects.bulk_create(SampleRow(content_type=kind, object_id=page.pk) for page in pages)
    for page in pages:
        publish(page, by=None, now=now, note="The sample clinic's own words")
    return pages


def _page(written: WrittenPage, named: dict[str, dict[str, Any]], now: datetime) -> Page | None:
    is_snippet = written.kind == Page.Kind.SNIPPET
    there = Page.objects.filter(kind=written.kind, slug=written.slug)
    if (there.filter(title=written.fields["title"]) if is_snippet else there).exists():
        return None
    fields = dict(written.fields)
    hero = named["picture"].get(written.refers_to.get("hero_picture", ""))
    if hero is None:
        fields.pop("hero_alt", None)
    page = Page(
        kind=written.kind,
        slug=written.slug,
        hero_picture=hero,
        service=named["service"].get(written.refers_to.get("service", "")),
        written_by=named["practitioner"].get(written.refers_to.get("written_by", "")),
        edited_at=now,
        **fields,
    )
    page.full_clean(exclude=["lede"] if is_snippet else [])
    page.save()
    return page


def _block(page: Page, written: Written, named: dict[str, dict[str, Any]], ordering: int) -> None:
    """One block; it is left out if what it refers to is not there."""
    referred = {name: named[name].get(slug) for name, slug in written.refers_to.items()}
    if any(row is None for row in referred.values()):
        return
    model = getattr(models, written.model)
    block = model(parent=page, region=written.region, ordering=ordering, **written.fields, **referred)
    block.full_clean()
    block.save()
