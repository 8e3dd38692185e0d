"""The picture that a shared link shows: 1200 by 630 pixels, made for each page and each person.

On the spruce of the site's band stands the title, beside it the page's own picture, cut round its
focal point, or the clinic's drawing. The name of the file is a hash of all that is on it, so a page
finds its card without asking anybody, and shows none that is out of date. The worker makes what is
missing; until then a page shares its picture, or the drawing.
"""

import hashlib
import importlib.util
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.storage import default_storage
from django.utils import timezone
from PIL import Image, ImageDraw, ImageFont, ImageOps

from booking.models import Clinic, Practitioner, raise_shown_version
from content.models import Page, Picture, Revision
from content.pictures import SHARE_SIZE, on_white, store, upright_srgb
from content.snapshot import of_revision

FOLDER = "share"
DESIGN = 1  # Raise it when the drawing changes: all cards are made anew.
WORDS_WIDTH = 570  # pixels, of the 1200
MARGIN = 60
SPRUCE, CANOLA, WHITE, PALE = "#11473f", "#f4c531", "#ffffff", "#cfe0d9"
LARGEST, SMALLEST = 68, 30  # pixels, the title's letters
KEPT = timedelta(days=1)  # A card that is no longer wanted stays so long: a link may just be being shared.


@dataclass(frozen=True)
class Card:
    """All that is on a card. ``picture`` is a stored file; none: the clinic's drawing."""

    title: str
    clinic: str
    picture: str = ""
    focus: tuple[int, int] = (50, 50)

    @property
    def name(self) -> str:
        said = json.dumps([DESIGN, self.title, self.clinic, self.picture, self.focus])
        return f"{FOLDER}/{hashlib.sha256(said.encode()).hexdigest()[:24]}.jpg"

    @property
    def address(self) -> str:
        """Where it is, or nothing as long as it has not been made."""
        return default_storage.url(self.name) if default_storage.exists(self.name) else ""


def card_of(subject: Page | Practitioner, clinic: str) -> Card:
    """What stands on the card of a page or a person. Asks the database for nothing."""
    if isinstance(subject, Page):
        hero = subject.hero_picture
        if hero is None:
            return Card(subject.title, clinic)
        return Card(subject.title, clinic, str(hero.image.name), (hero.focal_x, hero.focal_y))
    if subject.photo:
        return Card(subject.name, clinic, str(subject.photo.name), (subject.focal_x, subject.focal_y))
    return Card(subject.name, clinic, "")


def catch_up(now: datetime | None = None) -> str:
    """Make the cards that are missing of what readers see, and forget those of yesterday. For the worker."""
    now = now or timezone.now()
    wanted = {card.name: card for card in _wanted(now)}
    missing = [card for card in wanted.values() if not card.address]
    for card in missing:
        store(card.name, draw(card))
    if missing:
        raise_shown_version()  # Pages that are kept share something else.
    _forget(set(wanted), now)
    return f"Pictures for shared links made: {len(missing)}." if missing else ""


def _wanted(now: datetime) -> Iterator[Card]:
    clinic = next(iter(Clinic.objects.values_list("name", flat=True)), "")
    live = Revision.objects.live(at=now) | Revision.objects.scheduled(at=now)
    pages = [
        of_revision(revision).page(revision.page)
        for revision in live.filter(is_public=True).exclude(page__kind=Page.Kind.SNIPPET).select_related("page")
    ]
    pictures = Picture.objects.in_bulk({page.hero_picture_id for page in pages if page.hero_picture_id})
    for page in pages:
        page.hero_picture = pictures.get(page.hero_picture_id or 0)
        yield card_of(page, clinic)
    for person in Practitioner.objects.active():
        yield card_of(person, clinic)


def _forget(wanted: set[str], now: datetime) -> None:
    if not default_storage.exists(FOLDER):
        return
    for file in default_storage.listdir(FOLDER)[1]:
        name = f"{FOLDER}/{file}"
        if name not in wanted and default_storage.get_modified_time(name) < now - KEPT:
            default_storage.delete(name)


def draw(card: Card) -> bytes:
    """The card as a JPEG."""
    image = Image.new("RGB", SHARE_SIZE, SPRUCE)
    width = SHARE_SIZE[0] - WORDS_WIDTH
    centring = (card.focus[0] / 100, card.focus[1] / 100)
    image.paste(ImageOps.fit(_picture(card), (width, SHARE_SIZE[1]), centering=centring), (WORDS_WIDTH, 0))
    pen = ImageDraw.Draw(image)
    lines, font, step = _fitted(pen, card.title)
    small = _font(30)
    top = (SHARE_SIZE[1] - len(lines) * step - 90) // 2
    for line in lines:
        pen.text((MARGIN, top), line, font=font, fill=WHITE)
        top += step
    pen.rectangle((MARGIN, top + 22, MARGIN + 96, top + 29), fill=CANOLA)
    for number, line in enumerate(_wrapped(pen, card.clinic, small)[:2]):
        pen.text((MARGIN, top + 52 + number * 38), line, font=small, fill=PALE)
    content = io.BytesIO()
    image.save(content, "JPEG", quality=86)
    return content.getvalue()


def _picture(card: Card) -> Image.Image:
    """The page's picture; the clinic's drawing where there is none, or it cannot be read."""
    try:
        with default_storage.open(card.picture) as stored, Image.open(stored) as opened:
            return on_white(upright_srgb(opened))
    except (OSError, ValueError):
        with Image.open(settings.BASE_DIR / "static" / "img" / "share.png") as drawing:
            return on_white(upright_srgb(drawing))


def _fitted(pen: ImageDraw.ImageDraw, title: str) -> tuple[list[str], Any, int]:
    """The title's lines in the largest letters in which it fits, and how far each line stands below the last."""
    for size in range(LARGEST, SMALLEST - 1, -2):
        font = _font(size)
        lines = _wrapped(pen, title, font)
        step = round(size * 1.16)
        fits = all(pen.textlength(line, font=font) <= WORDS_WIDTH - 2 * MARGIN for line in lines)
        if fits and len(lines) * step <= SHARE_SIZE[1] - 210:
            break
    return lines, font, step


def _wrapped(pen: ImageDraw.ImageDraw, text: str, font: Any) -> list[str]:
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and pen.textlength(longer, font=font) <= WORDS_WIDTH - 2 * MARGIN:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def _font(size: int) -> Any:
    """The headings' typeface, bold."""
    found = importlib.util.find_spec("fontpkg_bricolage_grotesque")
    if found is None or found.origin is None:
        return ImageFont.load_default(size)
    font = ImageFont.truetype(Path(found.origin).parent / "files" / "BricolageGrotesque[opsz,wdth,wght].ttf", size)
    font.set_variation_by_axes([36, 700, 100])  # Optical size, weight, width.
    return font
