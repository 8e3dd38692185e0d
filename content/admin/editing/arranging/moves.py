"""Move and add blocks on the server, after the page is saved; the editor's scripts do the same in the form."""

from typing import Any

from content_editor.contents import contents_for_item
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.utils.translation import gettext

from content.admin.editing.block_keys import block_key
from content.admin.editing.step_page import is_id
from content.blocks.page_content import KINDS
from content.models import Block, Page


def step_after_save(office: Any, request: HttpRequest, page: Page) -> HttpResponse | None:
    """Do what the pressed button asks for besides saving: move, add or copy a block. None if it was another button."""
    if "_move" in request.POST:
        key, _colon, way = request.POST["_move"].partition(":")
        _move(page, key, -1 if way == "up" else 1)
        _has_changed(page, request.user)
        return HttpResponseRedirect(f"{office.address('change', page)}#block-list")
    if "_add_block" in request.POST:
        return _add(office, request, page)
    if "_copy_block" in request.POST:
        key = _saved_key(request, page)
        if key:
            return HttpResponseRedirect(f"{office.address('copy_block', page)}?block={key}")
    return None


def find_block(page: Page, key: str) -> Block | None:
    """Return the draft's block with this key, such as "section-12"."""
    kind, _dash, pk = key.partition("-")
    if kind not in KINDS or not is_id(pk):
        return None
    return KINDS[kind].objects.filter(parent=page.pk, pk=int(pk)).first()  # type: ignore[attr-defined, no-any-return]


def place_last(block: Block, page: Page, region: str) -> None:
    """Save the block at the end of a region."""
    block.parent, block.region = page, region
    block.ordering = 10 + max((other.ordering for other in _blocks(page, region)), default=0)
    block.save()


def _add(office: Any, request: HttpRequest, page: Page) -> HttpResponse:
    kind, region = request.POST.get("_add_kind", ""), request.POST.get("_add_region", "main")
    allowed = {str(inline.model._meta.model_name) for inline in office.inlines}
    if kind not in KINDS or kind not in allowed or region not in {region.key for region in page.regions}:
        messages.error(request, gettext("Choose what to add."))
        return HttpResponseRedirect(f"{office.address('change', page)}#block-list")
    block = KINDS[kind]()
    place_last(block, page, region)
    _has_changed(page, request.user)
    number = KINDS[kind].objects.filter(parent=page.pk, ordering__lt=block.ordering).count()  # type: ignore[attr-defined]
    key = block_key(kind, block.pk)
    return HttpResponseRedirect(f"{office.address('change', page)}?block={key}#content_{kind}_set-{number}")


def _move(page: Page, key: str, by: int) -> None:
    block = find_block(page, key)
    blocks = _blocks(page, block.region) if block else []
    index = next((index for index, other in enumerate(blocks) if other == block), 0)
    if block is None or not 0 <= index + by < len(blocks):
        return
    blocks[index], blocks[index + by] = blocks[index + by], blocks[index]
    for place, other in enumerate(blocks, start=1):
        if other.ordering != place * 10:
            type(other).objects.filter(pk=other.pk).update(ordering=place * 10)  # type: ignore[attr-defined]


def _blocks(page: Page, region: str) -> list[Block]:
    return list(contents_for_item(page, plugins=list(KINDS.values()))[region])


def _saved_key(request: HttpRequest, page: Page) -> str:
    """Return the key of the block that is to be copied, also of one that was new in the form: "section-new-4"."""
    key = request.POST["_copy_block"]
    kind, dash, number = key.partition("-new-")
    if not dash:
        return key if find_block(page, key) else ""
    region, ordering = (request.POST.get(f"content_{kind}_set-{number}-{name}", "") for name in ("region", "ordering"))
    if kind not in KINDS or not is_id(ordering):
        return ""
    blocks = KINDS[kind].objects.filter(parent=page.pk, region=region, ordering=int(ordering))  # type: ignore[attr-defined]
    block = blocks.order_by("pk").last()
    return block_key(kind, block.pk) if block else ""


def _has_changed(page: Page, user: Any) -> None:
    Page.objects.filter(pk=page.pk).update(edited_by=user, edited_at=timezone.now())
