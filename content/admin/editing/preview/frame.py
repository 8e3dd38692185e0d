"""The preview beside the editor: the draft as last saved, and the page as typed so far, with its issues."""

from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.utils import timezone
from django.utils.cache import add_never_cache_headers

from content.admin.editing.preview.findings import findings_of
from content.admin.editing.preview.typed_page import typed_page
from content.admin.editing.status import chip_of
from content.admin.editing.step_page import find_page
from content.blocks import page_content
from content.publishing.draft_view import render_draft


def frame(office: Any, request: HttpRequest, object_id: str) -> HttpResponse:
    """Show the draft as it was last saved, in the frame beside its editor: the only page that may be framed."""
    page = find_page(office, request, object_id)
    draft = page_content.content_of_draft(page)
    response = render_draft(request, page, draft, now=timezone.now(), marks_blocks=True)
    response.csp = settings.SECURE_CSP | {"frame-ancestors": ["'self'"]}  # type: ignore[attr-defined]
    response["X-Frame-Options"] = "SAMEORIGIN"
    response["X-Robots-Tag"] = "noindex, nofollow"
    add_never_cache_headers(response)
    return response


def typed(office: Any, request: HttpRequest, object_id: str) -> HttpResponse:
    """Answer the editor's form as typed so far with the page that it makes, and what the checks say of it.

    Stores nothing.
    """
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    page = find_page(office, request, object_id)
    if not office.has_change_permission(request, page):
        raise PermissionDenied
    now = timezone.now()
    written = typed_page(office, request, page)
    html = render_draft(request, written.page, written.content, now=now, marks_blocks=True).content.decode()
    chip = chip_of(page, written.content, now=now)
    answer = {
        "html": html,
        "findings": findings_of(written.page, written.content, now=now, also=written.issues),
        "changes": chip.changes,
        "state": {"label": chip.label, "tone": chip.tone},
    }
    response = JsonResponse(answer)
    add_never_cache_headers(response)
    return response


STEPS = {"frame": frame, "typed": typed}
