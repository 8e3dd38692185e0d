"""The preview step, and the table of all steps by URL name."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.utils.translation import gettext

from content.admin.editing.arranging.copy_block import copy_block
from content.admin.editing.publish import call_off, hide, publish
from content.admin.editing.status import local_time
from content.admin.editing.step_page import find_page, show_step
from content.admin.reviewing.ask import ask_review
from content.admin.reviewing.comments import comments, comments_data
from content.admin.reviewing.review import review
from content.models import Page
from content.publishing import preview_links


def preview(office: Any, request: HttpRequest, object_id: str) -> HttpResponse:
    """Show the preview link of the draft; on POST, revoke all earlier links by raising ``preview_generation``.

    Only users who may change the draft revoke links: others may have been sent them by a colleague.
    """
    page = find_page(office, request, object_id)
    may_change = office.has_change_permission(request, page)
    if request.method == "POST":
        if not may_change:
            raise PermissionDenied
        Page.objects.filter(pk=page.pk).update(preview_generation=page.preview_generation + 1)
        messages.success(request, gettext("The earlier links no longer work. Here is a new one."))
        return HttpResponseRedirect(office.address("preview", page))
    link = preview_links.preview_url(page, by=request.user)
    return show_step(
        office,
        request,
        "preview",
        page,
        title=f"Preview: {page}",
        may_change=may_change,
        link=link,
        whole_link=settings.SITE_URL + link,
        ends_at=local_time(timezone.now() + preview_links.LIFETIME),
    )


STEPS = {
    "publish": publish,
    "hide": hide,
    "call_off": call_off,
    "preview": preview,
    "review": review,
    "copy_block": copy_block,
    "ask_review": ask_review,
    "comments": comments,
    "comments_data": comments_data,
}
