"""How a page stands: what readers see, how the draft differs, what is scheduled, and what may be done."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone

from booking.words import clock, day
from content import snapshot
from content.models import Page, Revision


@dataclass(frozen=True)
class Step:
    label: str
    address: str
    is_post: bool = False


@dataclass(frozen=True)
class State:
    tone: str
    sentences: list[str]
    steps: list[Step]


def state_of(page: Page, *, user: Any, now: datetime, address: Callable[[str, Page], str]) -> State:
    revisions = Revision.objects.filter(page=page)
    live = Revision.objects.live(at=now).filter(page=page).first()
    scheduled = list(Revision.objects.scheduled(at=now).filter(page=page).order_by("goes_live_at"))
    is_same = live is not None and snapshot.of_revision(live).digest == snapshot.of_draft(page).digest
    may_publish = user.has_perm("content.publish_page")
    if live and is_same:
        sentences = [f"Readers see this page as it stands here, since {when(live.goes_live_at)}."]
    elif live:
        sentences = [
            f"Readers see the page of {when(live.goes_live_at)}.",
            "This draft differs from it: nobody sees your changes until they are published.",
        ]
    elif revisions.exists():
        sentences = ["Readers do not see this page now."]
    else:
        sentences = ["This is a draft: readers have never seen this page."]
    for revision in scheduled:
        what = "Scheduled to go live" if revision.is_public else "Scheduled to be hidden"
        sentences.append(f"{what}: {when(revision.goes_live_at)}.")
    steps = [Step("Preview", address("preview", page))]
    if may_publish:
        steps.insert(0, Step("Check and publish …", address("publish", page)))
    if live and not is_same:
        steps.append(Step("See what has changed", f"{address('compare', page)}?from={live.pk}&to=draft"))
    steps.append(Step("History", address("history", page)))
    if page.kind == Page.Kind.TREATMENT and user.has_perm("content.review_page"):
        steps.append(Step("Clinical review …", address("review", page)))
    if live and page.get_absolute_url():
        steps.append(Step("See it on the site", page.get_absolute_url()))
    if may_publish and scheduled:
        steps.append(Step("Call off what is scheduled", address("call_off", page), is_post=True))
    if may_publish and (live or scheduled):
        steps.append(Step("Hide it from readers …", address("hide", page)))
    return State("meadow" if is_same else "straw", sentences, steps)


def when(at: datetime) -> str:
    """Tuesday 24 November 2026, 9:00 am, on the clinic's clock (see ClinicAdminSite)."""
    local = timezone.localtime(at)
    return f"{day(local)}, {clock(local)}"
