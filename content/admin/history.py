"""The history of a page: what was published when and by whom, what changed between, and the way back."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.utils import timezone

from content import comparing, publishing, snapshot
from content.admin import steps
from content.admin.state import when
from content.models import Page, Revision
from content.snapshot import Words

DRAFT = "draft"


def history(office: Any, request: HttpRequest, object_id: str) -> HttpResponse:
    """Every decision about the page, the newest first, with two to be chosen for comparison."""
    page = steps._page(office, request, object_id)
    now = timezone.now()
    live = publishing.live_revision(page, now=now)
    scheduled = set(Revision.objects.scheduled(at=now).filter(page=page).values_list("pk", flat=True))
    revisions = list(page.revisions.select_related("made_by").defer("blocks"))
    rows = []
    for number, revision in zip(range(len(revisions), 0, -1), revisions, strict=True):
        if live and revision.pk == live.pk:
            state = "Readers see this"
        elif revision.pk in scheduled:
            state = f"From {when(revision.goes_live_at)}"
        elif revision.goes_live_at > now:
            state = "Called off"
        else:
            state = ""
        rows.append({"number": number, "revision": revision, "state": state, "made_at": when(revision.made_at)})
    reviews = page.reviews.select_related("reviewer", "made_by")
    return steps._show(
        office, request, "history", page, title=f"History: {page}", rows=rows, reviews=reviews,
        may_restore=office.has_change_permission(request, page),
    )  # fmt: skip


def compare(office: Any, request: HttpRequest, object_id: str) -> HttpResponse:
    """What changed from one version to another; either may be the draft."""
    page = steps._page(office, request, object_id)
    names = (request.GET.get("from", ""), request.GET.get("to", ""))
    versions = [_version(page, name) for name in names]
    # Whichever way round they were chosen, the later one comes second: nothing is later than the draft.
    (label, before), (other, after) = sorted(versions, key=lambda version: version[0][0])
    return steps._show(
        office,
        request,
        "compare",
        page,
        title=f"What has changed: {page}",
        before=label[1],
        after=other[1],
        changes=comparing.compare(before, after),
    )


def _version(page: Page, name: str) -> tuple[tuple[float, str], Words]:
    """The words of a version with its place in time and its name; 404 for what is not this page's."""
    if name == DRAFT:
        return (float("inf"), "the draft"), snapshot.of_draft(page)
    if not steps._is_id(name):
        raise Http404
    revision = get_object_or_404(page.revisions.filter(is_public=True), pk=int(name))
    return (revision.pk, f"the version of {when(revision.made_at)}"), snapshot.of_revision(revision)


def restore(office: Any, request: HttpRequest, object_id: str) -> HttpResponse:
    """Bring a version back into the draft: first what that would change, then, on a POST, the change."""
    page = steps._page(office, request, object_id, "content.change_page")
    asked = request.POST.get("revision") or request.GET.get("revision", "")
    if not steps._is_id(asked):
        raise Http404
    revision = get_object_or_404(page.revisions.filter(is_public=True), pk=int(asked))
    if request.method == "POST":
        publishing.restore(revision, by=request.user, now=timezone.now())
        messages.success(
            request, f"The draft is the version of {when(revision.made_at)} again. Readers see no change yet."
        )
        return HttpResponseRedirect(office.address("change", page))
    return steps._show(
        office,
        request,
        "restore",
        page,
        title=f"Restore into the draft: {page}",
        revision=revision,
        made_at=when(revision.made_at),
        changes=comparing.compare(snapshot.of_draft(page), snapshot.of_revision(revision)),
    )


STEPS = {"compare": compare, "restore": restore}
