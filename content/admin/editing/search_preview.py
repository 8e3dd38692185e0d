"""Preview of a draft as a search result and as a shared link, with warnings about truncated texts.

Search engines measure in pixels and change their limits: these lengths nearly always fit on a phone and on a computer.
"""

from dataclasses import dataclass, field

from django.conf import settings
from django.utils.text import Truncator
from django.utils.translation import gettext

from booking.models import Clinic
from content.media.renditions import PictureFiles
from content.media.share_images import share_image_for
from content.models import Page

LONGEST_TITLE = 60  # characters, the clinic's name included
LONGEST_DESCRIPTION = 160
SHORTEST_DESCRIPTION = 50


@dataclass(frozen=True)
class Listing:
    """``picture`` is the URL of a shared link's picture; empty for the clinic's default picture."""

    address: str
    title: str
    description: str
    share_title: str
    picture: str
    warnings: list[str] = field(default_factory=list)


def listing_of(page: Page) -> Listing | None:
    """Return the preview, or None for a page without a URL."""
    path = page.get_absolute_url()
    if not path:
        return None
    clinic = Clinic.objects.first()
    title = f"{page.title} · {clinic.name if clinic else 'Physiotherapy clinic'}"
    return Listing(
        address=settings.SITE_URL + path,
        title=Truncator(title).chars(LONGEST_TITLE),
        description=Truncator(page.summary).chars(LONGEST_DESCRIPTION),
        share_title=page.title,
        picture=_picture(page, clinic.name if clinic else ""),
        warnings=_warnings(page, title),
    )


def _picture(page: Page, clinic: str) -> str:
    card, files = share_image_for(page, clinic), PictureFiles()
    files.load([card.name, *([str(page.hero_picture.image.name)] if page.hero_picture else [])])
    return card.address(files) or (files.share_url(page.hero_picture.image) if page.hero_picture else "")


def _warnings(page: Page, title: str) -> list[str]:
    warnings = []
    count = len(title)
    if count > LONGEST_TITLE:
        warnings.append(
            f"The title has {count} characters with the clinic's name. After {LONGEST_TITLE}, it's usually cut off."
        )
    count, name = len(page.summary), "The description" if page.description else gettext("The introduction")
    if count > LONGEST_DESCRIPTION:
        warnings.append(
            f"{name} has {count} characters: after {LONGEST_DESCRIPTION} it is usually cut off. "
            "Write a shorter description under “Order and search engines”."
        )
    elif count < SHORTEST_DESCRIPTION:
        warnings.append(f"{name} has only {count} characters. Say more about what readers will find on this page.")
    if page.hero_picture is None:
        warnings.append(gettext("This page has no picture at the top, so a shared link shows the clinic's drawing."))
    return warnings
