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
from content.models import EditSession, Page, Revision
from content.publishing import diff, edit_sessions
from content.publishing import publish as publishing

DRAFT = "draft"
BEFORE = "before-"  # The draft as it was before an edit session, by the session's id.


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
    sittings = [
        {"key": f"{BEFORE}{session.pk}", "label": _before(session)}
        for session in edit_sessions.restorable(page, now=now).defer("head", "blocks")
    ]
    reviews = page.reviews.select_related("reviewer", "made_by")
    return step_page.show_step(
        office, request, "history", page, title=f"History: {page}", rows=rows, reviews=reviews,
        sittings=sittings,
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
    """Return a version's (sort key, label) and its content; 404 if it is not one of this page."""
    if name == DRAFT:
        return (float("inf"), "the draft"), page_content.content_of_draft(page)
    stored = _stored(page, name)
    at = stored.started_at if isinstance(stored, EditSession) else stored.made_at
    return (at.timestamp(), _label(stored)), page_content.stored_content(stored)


def _stored(page: Page, name: str) -> Revision | EditSession:
    """Return the revision, or the edit session of a name such as "before-12"; 404 if it is not one of this page."""
    pk = name.removeprefix(BEFORE)
    if not step_page.is_id(pk):
        raise Http404
    if name.startswith(BEFORE):
        session: EditSession = get_object_or_404(edit_sessions.restorable(page, now=timezone.now()), pk=int(pk))
        return session
    revision: Revision = get_object_or_404(page.revisions.filter(is_public=True), pk=int(pk))
    return revision


def _label(stored: Revision | EditSession) -> str:
    if isinstance(stored, Revision):
        return f"the version of {local_time(stored.made_at)}"
    label = _before(stored)
    return label[0].lower() + label[1:]


def _before(session: EditSession) -> str:
    who, when = edit_sessions.name_of(session.user), local_time(session.started_at)
    return gettext("The draft before %(who)s's changes of %(when)s") % {"who": who, "when": when}


def restore(office: Any, request: HttpRequest, object_id: str) -> HttpResponse:
    """Show what restoring a version into the draft would change; on POST, restore it."""
    page = step_page.find_page(office, request, object_id, "content.change_page")
    name = request.POST.get("revision") or request.GET.get("revision", "")
    stored = _stored(page, name)
    if request.method == "POST":
        publishing.restore(stored, by=request.user, now=timezone.now())
        messages.success(request, f"The draft is {_label(stored)} again. Readers see no change yet.")
        return HttpResponseRedirect(office.address("change", page))
    return step_page.show_step(
        office,
        request,
        "restore",
        page,
        title=f"Restore into the draft: {page}",
        name=name,
        label=_label(stored),
        changes=diff.compare(page_content.content_of_draft(page), page_content.stored_content(stored)),
    )


STEPS = {"compare": compare, "restore": restore}
