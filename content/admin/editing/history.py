"""History of a page in the admin: its revisions, diffs between them, and restoring one into the draft."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext

from content.admin.editing import step_page
from content.admin.editing.status import local_time
from content.blocks import page_content
from content.blocks.page_content import PageContent
from content.models import Page, Revision
from content.publishing import diff
from content.publishing import publish as publishing

DRAFT = "draft"


def history(office: Any, request: HttpRequest, object_id: str) -> HttpResponse:
    """List the page's revisions, newest first, with inputs to choose two for a diff."""
    page = step_page.find_page(office, request, object_id)
    now = timezone.now()
    live = publishing.live_revision(page, now=now)
    scheduled = set(Revision.objects.scheduled(at=now).filter(page=page).values_list("pk", flat=True))
    revisions = list(page.revisions.select_related("made_by").defer("blocks"))
    rows = []
    for number, revision in zip(range(len(revisions), 0, -1), revisions, strict=True):
        if live and revision.pk == live.pk:
            state = "Readers see this"
        elif revision.pk in scheduled:
            state = f"From {local_time(revision.goes_live_at)}"
        elif revision.goes_live_at > now:
            state = gettext("Cancelled")
        else:
            state = ""
        rows.append({"number": number, "revision": revision, "state": state, "made_at": local_time(revision.made_at)})
    reviews = page.reviews.select_related("reviewer", "made_by")
    return step_page.show_step(
        office, request, "history", page, title=f"History: {page}", rows=rows, reviews=reviews,
        may_restore=office.has_change_permission(request, page),
    )  # fmt: skip


def compare(office: Any, request: HttpRequest, object_id: str) -> HttpResponse:
    """Show the diff between two versions; either may be the draft."""
    page = step_page.find_page(office, request, object_id)
    names = (request.GET.get("from", ""), request.GET.get("to", ""))
    versions = [_version(page, name) for name in names]
    # The later version comes second, whichever was chosen first.
    (before_key, before), (after_key, after) = sorted(versions, key=lambda version: version[0][0])
    return step_page.show_step(
        office,
        request,
        "compare",
        page,
        title=f"What has changed: {page}",
        before=before_key[1],
        after=after_key[1],
        changes=diff.compare(before, after),
    )


def _version(page: Page, name: str) -> tuple[tuple[float, str], PageContent]:
    """Return a version's (sort key, label) and its content; 404 if it is not a revision of this page."""
    if name == DRAFT:
        return (float("inf"), "the draft"), page_content.content_of_draft(page)
    if not step_page.is_id(name):
        raise Http404
    revision = get_object_or_404(page.revisions.filter(is_public=True), pk=int(name))
    return (revision.pk, f"the version of {local_time(revision.made_at)}"), page_content.content_of_revision(revision)


def restore(office: Any, request: HttpRequest, object_id: str) -> HttpResponse:
    """Show what restoring a revision into the draft would change; on POST, restore it."""
    page = step_page.find_page(office, request, object_id, "content.change_page")
    pk = request.POST.get("revision") or request.GET.get("revision", "")
    if not step_page.is_id(pk):
        raise Http404
    revision = get_object_or_404(page.revisions.filter(is_public=True), pk=int(pk))
    if request.method == "POST":
        publishing.restore(revision, by=request.user, now=timezone.now())
        messages.success(
            request,
            f"The draft is the version of {local_time(revision.made_at)} again. Readers see no change yet.",
        )
        return HttpResponseRedirect(office.address("change", page))
    return step_page.show_step(
        office,
        request,
        "restore",
        page,
        title=f"Restore into the draft: {page}",
        revision=revision,
        made_at=local_time(revision.made_at),
        changes=diff.compare(page_content.content_of_draft(page), page_content.content_of_revision(revision)),
    )


STEPS = {"compare": compare, "restore": restore}
