"""Builders of sample blocks from plain text.

Long texts use the markup of ``content/fields/markup.py``. References are slugs, which ``content.sample.loader``
replaces with rows.
"""

from dataclasses import dataclass, field
from typing import Any

from content.fields import markup
from content.fields.rows import Row
from content.models import Page

Kind = Page.Kind


@dataclass(frozen=True)
class SampleBlock:
    """One block. ``refers_to`` maps the names of foreign keys to slugs."""

    model: str
    fields: dict[str, Any]
    refers_to: dict[str, str] = field(default_factory=dict)
    region: str = "main"


@dataclass(frozen=True)
class SamplePage:
    """One page. ``refers_to`` may contain a service, a hero_picture (by title) and written_by, a practitioner."""

    kind: str
    fields: dict[str, Any]
    blocks: list[SampleBlock]
    slug: str = ""
    refers_to: dict[str, str] = field(default_factory=dict)


def rich(text: str) -> str:
    return str(markup.to_html(_unwrapped(text)))


def _unwrapped(text: str) -> str:
    """Join the wrapped lines of each paragraph and list item."""
    lines: list[str] = []
    for line in text.strip().splitlines():
        is_start = not line.strip() or line.startswith("- ") or not lines or not lines[-1]
        if is_start:
            lines.append(line.strip())
        else:
            lines[-1] += " " + line.strip()
    return "\n".join(lines)


def rows(*names: str, of: list[tuple[str, ...]]) -> list[Row]:
    return [dict(zip(names, (cell.strip() for cell in cells), strict=True)) for cells in of]


def _head(heading: str, level: int = 2) -> dict[str, Any]:
    """A block without a heading stands below that of its fold: its items have headings of level 3."""
    return {"heading": heading} | ({"level": level} if level != 2 else {}) if heading else {"heading": "", "level": 3}


def section(heading: str, text: str, *, level: int = 2, region: str = "main") -> SampleBlock:
    return SampleBlock("Section", {"heading": heading, "level": level, "body": rich(text)}, region=region)


def fold(heading: str, short_answer: str, text: str = "") -> SampleBlock:
    """A folded section. What follows belongs to it, up to the next section: give it no heading, or one of level 3."""
    fields = {"heading": heading, "is_folded": True, "short_answer": short_answer, "body": rich(text)}
    return SampleBlock("Section", fields)


def callout(tone: str, heading: str, text: str, *, level: int = 3, region: str = "main") -> SampleBlock:
    fields = {"tone": tone, "heading": heading, "level": level, "body": rich(text)}
    return SampleBlock("Callout", fields, region=region)


def lead_list(
    heading: str,
    intro: str,
    items: list[tuple[str, str]],
    *,
    level: int = 2,
    ask_first: bool = False,
    region: str = "main",
) -> SampleBlock:
    head = _head(heading, level)
    fields = head | {"intro": rich(intro), "items": rows("lead", "body", of=items)}  # type: ignore[arg-type]
    return SampleBlock("LeadList", fields | {"purpose": "ask_first" if ask_first else "plain"}, region=region)


def numbered(heading: str, intro: str, items: list[tuple[str, str]], *, steps: bool = False) -> SampleBlock:
    fields = _head(heading) | {"intro": rich(intro), "items": rows("title", "body", of=items)}  # type: ignore[arg-type]
    return SampleBlock("NumberedSections", fields | {"counting": "steps" if steps else "ideas"})


def definitions(heading: str, intro: str, items: list[tuple[str, str]], *, region: str = "main") -> SampleBlock:
    fields = _head(heading) | {"intro": rich(intro), "items": rows("term", "text", of=items)}  # type: ignore[arg-type]
    return SampleBlock("DefinitionList", fields, region=region)


def questions(heading: str, items: list[tuple[str, str]], *, region: str = "main") -> SampleBlock:
    fields = {"heading": heading, "items": rows("question", "answer", of=items)}  # type: ignore[arg-type]
    return SampleBlock("Questions", fields, region=region)


def do_list(heading: str, do: list[str], do_not: list[str]) -> SampleBlock:
    fields = {"do": [{"text": text} for text in do], "do_not": [{"text": text} for text in do_not]}
    return SampleBlock("DoList", {"heading": heading, "level": 3, **fields})


def risks(heading: str, intro: str, caption: str, items: list[tuple[str, str, str]], note: str) -> SampleBlock:
    cells = rows("effect", "how_often", "sources", of=items)  # type: ignore[arg-type]
    fields = _head(heading) | {"intro": rich(intro), "caption": caption, "rows": cells, "note": rich(note)}
    return SampleBlock("RiskTable", fields)


def care_card(call: str, heading: str, signs: list[str], text: str = "", *, level: int = 3) -> SampleBlock:
    fields = {"call": call, "heading": heading, "level": level, "items": [{"text": sign} for sign in signs]}
    return SampleBlock("CareCard", fields | {"body": rich(text) if text else ""})


def visit(heading: str, *, before: str, during: str, after: str) -> SampleBlock:
    fields = _head(heading) | {"before": rich(before), "during": rich(during), "after": rich(after)}
    return SampleBlock("BeforeDuringAfter", fields)


def call_to_action(heading: str, text: str, label: str, service: str, *, region: str = "main") -> SampleBlock:
    return SampleBlock(
        "CallToAction", {"heading": heading, "body": rich(text), "label": label}, {"service": service}, region
    )


def person(practitioner: str, heading: str = "", label: str = "Contact Me") -> SampleBlock:
    return SampleBlock("PersonCard", {"heading": heading, "label": label}, {"practitioner": practitioner})


def signpost(title: str, text: str, *, page: str = "", service: str = "", for_returning: bool = False) -> SampleBlock:
    fields = {"title": title, "text": text, "for_returning": for_returning}
    return SampleBlock("Signpost", fields, {"page": page} if page else {"service": service})


def snippet(title: str, *, region: str = "main") -> SampleBlock:
    return SampleBlock("SnippetHere", {}, {"snippet": title}, region)


def picture(title: str, alt: str, caption: str = "") -> SampleBlock:
    return SampleBlock("PlacedPicture", {"alt": alt, "caption": caption}, {"picture": title})


def sources(*items: tuple[str, str, str]) -> SampleBlock:
    """Each source is (text, DOI, URL), with a URL only if there is no DOI."""
    return SampleBlock("Sources", {"heading": "Sources", "items": rows("text", "doi", "address", of=list(items))})
