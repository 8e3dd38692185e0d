"""Citations: turn [1] or [1, 3] in a text into links to the numbered sources.

Runs on rendered HTML. Only text between tags is replaced, never attributes or link text, and a number without a
source is left unchanged.
"""

import re
from collections.abc import Collection
from html.parser import HTMLParser

from django.utils.safestring import SafeString, mark_safe

_MARK = re.compile(r"[ \u00a0]?\[(\d{1,2}(?:\s*,\s*\d{1,2})*)\]")


def cite(html: str, numbers: Collection[int]) -> SafeString:
    """Return ``html``, which must be safe already, with its citations linked to the sources that exist."""
    if not numbers or "[" not in html:
        return mark_safe(html)  # noqa: S308
    writer = _Writer(numbers)
    writer.feed(html)
    writer.close()
    return mark_safe("".join(writer.parts))  # noqa: S308


class _Writer(HTMLParser):
    """Copy the parsed HTML unchanged, except for citations in its text."""

    def __init__(self, numbers: Collection[int]) -> None:
        super().__init__(convert_charrefs=False)
        self.numbers = numbers
        self.parts: list[str] = []
        self.links_open = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.links_open += tag == "a"
        self.parts.append(self.get_starttag_text() or "")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.parts.append(self.get_starttag_text() or "")

    def handle_endtag(self, tag: str) -> None:
        self.links_open -= tag == "a" and self.links_open > 0
        self.parts.append(f"</{tag}>")

    def handle_entityref(self, name: str) -> None:
        self.parts.append(f"&{name};")

    def handle_charref(self, name: str) -> None:
        self.parts.append(f"&#{name};")

    def handle_data(self, data: str) -> None:
        self.parts.append(data if self.links_open else _MARK.sub(self._link, data))

    def _link(self, match: re.Match[str]) -> str:
        cited = [int(number) for number in match[1].split(",")]
        if not any(number in self.numbers for number in cited):
            return match[0]
        return f'<sup class="source-mark">{", ".join(self._number(number) for number in cited)}</sup>'

    def _number(self, number: int) -> str:
        if number not in self.numbers:
            return str(number)
        return f'<a href="#source-{number}"><span class="visually-hidden">source </span>{number}</a>'
