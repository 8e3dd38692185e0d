"""Serialize the content of a page to JSON types, and restore it.

The page's own fields (``head``) and its blocks in order become dictionaries of plain values. References (services,
practitioners, pictures, pages, snippets) are stored as ids and resolved when the page is rendered. Blocks keep the
id of their row in the draft, so that two revisions can be compared block by block.

A field that is missing in a stored revision gets its default; a field that no longer exists is ignored. A field that
is added later goes into ``ADDED_FIELDS``, so that the digests of stored revisions and reviews stay valid. For any other
change of the format, increment ``SCHEMA``, convert in ``upgraded``, and rewrite the digests of reviews in a migration.

Schema 2: long cells of rows are HTML (schema 1: text with the markup of ``content/fields/markup.py``).
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from content_editor.contents import contents_for_item
from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import ForeignKey

from content.blocks.renderer import renderer
from content.fields.rows import html_cells
from content.models import Block, EditSession, Page, Revision

SCHEMA = 2
HEAD = (
    "title", "lede", "description", "alternate_names",
    "hero_picture", "hero_alt", "hero_is_decorative",
    "service", "booking_label", "performed_by", "referral",
    "written_by", "reviewed_by", "last_reviewed_on", "next_review_on",
)  # fmt: skip
REVIEW = ("reviewed_by", "last_reviewed_on", "next_review_on")
PLACE = ("id", "parent", "region", "ordering")
# Fields that later releases added to blocks. They are left out while they have their default value.
ADDED_FIELDS = ("is_folded", "short_answer", "for_returning")
_LONG_CELLS_OF_SCHEMA_1 = {
    "leadlist": {"items": ("body",)},
    "numberedsections": {"items": ("body",)},
    "definitionlist": {"items": ("text",)},
    "questions": {"items": ("answer",)},
}
KINDS: dict[str, type[Block]] = {model._meta.model_name: model for model in renderer.plugins()}

ReferenceKeys = Mapping[str, frozenset[int]]


@dataclass(frozen=True)
class PageContent:
    """The content of one page. ``head`` and ``blocks`` hold JSON types only."""

    head: dict[str, Any]
    blocks: list[dict[str, Any]]

    @property
    def digest(self) -> str:
        """A hash of the whole content."""
        return _digest([self.head, self.blocks])

    @property
    def reviewed_digest(self) -> str:
        """A hash of the content without its review fields: what a review refers to."""
        head = {name: value for name, value in self.head.items() if name not in REVIEW}
        return _digest([head, self.blocks])

    @property
    def references(self) -> ReferenceKeys:
        """The ids of referenced rows, by model name: ``{"service": {3, 5}}``."""
        ids_by_model: dict[str, set[int]] = defaultdict(set)
        parts: list[tuple[type[Any], dict[str, Any]]] = [(Page, self.head)]
        parts += [(KINDS[block["kind"]], block["fields"]) for block in self.blocks]
        for model, values in parts:
            for f in keys_of(model):
                if values.get(f.name) is not None:
                    name = "snippet" if f.name == "snippet" else str(f.related_model._meta.model_name)
                    ids_by_model[name].add(values[f.name])
        return {name: frozenset(ids) for name, ids in ids_by_model.items()}

    def page(self, like: Page) -> Page:
        """Return a Page with this content, with the identity of ``like``. Never save it; set its related objects."""
        page = Page(pk=like.pk, kind=like.kind, slug=like.slug, topic=like.topic, position=like.position)
        page.parent = like.parent
        for name in HEAD:
            f: Any = Page._meta.get_field(name)
            if name in self.head:
                setattr(page, f.attname, f.to_python(self.head[name]))
        return page

    def rows(self) -> list[Block]:
        """Return the blocks as unsaved model instances."""
        return [block_row(block, ordering) for ordering, block in enumerate(self.blocks, start=1)]


def block_row(block: Mapping[str, Any], ordering: int) -> Block:
    model: Any = KINDS[block["kind"]]
    row: Block = model(pk=block["id"], region=block["region"], ordering=ordering * 10)
    for f in _fields(model):
        if f.name in block["fields"]:
            setattr(row, f.attname, block["fields"][f.name])
    return row


def content_of_draft(page: Page) -> PageContent:
    """Return the content of the draft, with one query for each kind of block."""
    contents = contents_for_item(page, plugins=list(KINDS.values()))
    return content_of_rows(page, [block for region in page.regions for block in contents[region.key]])


def content_of_rows(page: Page, rows: Iterable[Block]) -> PageContent:
    """Return the content of a page with these blocks, in this order. Nothing need be saved."""
    blocks = [
        {
            "kind": block._meta.model_name,
            "id": block.pk,
            "region": block.region,
            "fields": {f.name: _plain(f, block) for f in _fields(type(block)) if not _is_left_out(f, block)},
        }
        for block in rows
    ]
    return PageContent({name: _plain(Page._meta.get_field(name), page) for name in HEAD}, blocks)


def content_of_revision(revision: Revision) -> PageContent:
    return stored_content(revision)


def stored_content(stored: Revision | EditSession) -> PageContent:
    """Return the content of a revision, or of the draft as it was before an edit session."""
    return upgraded(stored.head, stored.blocks, stored.schema)


def upgraded(head: dict[str, Any], blocks: list[dict[str, Any]], schema: int) -> PageContent:
    """Return stored content of this or an earlier schema. Blocks of a kind that no longer exists are left out."""
    if schema > SCHEMA:
        raise ValueError(f"This content was written by a later version of the site (schema {schema}).")
    blocks = [block for block in blocks if block["kind"] in KINDS]
    if schema < 2:
        blocks = [_with_html_cells(block) for block in blocks]
    return PageContent(head, blocks)


def _with_html_cells(block: dict[str, Any]) -> dict[str, Any]:
    fields = dict(block["fields"])
    for name, columns in _LONG_CELLS_OF_SCHEMA_1.get(block["kind"], {}).items():
        if name in fields:
            fields[name] = html_cells(fields[name], columns)
    return {**block, "fields": fields}


def _fields(model: type[Any]) -> list[Any]:
    return [f for f in model._meta.concrete_fields if f.name not in PLACE]


def _is_left_out(f: Any, block: Block) -> bool:
    return f.name in ADDED_FIELDS and getattr(block, f.attname) == f.get_default()


def keys_of(model: type[Any]) -> list[Any]:
    """Return the foreign keys among the serialized fields of a model."""
    names = HEAD if model is Page else [f.name for f in _fields(model)]
    return [f for name in names if isinstance(f := model._meta.get_field(name), ForeignKey)]


def _plain(f: Any, row: Any) -> Any:
    value = getattr(row, f.attname)
    return value.isoformat() if hasattr(value, "isoformat") else value


def _digest(data: Any) -> str:
    text = json.dumps(data, sort_keys=True, cls=DjangoJSONEncoder)
    return hashlib.sha256(text.encode()).hexdigest()
