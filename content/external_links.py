"""Which links of what readers see lead to other sites, and writing down what became of them.

Nobody is asked unless ``manage.py check_links`` runs. What it looks at is on public pages already.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urldefrag, urlsplit

from django.conf import settings
from django.db import transaction

from booking import together
from booking.models import Practitioner
from content import live, wording
from content.link_visits import Answer, visit
from content.models import ExternalLink, Revision, Sources
from content.typed_links import is_elsewhere

PAUSE = 1.0  # seconds between two questions to one site
LONGEST = 1000  # characters of an address; browsers and sites take no more for granted


@dataclass
class Holders:
    """The ids of the pages (and snippets) and of the people that a link is published with."""

    pages: set[int] = field(default_factory=set)
    people: set[int] = field(default_factory=set)


def published(*, now: datetime) -> dict[str, Holders]:
    """Every link to another site that readers can follow today, without the place inside the page it leads to."""
    found: dict[str, Holders] = {}
    for revision in together.fetch(words=live.whole(Revision.objects.live(at=now)))["words"]:
        one = live.published(revision)
        for row in one.words.rows():
            for address in (*_sources_of(row), *(address for address, _text in wording.links_of(row))):
                if is_elsewhere(address):
                    found.setdefault(_bare(address), Holders()).pages.add(one.page.pk)
    for pk, address in Practitioner.objects.active().exclude(register_url="").values_list("pk", "register_url"):
        if is_elsewhere(address):
            found.setdefault(_bare(address), Holders()).people.add(pk)
    return {address: found[address] for address in sorted(found) if len(address) <= LONGEST}


def _sources_of(row: object) -> list[str]:
    if not isinstance(row, Sources):
        return []
    places = ((source.get("doi"), source.get("address")) for source in row.items)
    return [f"https://doi.org/{doi}" if doi else address for doi, address in places if doi or address]


def _bare(address: str) -> str:
    whole = f"https:{address}" if address.startswith("//") else address
    return urldefrag(whole).url


def user_agent() -> str:
    """Who asks, so that the other site can ask back."""
    return f"ClinicLinkCheck/1.0 (+{settings.SITE_URL}/)"


def check(
    *,
    now: datetime,
    look: Callable[..., Answer] = visit,
    pause: float = PAUSE,
    tell: Callable[[str, Answer], None] = lambda address, answer: None,
) -> dict[str, int]:
    """Visit every published link, one after the other, and write down each at once. Counts the outcomes.

    Links that no page holds any more are forgotten.
    """
    counts = dict.fromkeys(ExternalLink.Outcome.values, 0)
    links = published(now=now)
    ExternalLink.objects.exclude(address__in=links).delete()
    last = ""
    for address, holders in links.items():
        host = urlsplit(address).netloc
        if host == last:
            time.sleep(pause)
        last = host
        answer = look(address, user_agent=user_agent())
        _record(address, answer, holders, now)
        counts[answer.outcome] += 1
        tell(address, answer)
    return counts


@transaction.atomic
def _record(address: str, answer: Answer, holders: Holders, now: datetime) -> None:
    found = {"outcome": answer.outcome, "words": answer.words[:1200], "checked_at": now}
    link, _is_new = ExternalLink.objects.update_or_create(address=address, defaults=found)
    link.pages.set(link.pages.model.objects.filter(pk__in=holders.pages))
    link.people.set(Practitioner.objects.filter(pk__in=holders.people))
