"""Long cells of rows become HTML in the drafts, and reviews refer to the content as it is read from now on.

Revisions are records and stay as they are: content/blocks/page_content.py converts them when it reads them. A review
refers to content by its hash, which the conversion changes. The code here is a copy of both as they were in schema 2.
"""

import hashlib
import json
import re
from itertools import groupby

from django.core.serializers.json import DjangoJSONEncoder
from django.db import migrations
from django.utils.html import escape

HEAD = (
    "title", "lede", "description", "alternate_names", "hero_picture", "hero_alt", "hero_is_decorative", "service",
    "booking_label", "performed_by", "referral", "written_by",
)  # fmt: skip
REVIEW = ("reviewed_by", "last_reviewed_on", "next_review_on")
PLACE = ("id", "parent", "region", "ordering")
ADDED_FIELDS = ("is_folded", "short_answer", "for_returning")
KINDS = (
    "section", "callout", "leadlist", "numberedsections", "definitionlist", "dolist", "risktable", "beforeduringafter",
    "calltoaction", "personcard", "questions", "carecard", "signpost", "placedpicture", "sources", "snippethere",
)  # fmt: skip
WITH_AN_END = ("home", "treatments", "team", "fees", "contact")
LONG_CELLS = {"leadlist": "body", "numberedsections": "body", "definitionlist": "text", "questions": "answer"}

BLOCK = re.compile(r"<(p|ul|ol)[ >]")
TAG_OR_TEXT = re.compile(r"<[^>]*>|[^<]+")
BOLD = re.compile(r"\*\*(?=\S)(.+?)(?<=\S)\*\*")
LINK = re.compile(r"\[([^\[\]]+)\]\(((?:/(?!/)|#|https://|mailto:|tel:)[^\s()<>]*)\)")
BULLET = re.compile(r"^\s*[-*•]\s+(?=\S)")
NUMBER = re.compile(r"^\s*\d{1,2}[.)]\s+(?=\S)")


def convert(apps, schema_editor):
    alias = schema_editor.connection.alias
    rewrite_digests(apps, alias)  # First: the drafts' former hashes are of their former text.
    for kind in LONG_CELLS:
        model = apps.get_model("content", kind)
        changed = []
        for row in model.objects.using(alias).order_by("pk"):
            items = html_rows(kind, row.items)
            if items != row.items:
                row.items = items
                changed.append(row)
        model.objects.using(alias).bulk_update(changed, ["items"], batch_size=200)


def rewrite_digests(apps, alias):
    """Let each review that is of the draft or of a revision refer to the same content with its cells as HTML."""
    Page, Revision, Review = (apps.get_model("content", name) for name in ("Page", "Revision", "Review"))
    reviewed = Review.objects.using(alias).values("page")
    for page in Page.objects.using(alias).filter(pk__in=reviewed):
        contents = [draft_of(apps, page, alias)]
        revisions = Revision.objects.using(alias).filter(page=page, is_public=True, schema=1)
        contents += [
            (revision.head, [block for block in revision.blocks if block["kind"] in KINDS]) for revision in revisions
        ]
        for head, blocks in contents:
            before, after = digest(head, blocks), digest(head, [html_block(block) for block in blocks])
            if before != after:
                Review.objects.using(alias).filter(page=page, digest=before).update(digest=after)


def draft_of(apps, page, alias):
    regions = ("main", "end") if page.kind in WITH_AN_END else ("main",)
    found = []
    for number, kind in enumerate(KINDS):
        model = apps.get_model("content", kind)
        fields = [f for f in model._meta.concrete_fields if f.name not in PLACE]
        for row in model.objects.using(alias).filter(parent=page.pk, region__in=regions).order_by("ordering"):
            values = {
                f.name: plain(f, row)
                for f in fields
                if f.name not in ADDED_FIELDS or getattr(row, f.attname) != f.get_default()
            }
            block = {"kind": kind, "id": row.pk, "region": row.region, "fields": values}
            found.append((regions.index(row.region), row.ordering, number, block))
    blocks = [block for *_place, block in sorted(found, key=lambda item: item[:3])]
    return {name: plain(page._meta.get_field(name), page) for name in HEAD}, blocks


def plain(field, row):
    value = getattr(row, field.attname)
    return value.isoformat() if hasattr(value, "isoformat") else value


def digest(head, blocks):
    head = {name: value for name, value in head.items() if name not in REVIEW}
    text = json.dumps([head, blocks], sort_keys=True, cls=DjangoJSONEncoder)
    return hashlib.sha256(text.encode()).hexdigest()


def html_block(block):
    fields = block["fields"]
    if block["kind"] not in LONG_CELLS or "items" not in fields:
        return block
    return {**block, "fields": {**fields, "items": html_rows(block["kind"], fields["items"])}}


def html_rows(kind, rows):
    column = LONG_CELLS[kind]
    return [{name: to_html(cell) if name == column else cell for name, cell in row.items()} for row in rows]


def to_html(text):
    if BLOCK.match(text):
        return text
    parts = []
    for kind, lines in groupby(text.splitlines(), key=kind_of):
        if kind == "p":
            parts.append("<p>" + "<br>".join(inline(line.strip()) for line in lines) + "</p>")
        elif kind:
            mark = BULLET if kind == "ul" else NUMBER
            items = "".join(f"<li>{inline(mark.sub('', line).strip())}</li>" for line in lines)
            parts.append(f"<{kind}>{items}</{kind}>")
    return TAG_OR_TEXT.sub(as_sanitized, "".join(parts))


def as_sanitized(part):
    html = part[0].replace("&#x27;", "'").replace("\u00a0", "&nbsp;")
    return html if html.startswith("<") else html.replace("&quot;", '"')


def kind_of(line):
    if not line.strip():
        return ""
    if BULLET.match(line):
        return "ul"
    return "ol" if NUMBER.match(line) else "p"


def inline(text):
    links = []

    def placeholder(link):
        links.append(f'<a href="{link[2]}">{bold(link[1])}</a>')
        return f"\0{len(links) - 1}\0"

    text = bold(LINK.sub(placeholder, str(escape(text)).replace("\0", "")))
    return re.sub("\0([0-9]+)\0", lambda match: links[int(match[1])], text)


def bold(text):
    return BOLD.sub(r"<strong>\1</strong>", text)


class Migration(migrations.Migration):
    dependencies = [("content", "0023_no_reviews_for_others")]

    # Back, nothing is done: the release before shows the tags of cells in drafts. See the changelog.
    operations = [migrations.RunPython(convert, migrations.RunPython.noop, elidable=True)]
