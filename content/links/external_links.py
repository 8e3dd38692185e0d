"""Collect the external links of published pages, fetch them, and record the outcome.

No request is sent unless ``manage.py check_links`` runs, and only to URLs that are on public pages.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urldefrag, urlsplit

from django.conf import settings
from django.db import transaction

from booking.models import Practitioner
from booking.outbound_http import FetchResult, fetch_status
from content.blocks import block_text
from content.links.typed_links import is_external
from content.models import ExternalLink, Revision, Sources
from content.pages.published import with_blocks

PAUSE = 1.0  # seconds between two requests to one host
LONGEST = 1000  # characters of a URL, the size of the database column


@dataclass
class Holders:
    """The ids of the pages (and snippets) and practitioners that publish a link."""

    pages: set[int] = field(default_factory=set)
    people: set[int] = field(default_factory=set)


def published_links(*, now: datetime) -> dict[str, Holders]:
    """Return the external links that readers can follow now, by URL without its fragment."""
    links: dict[str, Holders] = {}
    for page in with_blocks(Revision.objects.live(at=now)):
        for row in page.words.rows():
            for address in (*_sources_of(row), *(address for address, _text in block_text.links_of(row))):
                if is_external(address):
                    links.setdefault(_without_fragment(address), Holders()).pages.add(page.page.pk)
    for pk, address in Practitioner.objects.active().exclude(register_url="").values_list("pk", "register_url"):
        if is_external(address):
            links.setdefault(_without_fragment(address), Holders()).people.add(pk)
    return {address: links[address] for address in sorted(links) if len(address) <= LONGEST}


def _sources_of(row: object) -> list[str]:
    if not isinstance(row, Sources):
        return []
    links = ((source.get("doi"), source.get("address")) for source in row.items)
    return [f"https://doi.org/{doi}" if doi else address for doi, address in links if doi or address]


def _without_fragment(address: str) -> str:
    url = f"https:{address}" if address.startswith("//") else address
    return urldefrag(url).url


def user_agent() -> str:
    """The User-Agent header, with a URL at which the other site can reach the clinic."""
    return f"ClinicLinkCheck/1.0 (+{settings.SITE_URL}/)"


def check(
    *,
    now: datetime,
    look: Callable[..., FetchResult] = fetch_status,
    pause: float = PAUSE,
    tell: Callable[[str, FetchResult], None] = lambda address, result: None,
) -> dict[str, int]:
    """Fetch every published link, one after the other, and record each outcome. Returns the counts by outcome.

    Links that are no longer on any page are deleted. ``look`` fetches a URL, ``pause`` is in seconds, and ``tell``
    is called with each result.
    """
    counts = dict.fromkeys(ExternalLink.Outcome.values, 0)
    links = published_links(now=now)
    ExternalLink.objects.exclude(address__in=links).delete()
    last_host = ""
    for address, holders in links.items():
        host = urlsplit(address).netloc
        if host == last_host:
            time.sleep(pause)
        last_host = host
        result = look(address, user_agent=user_agent())
        _record(address, result, holders, now)
        counts[result.outcome] += 1
        tell(address, result)
    return counts


@transaction.atomic
def _record(address: str, result: FetchResult, holders: Holders, now: datetime) -> None:
    fields = {"outcome": result.outcome, "words": result.words[:1200], "checked_at": now}
    link, _is_new = ExternalLink.objects.update_or_create(address=address, defaults=fields)
    link.pages.set(link.pages.model.objects.filter(pk__in=holders.pages))
    link.people.set(Practitioner.objects.filter(pk__in=holders.people))
