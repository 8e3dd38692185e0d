"""Answer readers from memory: a published page that has been made is given again, before Django begins.

Four fifths of what a small page costs are middleware, so a kept page is answered in front of all of
it, with the very headers that Django sent. What is looked at each time, so that several processes
agree and nobody reads yesterday's words:

- the version of what is shown, one small query: the instant staff publish, hide or change anything,
  the page is made anew;
- the clock, for what is to go live later;
- once a second, the times that the page shows: they may be a second old, and booking checks again.

Only pages that say so themselves (``content/keeping.py``) are kept: none that depends on a cookie, a
form or a query. A page goes out as the browser can read it, packed once.
"""

import gzip
import hashlib
import re
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from typing import Any
from urllib.parse import urlsplit

import brotli
from django.conf import settings
from django.db import DatabaseError, connection
from django.utils import timezone

from booking.models import shown_version

Key = tuple[str, str, str | None]
Application = Callable[[dict[str, Any], Any], Iterable[bytes]]
MOST_PAGES = 500  # Some tens of kilobytes each.
SECOND = timedelta(seconds=1)
SCHEMES = {None, "http", "https"}
PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "br": lambda body: brotli.compress(body, quality=5),
    "gzip": lambda body: gzip.compress(body, compresslevel=6, mtime=0),
}


@dataclass
class Kept:
    """A page that was made, and what has to stay so for it to be given again."""

    keep: Any  # content.keeping.Keep
    status: str
    headers: list[tuple[str, str]]
    body: bytes
    etag: str
    looked_at: datetime  # When its times were last seen to be free.
    packed: dict[str, bytes] = field(default_factory=dict)

    def holds(self, version: int, now: datetime) -> bool:
        return self.keep.version == version and (self.keep.until is None or now < self.keep.until)

    def times_hold(self, now: datetime) -> bool:
        """Whether its times are still free. One thread looks; the others go on meanwhile."""
        if self.keep.look is None or self.looked_at <= now < self.looked_at + SECOND:
            return True
        self.looked_at = now
        return bool(self.keep.look(now) == self.keep.seen)

    def in_encoding(self, encoding: str) -> bytes:
        if not encoding:
            return self.body
        if encoding not in self.packed:
            self.packed[encoding] = PACKERS[encoding](self.body)
        return self.packed[encoding]


class PageCache:
    """Stands before the application, and keeps what it says may be kept."""

    def __init__(self, application: Application) -> None:
        self.application = application
        self.pages: OrderedDict[Key, Kept] = OrderedDict()
        self.lock = Lock()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        key = _key(environ)
        if key is None:
            return self.application(environ, start_response)
        kept = self.pages.get(key)
        if kept is not None and self._still_holds(key, kept):
            return _answer(kept, environ, start_response)
        return self._make(key, environ, start_response)

    def _still_holds(self, key: Key, kept: Kept) -> bool:
        now = timezone.now()
        try:
            connection.close_if_unusable_or_obsolete()
            holds = kept.holds(shown_version(), now) and kept.times_hold(now)
        except DatabaseError:
            return False  # Django says it in its own way.
        if not holds:
            with self.lock:
                if self.pages.get(key) is kept:
                    del self.pages[key]
        return holds

    def _make(self, key: Key, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Let Django answer, and keep the answer where it says so."""
        now = timezone.now()
        started: list[Any] = []

        def hold_back(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            started[:] = [status, headers, exc_info]

        response: Any = self.application(environ, hold_back)
        status, headers, exc_info = started
        keep = getattr(response, "keep", None)
        if keep is None or environ["REQUEST_METHOD"] != "GET" or not status.startswith("200 ") or response.cookies:
            start_response(status, headers, *([exc_info] if exc_info else []))
            return response
        body = b"".join(response)
        response.close()
        kept = Kept(keep, status, _headers(headers), body, _etag(body), looked_at=now)
        with self.lock:
            self.pages[key] = kept
            self.pages.move_to_end(key)
            while len(self.pages) > MOST_PAGES:
                self.pages.popitem(last=False)
        return _answer(kept, environ, start_response)


def _key(environ: dict[str, Any]) -> Key | None:
    """What the answer depends on; None for requests that Django has to look at.

    The scheme decides about the redirect to https. A host that is not ours is refused by Django, and
    values that a stranger makes up must not fill the memory.
    """
    forwarded = environ.get("HTTP_X_FORWARDED_PROTO")
    is_plain = (
        environ["REQUEST_METHOD"] in {"GET", "HEAD"}
        and not environ.get("QUERY_STRING")
        and not environ.get("CONTENT_TYPE")
        and environ.get("HTTP_HOST") == urlsplit(settings.SITE_URL).netloc
        and forwarded in SCHEMES
    )
    return (environ["PATH_INFO"], environ["wsgi.url_scheme"], forwarded) if is_plain else None


def _headers(headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """What every answer with this page carries; how long it is and how it is packed differs."""
    own = {"content-length", "content-encoding", "etag", "vary"}
    return [(name, value) for name, value in headers if name.lower() not in own] + [("Vary", "Accept-Encoding")]


def _etag(body: bytes) -> str:
    # Weak: the same for every encoding of the same page (RFC 9110, 8.8.1).
    return f'W/"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'


def _answer(kept: Kept, environ: dict[str, Any], start_response: Any) -> list[bytes]:
    if _knows(environ.get("HTTP_IF_NONE_MATCH", ""), kept.etag):
        named = {"cache-control", "vary", "content-security-policy"}
        headers = [(name, value) for name, value in kept.headers if name.lower() in named]
        start_response("304 Not Modified", [*headers, ("ETag", kept.etag)])
        return []
    encoding = _encoding(environ.get("HTTP_ACCEPT_ENCODING", ""))
    body = kept.in_encoding(encoding)
    headers = [*kept.headers, ("ETag", kept.etag), ("Content-Length", str(len(body)))]
    if encoding:
        headers.append(("Content-Encoding", encoding))
    start_response(kept.status, headers)
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]


def _knows(if_none_match: str, etag: str) -> bool:
    """Whether the browser has this page already (RFC 9110, 13.1.2: compared weakly)."""
    opaque = etag.removeprefix("W/")
    return any(one.strip().removeprefix("W/") in {opaque, "*"} for one in if_none_match.split(","))


def _encoding(accepted: str) -> str:
    """The best of ours that the browser takes; what it refuses with q=0 counts as not named."""
    offers = {}
    for offer in accepted.lower().split(","):
        name, _, weight = offer.partition(";")
        offers[name.strip()] = re.fullmatch(r"\s*q\s*=\s*0(\.0*)?\s*", weight) is None
    return next((name for name in PACKERS if offers.get(name)), "")
