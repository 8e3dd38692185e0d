"""Factories for pages, pictures and blocks; any field can be overridden by keyword."""

import io
from datetime import UTC, datetime
from itertools import count
from typing import Any

from django.contrib.auth import get_user_model
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from content.blocks import page_content
from content.models import Page, Picture, Revision, Section, Sources
from content.publishing import preview_links

_numbers = count(1)
LAST = 1_000_000  # An ordering after all blocks of a process, which count up over all tests.
LONG_AGO = datetime(2026, 1, 5, 15, 0, tzinfo=UTC)


def make_page(*, is_published: bool = True, goes_live_at: datetime = LONG_AGO, **fields: Any) -> Page:
    """Create a page, by default a published treatment, without the publishing checks."""
    kind = fields.get("kind", Page.Kind.TREATMENT)
    number = next(_numbers)
    slug = f"{kind}-{number}" if kind in Page.KINDS_WITH_SLUG else ""
    page = Page.objects.create(
        **{
            "kind": kind,
            "slug": slug,
            "title": f"Page {number}",
            "lede": "What this page is about, in a few plain words.",
            "edited_at": LONG_AGO,
        }
        | fields
    )
    if is_published:
        make_revision(page, goes_live_at=goes_live_at)
    return page


def preview_link(page: Page, *, by: Any = None) -> str:
    """Return the path of the draft's preview, made by ``by`` or by a staff member of this name."""
    author = by or get_user_model().objects.get_or_create(username="previewer", defaults={"is_staff": True})[0]
    return preview_links.preview_url(page, by=author)


def make_revision(page: Page, **fields: Any) -> Revision:
    """Publish the page's draft without the publishing checks."""
    draft = page_content.content_of_draft(Page.objects.get(pk=page.pk))
    at = fields.get("goes_live_at", LONG_AGO)
    defaults = {"goes_live_at": at, "changed_at": at, "made_at": at, "head": draft.head, "blocks": draft.blocks}
    revision = Revision.objects.create(page=page, **{"schema": page_content.SCHEMA} | defaults | fields)
    revision.snippets.set(draft.references.get("snippet", ()))
    return revision


def publish_drafts() -> None:
    """Publish the drafts of all published pages that have changed."""
    for page in Page.objects.all():
        newest = page.revisions.first()
        if (
            newest is not None
            and page_content.content_of_revision(newest).digest != page_content.content_of_draft(page).digest
        ):
            make_revision(page)


def make_site() -> dict[str, Page]:
    """Create one published page of every kind except treatments."""
    kinds = [kind for kind in Page.Kind if kind != Page.Kind.TREATMENT]
    return {kind: make_page(kind=kind, title=kind.label.split(" ")[0]) for kind in kinds}


def make_section(page: Page, **fields: Any) -> Section:
    number = next(_numbers)
    defaults = {"heading": f"Heading {number}", "body": f"<p>Words {number}.</p>", "region": "main", "ordering": number}
    return Section.objects.create(parent=page, **defaults | fields)


def make_sources(page: Page, *texts: str) -> Sources:
    items = [{"text": text, "doi": "", "address": ""} for text in texts]
    return Sources.objects.create(parent=page, region="main", ordering=LAST, items=items)


def picture_bytes(size: tuple[int, int] = (640, 420), kind: str = "JPEG", **options: Any) -> bytes:
    content = io.BytesIO()
    Image.linear_gradient("L").resize(size).convert("RGB").save(content, kind, **options)
    return content.getvalue()


def picture_upload(name: str = "drawing.jpg", content: bytes | None = None, **options: Any) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, picture_bytes(**options) if content is None else content)


def make_picture(**fields: Any) -> Picture:
    return Picture.objects.create(**{"title": f"Picture {next(_numbers)}", "image": picture_upload()} | fields)
