"""Refuse to delete pictures, pages and snippets that are in use, and list where they are used."""

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from content.links.usage import Usage, find_usages, is_page
from content.models import Page, Revision


class ProtectReferencedMixin:
    """For a ModelAdmin: applies to deleting single rows and to the changelist action."""

    delete_confirmation_template: Any = "admin/content/delete_confirmation.html"
    delete_selected_confirmation_template: Any = "admin/content/delete_selected_confirmation.html"

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        deleted, counts, permissions, protected = super().get_deleted_objects(objs, request)  # type: ignore[misc]
        rows = list(objs)
        refusals = [format_html("“{}” is used on {}", row, editor_links(usages)) for row, usages in _referenced(rows)]
        refusals += [
            format_html(gettext("Readers see “{}”, or will soon. Hide it from them first."), row)
            for row in rows
            if is_public(row)
        ]
        return deleted, counts, permissions, refusals or protected


def _referenced(rows: list[Any]) -> list[tuple[Any, list[Usage]]]:
    """Return the rows that are used by something that is not deleted with them, and their usages."""
    usages = find_usages(rows, now=timezone.now())
    deleted = {row.pk for row in rows if isinstance(row, Page)}
    remaining = [(row, [use for use in usages[row.pk] if not (is_page(use) and use.by.pk in deleted)]) for row in rows]
    return [(row, row_usages) for row, row_usages in remaining if row_usages]


def is_public(row: Any) -> bool:
    """Return whether the row is a page that is live or scheduled to go live."""
    if not isinstance(row, Page):
        return False
    now = timezone.now()
    scheduled = Revision.objects.scheduled(at=now).filter(is_public=True)
    return (Revision.objects.live(at=now) | scheduled).filter(page=row.pk).exists()


def editor_links(usages: list[Usage]) -> SafeString:
    """Return the names of the rows that use it, each as a link to its editor."""
    return format_html_join(
        "; ", '<a href="{}">{}</a> ({})', ((editor_url(use.by), use.by, ", ".join(use.where)) for use in usages)
    )


def editor_url(row: Any) -> str:
    is_snippet = isinstance(row, Page) and row.kind == Page.Kind.SNIPPET
    model = "snippet" if is_snippet else row._meta.model_name
    return reverse(f"admin:content_{model}_change", args=[row.pk])
