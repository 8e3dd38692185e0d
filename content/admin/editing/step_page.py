"""Shared code of the editing steps: get the page, the form's data and the response."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse

from content.models import Page


def find_page(office: Any, request: HttpRequest, object_id: str, permission: str = "") -> Page:
    """Return the page, or raise Http404, or PermissionDenied without view or change permission and ``permission``."""
    page: Page = get_object_or_404(office.get_queryset(request), pk=int(object_id) if is_id(object_id) else 0)
    if not office.has_view_or_change_permission(request, page) or (
        permission and not request.user.has_perm(permission)  # type: ignore[union-attr]
    ):
        raise PermissionDenied
    return page


def sent(request: HttpRequest) -> Any:
    return request.POST if request.method == "POST" else None


def is_id(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 19


def show_step(
    office: Any, request: HttpRequest, template: str, page: Page, *, status: int = 200, **context: Any
) -> HttpResponse:
    context |= office.admin_site.each_context(request)
    context |= {"opts": office.opts, "page": page, "editor": office.address("change", page), "office": office}
    return TemplateResponse(request, f"admin/content/page/{template}.html", context, status=status)
