"""The page as it stands in an editor's form, not yet saved: built from the posted form without writing anything."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import HttpRequest
from django.urls import NoReverseMatch
from django.utils.text import capfirst

from content.admin.editing.blocks import BlockInline
from content.blocks.marks import unsaved_id
from content.blocks.page_content import KINDS, PageContent, content_of_rows
from content.models import Block, Page
from content.publishing.checks.issue import Issue, key_of

ADDRESS = ("kind", "slug", "parent_id")
ORDER = {kind: place for place, kind in enumerate(KINDS)}  # Of blocks with the same place, as in content_of_draft().


@dataclass(frozen=True)
class TypedPage:
    """``page`` must not be saved. ``issues`` name the fields whose typed value is invalid.

    A value that its input cannot read is left as it was. One that only breaks a rule, such as the number of words in
    the introduction, is shown.
    """

    page: Page
    content: PageContent
    issues: list[Issue]


def typed_page(office: Any, request: HttpRequest, page: Page) -> TypedPage:
    """Return the page with what ``request`` posts from its editor.

    Deleted blocks are left out, and so are blocks outside the page's regions. A block that was never saved gets an id
    below zero (``unsaved_id``).
    """
    stored = {name: getattr(page, name) for name in ADDRESS}
    form = office.get_form(request, page, change=True)(request.POST, instance=page)
    issues = list(_issues(form, None))
    if not _has_address(form.instance):
        for name, value in stored.items():
            setattr(form.instance, name, value)
    rows: list[Any] = []
    for formset_class, inline in office.get_formsets_with_inlines(request, page):
        if isinstance(inline, BlockInline):
            for row, row_form in _rows(office, request, page, formset_class, inline):
                rows.append(row)
                issues += _issues(row_form, row) if row_form else ()
    shown = [sorted((row for row in rows if row.region == region.key), key=_place) for region in form.instance.regions]
    return TypedPage(form.instance, content_of_rows(form.instance, [row for region in shown for row in region]), issues)


def _has_address(page: Page) -> bool:
    """Return whether what was typed makes an address. A kind may need one whose last part is still to be typed."""
    try:
        page.get_absolute_url()
    except NoReverseMatch:
        return False
    return True


def _rows(
    office: Any, request: HttpRequest, page: Page, formset_class: Any, inline: BlockInline
) -> Iterator[tuple[Block, forms.ModelForm | None]]:
    """Yield the blocks of one kind with their forms, or as they are stored if this user may not change them."""
    if not inline.has_change_permission(request, page):
        for row in inline.get_queryset(request).filter(parent=page):
            yield row, None
        return
    prefix = formset_class.get_default_prefix()
    formset = formset_class(**office.get_formset_kwargs(request, page, inline, prefix))
    for number, form in enumerate(formset.forms):
        form.is_valid()  # Sets the instance's fields, as far as they are valid.
        if form.cleaned_data.get("DELETE"):
            continue
        row = form.instance
        if row.pk is None:
            row.pk = unsaved_id(number)
        yield row, form


def _issues(form: Any, row: Block | None) -> Iterator[Issue]:
    """Yield the errors of single fields. What is wrong with a whole row or page, the checks say."""
    for name, errors in form.errors.items():
        if name in form.fields and not form.fields[name].widget.is_hidden:
            label = capfirst(str(form.fields[name].label))
            for message in errors:
                yield Issue(f"{label}: {message}", True, key_of(row) if row else None)


def _place(row: Any) -> tuple[int, int]:
    return row.ordering, ORDER[row._meta.model_name]
