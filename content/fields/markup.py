"""A small subset of Markdown, for short cells of a row and for long ones that come as plain text.

An empty line starts a paragraph; lines that start with ``- `` or ``1. `` are lists; ``**text**`` is bold;
``[text](/fees/)`` is a link. The text is escaped before the markup is parsed, so it cannot inject HTML.
"""

import re
from itertools import groupby

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

_BOLD = re.compile(r"\*\*(?=\S)(.+?)(?<=\S)\*\*")
# A path or fragment of this site, or a scheme that cannot run a script. The text is escaped: it has no quotes.
_LINK = re.compile(r"\[([^\[\]]+)\]\(((?:/(?!/)|#|https://|mailto:|tel:)[^\s()<>]*)\)")
_BULLET = re.compile(r"^\s*[-*•]\s+(?=\S)")
_NUMBER = re.compile(r"^\s*\d{1,2}[.)]\s+(?=\S)")
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>")
_BLOCK = re.compile(r"<(p|ul|ol)[ >]")
_TAG_OR_TEXT = re.compile(r"<[^>]*>|[^<]+")


def has_tag(text: str) -> bool:
    """Whether the text holds an HTML tag, as what the editor writes does."""
    return _TAG.search(text) is not None


def is_html(cell: str) -> bool:
    """Whether a stored long cell is HTML: it starts with a paragraph or list. Earlier releases stored text."""
    return _BLOCK.match(cell) is not None


def to_html(text: str) -> SafeString:
    """Return the text as paragraphs and lists, written as the sanitizer of rich text writes them."""
    parts = []
    for kind, lines in groupby(text.splitlines(), key=_kind):
        if kind == "p":
            parts.append("<p>" + "<br>".join(_inline(line.strip()) for line in lines) + "</p>")
        elif kind:
            mark = _BULLET if kind == "ul" else _NUMBER
            items = "".join(f"<li>{_inline(mark.sub('', line).strip())}</li>" for line in lines)
            parts.append(f"<{kind}>{items}</{kind}>")
    return mark_safe(_TAG_OR_TEXT.sub(_as_sanitized, "".join(parts)))  # noqa: S308


def to_line(text: str) -> SafeString:
    """Return the text as inline HTML: bold and links, no paragraphs."""
    return mark_safe(_inline(" ".join(text.split())))  # noqa: S308


def _as_sanitized(part: re.Match[str]) -> str:
    """Unescape what needs no escaping in a text or tag, so that sanitizing the HTML changes nothing."""
    html = part[0].replace("&#x27;", "'").replace("\u00a0", "&nbsp;")
    return html if html.startswith("<") else html.replace("&quot;", '"')


def _kind(line: str) -> str:
    if not line.strip():
        return ""
    if _BULLET.match(line):
        return "ul"
    return "ol" if _NUMBER.match(line) else "p"


def _inline(text: str) -> str:
    """Render links, then bold. Bold may enclose a link or be inside its text, but not in its URL or across its edge."""
    links: list[str] = []

    def placeholder(link: re.Match[str]) -> str:
        links.append(f'<a href="{link[2]}">{_bold(link[1])}</a>')
        return f"\0{len(links) - 1}\0"  # NUL cannot occur in the text: it is removed below.

    text = _bold(_LINK.sub(placeholder, str(escape(text)).replace("\0", "")))
    return re.sub("\0([0-9]+)\0", lambda match: links[int(match[1])], text)


def _bold(text: str) -> str:
    return _BOLD.sub(r"<strong>\1</strong>", text)
