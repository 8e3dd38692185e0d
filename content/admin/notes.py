"""Notes about pages on the admin's start page: unpublished drafts, scheduled pages, due reviews, broken links."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from booking.formatting import date_in_words
from booking.staff.notes import Note
from content.admin.editing.filters import SOON_DUE, drafts_ahead, with_state
from content.admin.reviewing.waiting import review_notes
from content.models import ExternalLink, Page, PictureFile, Revision

NAMED = 4  # Pages that a note lists by name before "and n more".


def notes(user: Any) -> list[Note]:
    """Return the notes that the user may see."""
    if not (user.has_perm("content.view_page") or user.has_perm("content.change_page")):
        return []
    return [
        *review_notes(user, named=NAMED),
        *_drafts(),
        *_scheduled(),
        *_reviews(),
        *_broken_links(user),
        *_pictures(user),
    ]


def _drafts() -> list[Note]:
    pages = list(with_state(Page.objects.all()).filter(drafts_ahead()).order_by("-edited_at"))
    if not pages:
        return []
    heading = _counted(len(pages), "draft") + (" waits" if len(pages) == 1 else " wait") + " to be published"
    address = reverse("admin:content_page_changelist") + "?state=ahead"
    return [Note("sky", heading, _names(page.title for page in pages), address, "Open the drafts")]


def _scheduled() -> list[Note]:
    soon = Revision.objects.scheduled(at=timezone.now()).select_related("page").order_by("goes_live_at")
    if not soon:
        return []
    text = _names(f"{item.page.title}, {date_in_words(timezone.localtime(item.goes_live_at))}" for item in soon)
    address = reverse("admin:content_page_changelist")
    return [Note("sky", _counted(len(soon), "page") + " scheduled", text, address, "Open the pages")]


def _reviews() -> list[Note]:
    today = timezone.localdate()
    due = list(Page.objects.due_for_review(by=today + timedelta(days=SOON_DUE)).order_by("next_review_on"))
    if not due:
        return []
    is_late = bool(due[0].next_review_on and due[0].next_review_on < today)
    heading = _counted(len(due), "clinical review") + (" due" if is_late else " due soon")
    text = _names(f"{page.title}, by {date_in_words(page.next_review_on)}" for page in due if page.next_review_on)
    address = reverse("admin:content_page_changelist") + "?review=due"
    return [Note("rose" if is_late else "straw", heading, text, address, "See which")]


def _broken_links(user: Any) -> list[Note]:
    broken = ExternalLink.objects.filter(outcome=ExternalLink.Outcome.BROKEN)
    if not user.has_perm("content.view_externallink") or not broken:
        return []
    heading = _counted(len(broken), "link") + " to other sites broken"
    address = reverse("admin:content_externallink_changelist") + "?outcome__exact=broken"
    return [Note("straw", heading, _names(link.address for link in broken), address, gettext("See where they're used"))]


def _pictures(user: Any) -> list[Note]:
    state = PictureFile.State
    files = list(PictureFile.objects.filter(state__in=[state.MISSING, state.FAILED]).order_by("name"))
    if not user.has_perm("content.view_picture") or not files:
        return []
    is_lost = any(file.state == state.MISSING for file in files)
    if is_lost:
        files = [file for file in files if file.state == state.MISSING]
    heading = _counted(len(files), "picture") + (" not in the storage" if is_lost else " could not be prepared")
    text = gettext(
        "Readers see only the description. Whoever runs the site can bring the files back, or upload them again:"
    )
    if not is_lost:
        text = gettext("They are shown as they were uploaded, which is slow. Save them as JPEG and upload them again:")
    address = reverse("admin:content_picture_changelist")
    return [
        Note("rose" if is_lost else "straw", heading, f"{text} {_names(map(str, files))}", address, "Open the pictures")
    ]


def _names(names: Iterable[str]) -> str:
    names = list(names)
    more = len(names) - NAMED
    return "; ".join(names[:NAMED]) + (f"; and {more} more." if more > 0 else ".")


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
