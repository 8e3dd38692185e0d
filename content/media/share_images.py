"""Open Graph images (og:image), 1200 by 630 pixels, drawn for each page and each practitioner.

The title is on the left, on the site's dark green; on the right is the page's picture, cropped around its focal
point, or the clinic's default drawing. The file name is a hash of everything on the image, so a page never shows a
stale one; a ``PictureFile`` of this name and kind says that it is drawn. A periodic task draws missing images; until
then a page shares its picture, or the drawing.
"""

import hashlib
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import groupby
from operator import itemgetter

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from PIL import Image, ImageDraw, ImageFont, ImageOps

from booking.image_upload import read_picture
from booking.models import Clinic, Practitioner, bump_content_version
from content.blocks.page_content import content_of_revision
from content.media import stored_files
from content.media.preparation import claim, released_on_failure
from content.media.renditions import SHARE_SIZE, PictureFiles, on_white
from content.media.typefaces import FONTS, HEADING, drawable_words
from content.models import Page, Picture, PictureFile, Revision

FOLDER = "share"
DESIGN = 2  # Increment it when the layout changes: all images are drawn again.
TEXT_WIDTH = 570  # pixels, of the 1200
MARGIN = 60
SPRUCE, CANOLA, WHITE, PALE = "#11473f", "#f4c531", "#ffffff", "#cfe0d9"
MAX_FONT_SIZE, MIN_FONT_SIZE = 68, 30  # pixels, of the title
GRACE_PERIOD = timedelta(days=1)  # Stale images are deleted after it: a link may have just been shared.

Line = list[tuple[str, str]]  # Words, each with its typeface.


@dataclass(frozen=True)
class ShareImage:
    """The content of an image. ``picture`` is the name of a stored file; empty for the clinic's drawing."""

    title: str
    clinic: str
    picture: str = ""
    focus: tuple[int, int] = (50, 50)

    @property
    def name(self) -> str:
        content = json.dumps([DESIGN, self.title, self.clinic, self.picture, self.focus])
        return f"{FOLDER}/{hashlib.sha256(content.encode()).hexdigest()[:24]}.jpg"

    def address(self, files: PictureFiles) -> str:
        """Return the URL of the image, or "" if it has not been drawn yet."""
        row = files.get(self.name)
        return default_storage.url(self.name) if row and row.state == PictureFile.State.READY else ""


def share_image_for(subject: Page | Practitioner, clinic: str) -> ShareImage:
    """Return the image of a page or practitioner, without queries."""
    if isinstance(subject, Page):
        hero = subject.hero_picture
        if hero is None:
            return ShareImage(subject.title, clinic)
        return ShareImage(subject.title, clinic, str(hero.image.name), (hero.focal_x, hero.focal_y))
    if subject.photo:
        return ShareImage(subject.name, clinic, str(subject.photo.name), (subject.focal_x, subject.focal_y))
    return ShareImage(subject.name, clinic, "")


def create_missing(now: datetime | None = None) -> str:
    """Periodic task: draw the missing images of published content and delete stale ones."""
    now = now or timezone.now()
    current = {image.name: image for image in _current_images(now)}
    _adopt_drawn()
    drawn = set(_cards().filter(state=PictureFile.State.READY).values_list("name", flat=True))
    missing = [image for name, image in current.items() if name not in drawn]
    made = sum(_create(image) for image in missing)
    _delete_stale(set(current), now)
    return f"Pictures for shared links made: {made}." if made else ""


def _cards() -> QuerySet[PictureFile]:
    return PictureFile.objects.filter(kind=PictureFile.Kind.SHARE_CARD)


def _create(image: ShareImage) -> bool:
    """Draw an image, unless another worker is drawing it."""
    row, _is_new = PictureFile.objects.get_or_create(name=image.name, defaults={"kind": PictureFile.Kind.SHARE_CARD})
    claimed = claim(row.pk)
    if claimed is None:
        return False
    with released_on_failure(claimed):
        stored_files.store(image.name, draw(image))
    with transaction.atomic():
        PictureFile.objects.filter(pk=row.pk).update(state=PictureFile.State.READY, claimed_until=None)
        bump_content_version()  # Cached pages refer to another image.
    return True


def _adopt_drawn() -> None:
    """Add the rows of images that an earlier release has drawn, once."""
    if not _cards().exists():
        kind, state = PictureFile.Kind.SHARE_CARD, PictureFile.State.READY
        names = [name for name in stored_files.names_in(FOLDER) if name.endswith(".jpg")]
        rows = [PictureFile(name=name, kind=kind, state=state) for name in sorted(names)]
        PictureFile.objects.bulk_create(rows, ignore_conflicts=True)


