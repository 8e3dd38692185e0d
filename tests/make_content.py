"""Factories for pages, pictures and blocks; any field can be said otherwise."""

import io
from datetime import UTC, datetime
from itertools import count
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from content.models import Page, Picture, Section, Sources

_numbers = count(1)
LONG_AGO = datetime(2026, 1, 5, 15, 0, tzinfo=UTC)


def make_page(**fields: Any) -> Page:
    """A published treatment, unless told otherwise."""
    kind = fields.get("kind", Page.Kind.TREATMENT)
    number = next(_numbers)
    slug = f"treatment-{number}" if kind == Page.Kind.TREATMENT else ""
    return Page.objects.create(
        **{
            "kind": kind,
            "slug": slug,
            "title": f"Page {number}",
            "lede": "What this page is about, in a few plain words.",
            "is_published": True,
            "published_at": LONG_AGO,
            "updated_at": LONG_AGO,
        }
        | fields
    )


def make_site() -> dict[str, Page]:
    """One published page of every special kind."""
    kinds = [kind for kind in Page.Kind if kind != Page.Kind.TREATMENT]
    return {kind: make_page(kind=kind, title=kind.label.split(" ")[0]) for kind in kinds}


def make_section(page: Page, **fields: Any) -> Section:
    number = next(_numbers)
    words = {"heading": f"Heading {number}", "body": f"<p>Words {number}.</p>", "region": "main", "ordering": number}
    return Section.objects.create(parent=page, **words | fields)


def make_sources(page: Page, *texts: str) -> Sources:
    items = [{"text": text, "doi": "", "address": ""} for text in texts]
    return Sources.objects.create(parent=page, region="main", ordering=900, items=items)


def picture_bytes(size: tuple[int, int] = (640, 420), kind: str = "JPEG", **options: Any) -> bytes:
    content = io.BytesIO()
    Image.linear_gradient("L").resize(size).convert("RGB").save(content, kind, **options)
    return content.getvalue()


def picture_upload(name: str = "drawing.jpg", content: bytes | None = None, **options: Any) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, picture_bytes(**options) if content is None else content)


def make_picture(**fields: Any) -> Picture:
    return Picture.objects.create(**{"title": f"Picture {next(_numbers)}", "image": picture_upload()} | fields)
