"""The words of a page as plain data: what is stored when it is published, and what is shown.

A page's own words and references (``head``) and its blocks in order become dictionaries of plain
values. Everything that is named (a service, a person, a picture, another page, a snippet) is
named by its id and looked up when it is shown. Blocks keep the id of their row in the draft: two
revisions are compared block by block.

A field that a stored revision does not know gets its default; one that no longer exists is left
out. A change that needs more than that raises ``SCHEMA`` and is told to ``_upgraded``.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from content_editor.contents import contents_for_item
from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import ForeignKey

from content.models import Page, Revision
from content.models.blocks import Block
from content.renderer import renderer

SCHEMA = 1
HEAD = (
    "title", "lede", "description", "alternate_names",
    "hero_picture", "hero_alt", "hero_is_decorative",
    "service", "booking_label", "performed_by", "referral",
    "written_by", "reviewed_by", "last_reviewed_on", "next_review_on",
)  # fmt: skip
REVIEW = ("reviewed_by", "last_reviewed_on", "next_review_on")
PLACE = ("id", "parent", "region", "ordering")
KINDS: dict[str, type[Block]] = {model._meta.model_name: model for model in renderer.plugins()}

References = Mapping[str, frozenset[int]]


@dataclass(frozen=True)
class Words:
    """What one page says. ``head`` and ``blocks`` hold nothing but JSON's own types."""

    head: dict[str, Any]
    blocks: list[dict[str, Any]]

    @property
    def digest(self) -> str:
        """Tells whether two are the same."""
        return _digest([self.head, self.blocks])

    @property
    def reviewed_digest(self) -> str:
        """The same, but for who reviewed it and when: what a review is about."""
        head = {name: value for name, value in self.head.items() if name not in REVIEW}
        return _digest([head, self.blocks])

    @property
    def references(self) -> References:
        """The ids of what is named, by the name of its model: ``{"service": {3, 5}}``."""
        found: dict[str, set[int]] = defaultdict(set)
        parts: list[tuple[type[Any], dict[str, Any]]] = [(Page, self.head)]
        parts += [(KINDS[block["kind"]], block["fields"]) for block in self.blocks]
        for model, values in parts:
            for f in keys_of(model):
                if values.get(f.name) is not None:
                    name = "snippet" if f.name == "snippet" else str(f.related_model._meta.model_name)
                    found[name].add(values[f.name])
        return {name: frozenset(ids) for name, ids in found.items()}

    def page(self, like: Page) -> Page:
        """The page as these words have it, never to be saved; what it names is set by whoever shows it."""
        shown = Page(pk=like.pk, kind=like.kind, slug=like.slug, topic=like.topic, position=like.position)
        for name in HEAD:
            f: Any = Page._meta.get_field(name)
            if name in self.head:
                setattr(shown, f.attname, f.to_python(self.head[name]))
        return shown

    def rows(self) -> list[Block]:
        """The blocks as rows that are in no table."""
        return [block_row(block, ordering) for ordering, block in enumerate(self.blocks, start=1)]


def block_row(block: Mapping[str, Any], ordering: int) -> Block:
    model: Any = KINDS[block["kind"]]
    row: Block = model(pk=block["id"], region=block["region"], ordering=ordering * 10)
    for f in _fields(model):
        if f.name in block["fields"]:
            setattr(row, f.attname, block["fields"][f.name])
    return row


def of_draft(page: Page) -> Words:
    """The page as it stands on its editors' desk: one query for each kind of block."""
    contents = contents_for_item(page, plugins=list(KINDS.values()))
    blocks = [
        {
            "kind": block._meta.model_name,
            "id": block.pk,
            "region": region.key,
            "fields": {f.name: _plain(f, block) for f in _fields(type(block))},
        }
        for region in page.regions
        for block in contents[region.key]
    ]
    return Words({name: _plain(Page._meta.get_field(name), page) for name in HEAD}, blocks)


def of_revision(revision: Revision) -> Words:
    return _upgraded(Words(revision.head, revision.blocks), revision.schema)


def _upgraded(words: Words, schema: int) -> Words:
    """Words stored by an earlier version of the site. Blocks of a kind that is gone are left out."""
    if schema > SCHEMA:
        raise ValueError(f"This revision was written by a later version of the site (schema {schema}).")
    return Words(words.head, [block for block in words.blocks if block["kind"] in KINDS])


def _fields(model: type[Any]) -> list[Any]:
    return [f for f in model._meta.concrete_fields if f.name not in PLACE]


def keys_of(model: type[Any]) -> list[Any]:
    names = HEAD if model is Page else [f.name for f in _fields(model)]
    return [f for name in names if isinstance(f := model._meta.get_field(name), ForeignKey)]


def _plain(f: Any, row: Any) -> Any:
    value = getattr(row, f.attname)
    return value.isoformat() if hasattr(value, "isoformat") else value


def _digest(data: Any) -> str:
    text = json.dumps(data, sort_keys=True, cls=DjangoJSONEncoder)
    return hashlib.sha256(text.encode()).hexdigest()
