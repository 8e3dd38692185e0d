"""How the draft of a page would look in a list of search results and as a shared link, and what would be cut off.

Search engines measure in pixels, and change their mind: the lengths are those that nearly always
fit on a phone and on a computer.
"""

from dataclasses import dataclass, field

from django.conf import settings
from django.utils.text import Truncator

from booking.models import Clinic
from content import pictures
from content.models import Page
from content.share_cards import card_of

LONGEST_TITLE = 60  # characters, the clinic's name included
LONGEST_DESCRIPTION = 160
SHORTEST_DESCRIPTION = 50


@dataclass(frozen=True)
class Listing:
    """``picture`` is the address of what a shared link shows; empty: the clinic's own drawing."""

    address: str
    title: str
    description: str
    share_title: str
    picture: str
    warnings: list[str] = field(default_factory=list)


def listing_of(page: Page) -> Listing | None:
    """Of a page that has an address."""
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
    cut = pictures.share_url(page.hero_picture.image) if page.hero_picture else ""
    return card_of(page, clinic).address or cut


def _warnings(page: Page, title: str) -> list[str]:
    found = []
    count = len(title)
    if count > LONGEST_TITLE:
        found.append(
            f"The title has {count} characters with the clinic's name: after {LONGEST_TITLE} it is usually cut off."
        )
    count, name = len(page.summary), "The description" if page.description else "The first sentence"
    if count > LONGEST_DESCRIPTION:
        found.append(
            f"{name} has {count} characters: after {LONGEST_DESCRIPTION} it is usually cut off. "
            "Write a shorter description under “Order and search engines”."
        )
    elif count < SHORTEST_DESCRIPTION:
        found.append(f"{name} has only {count} characters: say more of what a reader finds on this page.")
    if page.hero_picture is None:
        found.append("This page has no picture at its head: a shared link shows the clinic's drawing.")
    return found
