"""Copy a block of a draft to the end of another page's draft."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.utils.html import format_html
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from content import models
from content.admin.editing.arranging.moves import find_block, place_last
from content.admin.editing.step_page import find_page, sent, show_step
from content.blocks.first_words import first_words
from content.models import Block, Page
from content.publishing.publish import lock_page

NOT_IN_SNIPPETS = (models.SnippetHere, models.Sources)


class CopyBlockForm(forms.Form):
    target = forms.ChoiceField(label=_("Which page?"))


def copy_block(office: Any, request: HttpRequest, object_id: str) -> HttpResponse:
    """Ask for the page, and copy the block there as it was last saved."""
    page = find_page(office, request, object_id)
    if not office.has_change_permission(request, page):
        raise PermissionDenied
    block = find_block(page, request.GET.get("block", ""))
    if block is None:
        raise Http404
    targets = _targets(office, request, page, block)
    form = CopyBlockForm(sent(request))
    form.fields["target"].choices = [  # type: ignore[attr-defined]
        ("", gettext("Choose a page")),
        *((label, [(pk, str(target)) for pk, target in group.items()]) for label, group in targets.items() if group),
    ]
    if request.method == "POST" and form.is_valid():
        target = next(group[pk] for group in targets.values() if (pk := form.cleaned_data["target"]) in group)
        _copy(block, target, by=request.user)
        address = _office_of(office, target).address("change", target)
        messages.success(request, format_html(gettext('Copied to the end of <a href="{}">{}</a>.'), address, target))
        return HttpResponseRedirect(office.address("change", page))
    return show_step(
        office,
        request,
        "copy_block",
        page,
        status=422 if form.errors else 200,
        title=gettext("Copy to another page"),
        form=form,
        kind=capfirst(str(block._meta.verbose_name)),
        words=first_words(block),
    )


def _targets(office: Any, request: HttpRequest, page: Page, block: Block) -> dict[str, dict[str, Page]]:
    """Return the pages and snippets that this user may change, by id, without the page itself."""
    groups: dict[str, dict[str, Page]] = {}
    for label, model in ((gettext("Pages"), models.Page), (gettext("Snippets"), models.Snippet)):
        admin = office.admin_site.get_model_admin(model)
        is_for_snippets = model is models.Snippet
        if not admin.has_change_permission(request) or (is_for_snippets and isinstance(block, NOT_IN_SNIPPETS)):
            continue
        others = admin.get_queryset(request).exclude(pk=page.pk).order_by("title")
        groups[label] = {str(other.pk): other for other in others if admin.has_change_permission(request, other)}
    return groups


def _office_of(office: Any, page: Page) -> Any:
    is_snippet = page.kind == Page.Kind.SNIPPET
    return office.admin_site.get_model_admin(models.Snippet if is_snippet else models.Page)


@transaction.atomic
def _copy(block: Block, target: Page, *, by: Any) -> None:
    """Who edits the target right now is told, because its ``edited_at`` moves."""
    page = lock_page(target)
    block.pk = None
    place_last(block, page, "main")
    Page.objects.filter(pk=page.pk).update(edited_by=by, edited_at=timezone.now())
