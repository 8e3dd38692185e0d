"""Plain text with a little markup, as staff type it into the cells of a row.

An empty line begins a paragraph; lines that begin with ``- `` or ``1. `` are lists; ``**words**``
are bold; ``[words](/fees/)`` is a link. Everything else is text: it is escaped before any markup
is read, so nothing typed can become an element.
"""

import re
from itertools import groupby

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

_BOLD = re.compile(r"\*\*(?=\S)(.+?)(?<=\S)\*\*")
# Ours, or a scheme that cannot run anything. The text is escaped already: no quote is left.
_LINK = re.compile(r"\[([^\[\]]+)\]\(((?:/(?!/)|#|https://|mailto:|tel:)[^\s()<>]*)\)")
_BULLET = re.compile(r"^\s*[-*•]\s+(?=\S)")
_NUMBER = re.compile(r"^\s*\d{1,2}[.)]\s+(?=\S)")


def to_html(text: str) -> SafeString:
    """The text as paragraphs and lists."""
    parts = []
    for kind, lines in groupby(text.splitlines(), key=_kind):
        if kind == "p":
            parts.append("<p>" + "<br>".join(_inline(line.strip()) for line in lines) + "</p>")
        elif kind:
            mark = _BULLET if kind == "ul" else _NUMBER
            items = "".join(f"<li>{_inline(mark.sub('', line).strip())}</li>" for line in lines)
            parts.append(f"<{kind}>{items}</{kind}>")
    return mark_safe("".join(parts))  # noqa: S308


def to_line(text: str) -> SafeString:
    """The text inside one element: bold and links, no paragraphs."""
    return mark_safe(_inline(" ".join(text.split())))  # noqa: S308


def _kind(line: str) -> str:
    if not line.strip():
        return ""
    if _BULLET.match(line):
        return "ul"
    return "ol" if _NUMBER.match(line) else "p"


def _inline(text: str) -> str:
    """Bold may stand around a link or inside its words, but neither in its address nor across its edge."""
    links: list[str] = []

    def keep(link: re.Match[str]) -> str:
        links.append(f'<a href="{link[2]}">{_bold(link[1])}</a>')
        return f"\0{len(links) - 1}\0"  # No text holds this sign: it is taken out below.

    text = _bold(_LINK.sub(keep, str(escape(text)).replace("\0", "")))
    return re.sub("\0([0-9]+)\0", lambda kept: links[int(kept[1])], text)


def _bold(text: str) -> str:
    return _BOLD.sub(r"<strong>\1</strong>", text)
