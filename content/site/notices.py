"""Notices shown above every page for a limited time."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from content.models import Notice
from content.site.menus import LivePages


@dataclass(frozen=True)
class ShownNotice:
    """A notice ready to render."""

    tone: str
    label: str  # The tone as a word; empty for news.
    title: str
    text: str
    link: str
    link_label: str


def active_notices(notices: Iterable[Notice], live: LivePages, now: datetime) -> list[ShownNotice]:
    """Return those of these notices that have started."""
    return [_render(notice, live) for notice in notices if notice.starts_at <= now]


def next_change(notices: Iterable[Notice], now: datetime) -> datetime | None:
    """Return when the next of these notices starts or ends, or None."""
    instants = [instant for notice in notices for instant in (notice.starts_at, notice.ends_at)]
    return min((instant for instant in instants if instant is not None and instant > now), default=None)


def _render(notice: Notice, live: LivePages) -> ShownNotice:
    link = _link(notice, live)
    label = "" if notice.tone == Notice.Tone.INFO else str(Notice.Tone(notice.tone).label)
    # End the title as a sentence, also for screen readers.
    title = notice.title if notice.title.endswith((".", "!", "?", "…")) else f"{notice.title}."
    return ShownNotice(notice.tone, label, title, notice.text, link, notice.link_label if link else "")


def _link(notice: Notice, live: LivePages) -> str:
    """Return the path of the link; "" while its page is hidden or its service is inactive."""
    if notice.page is not None and notice.page.pk in live.titles:
        return notice.page.get_absolute_url()
    if notice.service is not None and notice.service.is_active:
        return notice.service.get_absolute_url()
    return ""
