"""The notices above every page, read with the clinic's other facts (``booking.context``)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Exists, F, OuterRef

from booking import together
from booking.context import Beside
from booking.models import Service
from content.models import Notice, Page, Revision


@dataclass(frozen=True)
class Told:
    """One notice as readers see it."""

    tone: str
    label: str  # Its tone in a word; news needs none.
    title: str
    text: str
    link: str
    link_label: str


def _rows(now: Any) -> together.Part:
    live = Revision.objects.live(at=now).filter(page=OuterRef("page"))
    place = {"kind": F("page__kind"), "page_slug": F("page__slug"), "is_live": Exists(live)}
    service = {"service_slug": F("service__slug"), "is_active": F("service__is_active")}
    return together.Part(Notice.objects.ending_after(now), extras=place | service)


def _shown(notices: list[Notice], now: datetime) -> list[Told]:
    return [_told(notice) for notice in notices if notice.starts_at <= now]


def _changes_at(notices: list[Notice], now: datetime) -> datetime | None:
    """When the next one comes or goes. A page that goes live, or is hidden, ends kept pages by itself."""
    instants = [instant for notice in notices for instant in (notice.starts_at, notice.ends_at)]
    return min((instant for instant in instants if instant is not None and instant > now), default=None)


def _told(notice: Notice) -> Told:
    link = _link(notice)
    label = "" if notice.tone == Notice.Tone.INFO else str(Notice.Tone(notice.tone).label)
    # Words follow a title as the next sentence, also where it is read aloud.
    ends = "" if notice.title.endswith((".", "!", "?", "…")) else "."
    return Told(notice.tone, label, notice.title + ends, notice.text, link, notice.link_label if link else "")


def _link(notice: Notice) -> str:
    """Where the link leads; nowhere while its page is hidden or its service is not offered."""
    row: dict[str, str] = notice.__dict__  # With what was read beside the row.
    if notice.page_id and row["is_live"]:
        return Page(kind=row["kind"], slug=row["page_slug"]).get_absolute_url()
    if notice.service_id and row["is_active"]:
        return Service(slug=row["service_slug"]).get_absolute_url()
    return ""


ABOVE_EVERY_PAGE = Beside(_rows, _shown, _changes_at)
