"""Nothing that is in use is deleted: the office says where it is used instead."""

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from content.models import Page, Revision
from content.uses import Use, is_page, uses


class KeptWhileUsed:
    """For the admin of pictures, pages and snippets: one at a time or ticked in a list, the rule is the same."""

    delete_confirmation_template: Any = "admin/content/delete_confirmation.html"
    delete_selected_confirmation_template: Any = "admin/content/delete_selected_confirmation.html"

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        going, counts, needed, protected = super().get_deleted_objects(objs, request)  # type: ignore[misc]
        rows = list(objs)
        ours = [format_html("“{}” is used on {}", row, linked(row_uses)) for row, row_uses in _held(rows)]
        ours += [
            format_html("Readers see “{}”, or will: hide it from them first.", row) for row in rows if is_public(row)
        ]
        return going, counts, needed, ours or protected


def _held(rows: list[Any]) -> list[tuple[Any, list[Use]]]:
    """The rows that are used by what stays."""
    found = uses(rows, now=timezone.now())
    going = {row.pk for row in rows if isinstance(row, Page)}
    held = [(row, [use for use in found[row.pk] if not (is_page(use) and use.by.pk in going)]) for row in rows]
    return [(row, by) for row, by in held if by]


def is_public(row: Any) -> bool:
    if not isinstance(row, Page):
        return False
    now = timezone.now()
    ahead = Revision.objects.scheduled(at=now).filter(is_public=True)
    return (Revision.objects.live(at=now) | ahead).filter(page=row.pk).exists()


def linked(by: list[Use]) -> SafeString:
    """What uses it by name, each a link to its editor."""
    return format_html_join(
        "; ", '<a href="{}">{}</a> ({})', ((editor_of(use.by), use.by, ", ".join(use.where)) for use in by)
    )


def editor_of(row: Any) -> str:
    is_snippet = isinstance(row, Page) and row.kind == Page.Kind.SNIPPET
    model = "snippet" if is_snippet else row._meta.model_name
    return reverse(f"admin:content_{model}_change", args=[row.pk])