def _current_images(now: datetime) -> Iterator[ShareImage]:
    clinic = next(iter(Clinic.objects.values_list("name", flat=True)), "")
    live = Revision.objects.live(at=now) | Revision.objects.scheduled(at=now)
    pages = [
        content_of_revision(revision).page(revision.page)
        for revision in live.filter(is_public=True).exclude(page__kind=Page.Kind.SNIPPET).select_related("page__parent")
    ]
    pictures = Picture.objects.in_bulk({page.hero_picture_id for page in pages if page.hero_picture_id})
    for page in pages:
        page.hero_picture = pictures.get(page.hero_picture_id or 0)
        yield share_image_for(page, clinic)
    for person in Practitioner.objects.active():
        yield share_image_for(person, clinic)


def _delete_stale(current: set[str], now: datetime) -> None:
    for row in _cards().filter(created_at__lt=now - GRACE_PERIOD).exclude(name__in=current):
        stored_files.delete([row.name])
        row.delete()


def draw(card: ShareImage) -> bytes:
    """Return the image as a JPEG."""
    image = Image.new("RGB", SHARE_SIZE, SPRUCE)
    width = SHARE_SIZE[0] - TEXT_WIDTH
    centering = (card.focus[0] / 100, card.focus[1] / 100)
    image.paste(ImageOps.fit(_picture(card), (width, SHARE_SIZE[1]), centering=centering), (TEXT_WIDTH, 0))
    pen = ImageDraw.Draw(image)
    lines, size, line_height = _fit_title(pen, card.title)
    top = (SHARE_SIZE[1] - len(lines) * line_height - 90) // 2
    for line in lines:
        _draw_line(pen, top, line, size, WHITE)
        top += line_height
    pen.rectangle((MARGIN, top + 22, MARGIN + 96, top + 29), fill=CANOLA)
    for number, line in enumerate(_wrap(pen, card.clinic, 30)[:2]):
        _draw_line(pen, top + 52 + number * 38, line, 30, PALE)
    content = io.BytesIO()
    image.save(content, "JPEG", quality=86)
    return content.getvalue()


def _picture(card: ShareImage) -> Image.Image:
    """Return the page's picture, or the clinic's drawing if there is none or it cannot be read."""
    try:
        content = stored_files.read(card.picture) if card.picture else b""
        return on_white(read_picture(io.BytesIO(content))[0])
    except (FileNotFoundError, ValueError, ValidationError):
        with (settings.BASE_DIR / "static" / "img" / "share.png").open("rb") as drawing:
            return on_white(read_picture(drawing)[0])


def _fit_title(pen: ImageDraw.ImageDraw, title: str) -> tuple[list[Line], int, int]:
    """Return the title's lines, the largest font size in which they fit, and the line height in pixels."""
    for size in range(MAX_FONT_SIZE, MIN_FONT_SIZE - 1, -2):
        lines = _wrap(pen, title, size)
        line_height = round(size * 1.16)
        fits = all(_width(pen, line, size) <= TEXT_WIDTH - 2 * MARGIN for line in lines)
        if fits and len(lines) * line_height <= SHARE_SIZE[1] - 210:
            break
    return lines, size, line_height


def _wrap(pen: ImageDraw.ImageDraw, text: str, size: int) -> list[Line]:
    lines: list[Line] = []
    for word in drawable_words(text):
        if lines and _width(pen, [*lines[-1], word], size) <= TEXT_WIDTH - 2 * MARGIN:
            lines[-1].append(word)
        else:
            lines.append([word])
    return lines


def _draw_line(pen: ImageDraw.ImageDraw, top: int, line: Line, size: int, colour: str) -> None:
    """Draw the words on one baseline, each in its face."""
    x, baseline = float(MARGIN), top + _font(HEADING, size).getmetrics()[0]
    for text, face in _runs(line):
        pen.text((x, baseline), text, font=_font(face, size), fill=colour, anchor="ls")
        x += pen.textlength(f"{text} ", font=_font(face, size))


def _width(pen: ImageDraw.ImageDraw, line: Line, size: int) -> float:
    *before, last = _runs(line)
    spaced = sum(pen.textlength(f"{text} ", font=_font(face, size)) for text, face in before)
    return spaced + pen.textlength(last[0], font=_font(last[1], size))


def _runs(line: Line) -> list[tuple[str, str]]:
    """Join neighbouring words of one face."""
    by_face = groupby(line, key=itemgetter(1))
    return [(" ".join(text for text, _face in words), face) for face, words in by_face]


@lru_cache(maxsize=64)
def _font(face: str, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(FONTS / f"{face}.woff2", size)
