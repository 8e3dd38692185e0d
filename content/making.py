"""Make a public page, and none of it twice: what was read is the same, so the page is.

A page is made of what three queries say (the words, what they name, the clinic's facts), of the
pictures that lie ready on disk, and of the next free time. All of that is read for every page that
is made. Where it is what the page at this address was last made of, the HTML of that time is the
page, and only the next free time is put into it. So nothing has to be told of a change, and each
process finds out by itself.
"""

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from threading import Lock
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from booking import together
from booking.context import Facts, facts_of
from booking.models import Service
from content import next_free, pictures
from content.keeping import keep
from content.live import Found, Named
from content.showing import context_with, html_of, may_show_next_free, names_in, shown, template_of

MOST_BYTES = 8 << 20  # A page is some 100 kilobytes with what it is made of.


@dataclass(frozen=True)
class Made:
    """A page's HTML around the place of its next free time, and what it was made of."""

    words: list[together.Row]
    named: Named
    names: tuple[together.Row, ...]
    facts: Facts
    disk: Hashable
    html: list[bytes]
    service: Service | None

    def stands(self, words: list[together.Row], names: tuple[together.Row, ...], facts: Facts, disk: Hashable) -> bool:
        return self.facts is facts and self.disk == disk and self.words == words and self.names == names

    def body(self, facts: Facts, now: datetime) -> tuple[bytes, Hashable]:
        """The page, and the next free time that stands on it."""
        if self.service is None:
            return self.html[0], None
        found = next_free.find(now, service=self.service)
        return next_free.in_html(found, facts).encode().join(self.html), found

    @property
    def size(self) -> int:
        return sum(map(len, self.html)) + sum(len(cells) for _, cells in (*self.words, *self.names))


class Memory:
    """What was made last at each address, up to so many bytes; what nobody has asked for longest goes first."""

    def __init__(self, most_bytes: int) -> None:
        self.most_bytes, self.bytes = most_bytes, 0
        self._made: OrderedDict[Hashable, Made] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Hashable) -> Made | None:
        with self._lock:
            if key in self._made:
                self._made.move_to_end(key)
            return self._made.get(key)

    def keep(self, key: Hashable, made: Made) -> None:
        with self._lock:
            before = self._made.pop(key, None)
            self._made[key] = made
            self.bytes += made.size - (before.size if before else 0)
            while self.bytes > self.most_bytes:
                self.bytes -= self._made.popitem(last=False)[1].size

    def clear(self) -> None:
        with self._lock:
            self._made.clear()
            self.bytes = 0


memory = Memory(MOST_BYTES)


def answer(request: HttpRequest, found: Found, *, now: datetime) -> HttpResponse:
    """The page that was found at this address. One query, one for the clinic, and what the next free time costs."""
    facts = facts_of(request)
    made = _made(request, found, facts, now)
    body, free = made.body(facts, now)
    look = partial(next_free.find, service=made.service) if made.service else None
    return keep(request, HttpResponse(body), version=found.version, until=found.changes_at, look=look, seen=free)


def _made(request: HttpRequest, found: Found, facts: Facts, now: datetime) -> Made:
    key = (request.path, settings.SITE_URL, settings.IS_HTTPS)
    last = memory.get(key)
    same_words = last is not None and last.words == found.rows
    named = last.named if last and same_words else names_in(shown(found))
    # Before anything is made of it: what comes while the page is made makes it anew the next time.
    disk, names = pictures.on_disk(), named.ask(now)
    if last and last.stands(found.rows, names, facts, disk):
        return last
    context = context_with(shown(found), named.live(names))
    made = Made(found.rows, named, names, facts, disk, *_html(request, found, context))
    if disk is not pictures.UNSETTLED:
        memory.keep(key, made)
    return made


def _html(request: HttpRequest, found: Found, context: dict[str, Any]) -> tuple[list[bytes], Service | None]:
    service = context["page"].service if may_show_next_free(context["page"]) else None
    html = html_of(request, template_of(found.kind), **context, next_free=next_free.LATER)
    parts = [part.encode() for part in html.split(next_free.LATER)]
    return parts, service if len(parts) > 1 else None
