"""A read-only ModelAdmin, and the context of extra admin views."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest


class ReadOnlyAdmin(admin.ModelAdmin):
    """For rows that only the site writes."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def admin_context(model_admin: admin.ModelAdmin, request: HttpRequest) -> dict[str, Any]:
    """Context that every admin view needs; without the sidebar, because the pages are wide."""
    shared = model_admin.admin_site.each_context(request)
    return {
        **shared,
        "opts": model_admin.opts,
        "media": model_admin.media,
        "subtitle": None,
        "is_nav_sidebar_enabled": False,
    }
