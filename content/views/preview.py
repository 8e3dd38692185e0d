"""Preview of a draft at /preview/<token>/."""

from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from content.blocks import page_content
from content.publishing.draft_view import render_draft
from content.publishing.preview_links import page_for_token


@never_cache
@require_safe
def preview(request: HttpRequest, token: str) -> HttpResponse:
    try:
        page = page_for_token(token)
    except signing.BadSignature as error:
        raise Http404 from error
    if page is None:
        response = render(request, "content/preview_ended.html", status=410)
    else:
        response = render_draft(request, page, page_content.content_of_draft(page), now=timezone.now())
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response
