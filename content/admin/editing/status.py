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
from content.models import Page, Revision


@dataclass(frozen=True)
class PageAction:
    label: str
    address: str
    is_post: bool = False


@dataclass(frozen=True)
class PageStatus:
    tone: str
    sentences: list[str]
    steps: list[PageAction]


def status_of(page: Page, *, user: Any, now: datetime, address: Callable[[str, Page], str]) -> PageStatus:
    revisions = Revision.objects.filter(page=page)
    live = Revision.objects.live(at=now).filter(page=page).first()
    scheduled = list(Revision.objects.scheduled(at=now).filter(page=page).order_by("goes_live_at"))
    is_same = (
        live is not None and page_content.content_of_revision(live).digest == page_content.content_of_draft(page).digest
    )
    may_publish = user.has_perm("content.publish_page")
    if live and is_same:
        sentences = [f"Readers have seen this page as it is here since {local_time(live.goes_live_at)}."]
    elif live:
        sentences = [
            f"Readers see the version of {local_time(live.goes_live_at)}.",
            gettext("This draft is different. No one sees your changes until they're published."),
        ]
    elif revisions.exists():
        sentences = [gettext("Readers don't see this page right now.")]
    else:
        sentences = [gettext("This is a draft. Readers have never seen this page.")]
    for revision in scheduled:
        label = "Scheduled to go live" if revision.is_public else "Scheduled to be hidden"
        sentences.append(f"{label}: {local_time(revision.goes_live_at)}.")
    sentences += review_sentences(page)
    steps = [PageAction("Preview", address("preview", page))]
    if may_publish:
        steps.insert(0, PageAction("Check and publish …", address("publish", page)))
    if live and not is_same:
        steps.append(PageAction("See what has changed", f"{address('compare', page)}?from={live.pk}&to=draft"))
    steps.append(PageAction("History", address("history", page)))
    steps += [PageAction(label, address(step, page)) for label, step in review_steps(page, user)]
    if live and page.get_absolute_url():
        steps.append(PageAction("See it on the site", page.get_absolute_url()))
    if may_publish and scheduled:
        steps.append(PageAction(gettext("Cancel what is scheduled"), address("call_off", page), is_post=True))
    if may_publish and (live or scheduled):
        steps.append(PageAction("Hide it from readers …", address("hide", page)))
    return PageStatus("meadow" if is_same else "straw", sentences, steps)


def local_time(at: datetime) -> str:
    """Format as "Tuesday, November 24, 2026, 9:00 a.m." in the clinic's time zone (see ClinicAdminSite.admin_view)."""
    local = timezone.localtime(at)
    return f"{day(local)}, {clock(local)}"
