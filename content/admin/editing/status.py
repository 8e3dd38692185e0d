"""Publishing status of a page in its editor: live and scheduled revisions, changes of the draft, possible actions."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext

from booking.formatting import clock, day
from content.admin.reviewing.review_status import review_sentences, review_steps
from content.blocks import page_content
from content.blocks.page_content import PageContent
from content.models import Page, Revision
from content.publishing.diff import count_changes


@dataclass(frozen=True)
class PageAction:
    label: str
    address: str
    is_post: bool = False


@dataclass(frozen=True)
class Chip:
    """The state in two words. ``changes`` counts the blocks that differ from the public page, None without one."""

    label: str
    tone: str
    changes: int | None = None


@dataclass(frozen=True)
class PageStatus:
    """``publish`` is the address of the publish step, "" for users who may not; ``steps`` are the other actions."""

    chip: Chip
    sentences: list[str]
    preview: str
    publish: str
    steps: list[PageAction]


def chip_of(page: Page, content: PageContent, *, now: datetime, live: Revision | None = None) -> Chip:
    """Return the state of ``page`` with the draft ``content``. ``live`` is what readers see, if it is known."""
    live = live or Revision.objects.live(at=now).filter(page=page).first()
    if live is not None:
        changes = count_changes(page_content.content_of_revision(live), content)
        if not changes:
            return Chip("Public", "meadow", 0)
        return Chip(f"Draft, {changes} change{'' if changes == 1 else 's'}", "straw", changes)
    if Revision.objects.scheduled(at=now).filter(page=page, is_public=True).exists():
        return Chip("Scheduled", "sky")
    return Chip("Hidden" if Revision.objects.filter(page=page).exists() else "Draft", "straw")


def status_of(page: Page, *, user: Any, now: datetime, address: Callable[[str, Page], str]) -> PageStatus:
    live = Revision.objects.live(at=now).filter(page=page).first()
    scheduled = list(Revision.objects.scheduled(at=now).filter(page=page).order_by("goes_live_at"))
    chip = chip_of(page, page_content.content_of_draft(page), now=now, live=live)
    may_publish = user.has_perm("content.publish_page")
    steps = []
    if live and chip.changes:
        steps.append(PageAction("See what has changed", f"{address('compare', page)}?from={live.pk}&to=draft"))
    steps.append(PageAction("History", address("history", page)))
    steps += [PageAction(label, address(step, page)) for label, step in review_steps(page, user)]
    if live and page.get_absolute_url():
        steps.append(PageAction("See it on the site", page.get_absolute_url()))
    if may_publish and scheduled:
        steps.append(PageAction(gettext("Cancel what is scheduled"), address("call_off", page), is_post=True))
    if may_publish and (live or scheduled):
        steps.append(PageAction("Hide it from readers …", address("hide", page)))
    return PageStatus(
        chip,
        _sentences(page, chip, live, scheduled),
        preview=address("preview", page),
        publish=address("publish", page) if may_publish else "",
        steps=steps,
    )


def _sentences(page: Page, chip: Chip, live: Revision | None, scheduled: list[Revision]) -> list[str]:
    if live and not chip.changes:
        sentences = [_sentence(f"Readers have seen this page as it is here since {local_time(live.goes_live_at)}")]
    elif live:
        sentences = [
            _sentence(f"Readers see the version of {local_time(live.goes_live_at)}"),
            gettext("This draft is different. No one sees your changes until they're published."),
        ]
    elif Revision.objects.filter(page=page).exists():
        sentences = [gettext("Readers don't see this page right now.")]
    else:
        sentences = [gettext("This is a draft. Readers have never seen this page.")]
    for revision in scheduled:
        label = "Scheduled to go live" if revision.is_public else "Scheduled to be hidden"
        sentences.append(_sentence(f"{label}: {local_time(revision.goes_live_at)}"))
    return [*sentences, *review_sentences(page)]


def _sentence(words: str) -> str:
    """End with one full stop: "a.m." already has it."""
    return f"{words.removesuffix('.')}."


def local_time(at: datetime) -> str:
    """Format as "Tuesday, November 24, 2026, 9:00 a.m." in the clinic's time zone (see ClinicAdminSite.admin_view)."""
    local = timezone.localtime(at)
    return f"{day(local)}, {clock(local)}"
