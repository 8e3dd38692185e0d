"""The list of a draft's blocks without JavaScript: links that open one block, and buttons that move it."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from content_editor.admin import ContentEditorInline
from django.utils.text import capfirst

from content.admin.editing.arranging.kinds import kind_choices
from content.admin.editing.block_keys import block_key
from content.blocks.first_words import first_words, missing_in
from content.models import Page


@dataclass(frozen=True)
class BlockRow:
    """One block. ``anchor`` is the id of its form."""

    key: str
    anchor: str
    kind: str
    words: str
    missing: str


@dataclass(frozen=True)
class RegionRows:
    key: str
    title: str
    rows: list[BlockRow]


@dataclass(frozen=True)
class BlockList:
    """The blocks by region, and the kinds that can be added; none for who may not change the page."""

    regions: list[RegionRows]
    kinds: list[tuple[str, str]]


def block_list(page: Page, inlines: Iterable[Any], *, may_change: bool) -> BlockList:
    """Return the blocks in the order of the page. ``inlines`` are the change form's inline formsets."""
    found: dict[str, list[tuple[int, BlockRow]]] = defaultdict(list)
    kinds = []
    for inline in inlines:
        if not isinstance(inline.opts, ContentEditorInline):
            continue
        kinds.append(inline.opts.model)
        for index, form in enumerate(inline.formset.initial_forms):
            block = form.instance
            row = BlockRow(
                key=block_key(block._meta.model_name, block.pk),
                anchor=f"{inline.formset.prefix}-{index}",
                kind=capfirst(str(block._meta.verbose_name)),
                words=first_words(block),
                missing=missing_in(block),
            )
            found[block.region].append((block.ordering, row))
    regions = [
        RegionRows(
            region.key, str(region.title), [row for _at, row in sorted(found[region.key], key=lambda item: item[0])]
        )
        for region in page.regions
    ]
    return BlockList(regions, kind_choices(kinds) if may_change else [])
