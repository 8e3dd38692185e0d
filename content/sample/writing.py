"""How the sample pages are written down: plain text in, blocks out.

Long texts use the markup of ``content/markup.py``. References are slugs; ``content.sample``
turns them into rows when the pages are loaded.
"""

from dataclasses import dataclass, field
from typing import Any

from content import markup
from content.models import Page
from content.rows import Row

Kind = Page.Kind


@dataclass(frozen=True)
class Written:
    """One block: the name of its model, its fields, and what it refers to by slug."""

    model: str
    fields: dict[str, Any]
    refers_to: dict[str, str] = field(default_factory=dict)
    region: str = "main"


@dataclass(frozen=True)
class WrittenPage:
    """``refers_to`` may name a service, a hero_picture (by title) and who wrote it (written_by)."""

    kind: str
    fields: dict[str, Any]
    blocks: list[Written]
    slug: str = ""
    refers_to: dict[str, str] = field(default_factory=dict)


def rich(text: str) -> str:
    return str(markup.to_html(_unwrapped(text)))


def _unwrapped(text: str) -> str:
    """Lines are broken here for the eye only: put each paragraph and each item on one line."""
    lines: list[str] = []
    for line in text.strip().splitlines():
        begins = not line.strip() or line.startswith("- ") or not lines or not lines[-1]
        if begins:
            lines.append(line.strip())
        else:
            lines[-1] += " " + line.strip()
    return "\n".join(lines)


def rows(*names: str, of: list[tuple[str, ...]]) -> list[Row]:
    return [dict(zip(names, (cell.strip() for cell in cells), strict=True)) for cells in of]


def section(heading: str, text: str, *, level: int = 2, region: str = "main") -> Written:
    return Written("Section", {"heading": heading, "level": level, "body": rich(text)}, region=region)


def callout(tone: str, heading: str, text: str, *, level: int = 3, region: str = "main") -> Written:
    fields = {"tone": tone, "heading": heading, "level": level, "body": rich(text)}
    return Written("Callout", fields, region=region)


def lead_list(
    heading: str,
    intro: str,
    items: list[tuple[str, str]],
    *,
    level: int = 2,
    ask_first: bool = False,
    region: str = "main",
) -> Written:
    fields = {"heading": heading, "level": level, "intro": rich(intro), "items": rows("lead", "body", of=items)}  # type: ignore[arg-type]
    return Written("LeadList", fields | {"purpose": "ask_first" if ask_first else "plain"}, region=region)


def numbered(heading: str, intro: str, items: list[tuple[str, str]], *, steps: bool = False) -> Written:
    fields = {"heading": heading, "intro": rich(intro), "items": rows("title", "body", of=items)}  # type: ignore[arg-type]
    return Written("NumberedSections", fields | {"counting": "steps" if steps else "ideas"})


def definitions(heading: str, intro: str, items: list[tuple[str, str]], *, region: str = "main") -> Written:
    fields = {"heading": heading, "intro": rich(intro), "items": rows("term", "text", of=items)}  # type: ignore[arg-type]
    return Written("DefinitionList", fields, region=region)


def questions(heading: str, items: list[tuple[str, str]], *, region: str = "main") -> Written:
    fields = {"heading": heading, "items": rows("question", "answer", of=items)}  # type: ignore[arg-type]
    return Written("Questions", fields, region=region)


def do_list(heading: str, do: list[str], do_not: list[str]) -> Written:
    fields = {"do": [{"text": text} for text in do], "do_not": [{"text": text} for text in do_not]}
    return Written("DoList", {"heading": heading, "level": 3, **fields})


def risks(heading: str, intro: str, caption: str, items: list[tuple[str, str, str]], note: str) -> Written:
    found = rows("effect", "how_often", "sources", of=items)  # type: ignore[arg-type]
    fields = {"heading": heading, "intro": rich(intro), "caption": caption, "rows": found, "note": rich(note)}
    return Written("RiskTable", fields)


def care_card(call: str, heading: str, signs: list[str], text: str = "", *, level: int = 3) -> Written:
    fields = {"call": call, "heading": heading, "level": level, "items": [{"text": sign} for sign in signs]}
    return Written("CareCard", fields | {"body": rich(text) if text else ""})


def visit(heading: str, *, before: str, during: str, after: str) -> Written:
    fields = {"heading": heading, "before": rich(before), "during": rich(during), "after": rich(after)}
    return Written("BeforeDuringAfter", fields)


def call_to_action(heading: str, text: str, label: str, service: str, *, region: str = "main") -> Written:
    return Written(
        "CallToAction", {"heading": heading, "body": rich(text), "label": label}, {"service": service}, region
    )


def person(practitioner: str, heading: str = "", label: str = "Contact Me") -> Written:
    return Written("PersonCard", {"heading": heading, "label": label}, {"practitioner": practitioner})


def signpost(title: str, text: str, *, page: str = "", service: str = "") -> Written:
    return Written("Signpost", {"title": title, "text": text}, {"page": page} if page else {"service": service})


def snippet(title: str, *, region: str = "main") -> Written:
    return Written("SnippetHere", {}, {"snippet": title}, region)


def picture(title: str, alt: str, caption: str = "") -> Written:
    return Written("PlacedPicture", {"alt": alt, "caption": caption}, {"picture": title})


def sources(*items: tuple[str, str, str]) -> Written:
    """Each source: its text, its DOI, and an address where there is no DOI."""
    return Written("Sources", {"heading": "Sources", "items": rows("text", "doi", "address", of=list(items))})
