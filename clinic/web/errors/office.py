"""Error pages of the office: in its frame, for staff who may enter it. Everybody else gets the public pages."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import SuspiciousOperation
from django.db import Error
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse

from clinic.accounts.second_factor import has_office_access


def office_error(
    request: HttpRequest, template: str, status: int, context: dict[str, Any] | None = None
) -> HttpResponse | None:
    """Render an error page in the office's frame.

    Returns None if the request is not for the office or not from its staff, and if the database or the request is in no
    state to render the frame: then the public page has to do.
    """
    try:
        if not request.path.startswith(reverse("admin:index")) or not has_office_access(request):
            return None
        frame = {**admin.site.each_context(request), "is_popup": "_popup" in request.GET}
        html = render_to_string(template, {**frame, "is_post": request.method == "POST", **(context or {})}, request)
    except (Error, SuspiciousOperation):
        return None
    return HttpResponse(html, status=status, headers={"Cache-Control": "no-store", "X-Robots-Tag": "noindex"})
