"""From what somebody typed to what they are shown. The same rule on both databases.

Every word must be there, or one of the same meaning; the last may be the beginning of a longer
one. If nothing has all of them, things that have some are shown and said to be that. If nothing has
any, the words that were most likely meant are looked for instead, and named.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.core.paginator import Page as PageOfResults
from django.core.paginator import Paginator

from content.models import SearchEntry, SearchIndex
from content.search import engines
from content.search.care import Care, care_for
from content.search.excerpts import Piece, excerpt, is_meant
from content.search.index import in_step
from content.search.terms import as_shown, asked, corrected, longer, same_as

ON_A_PAGE = 10
KINDS = SearchEntry.Kind.values


@dataclass(frozen=True)
class Result:
    kind: str
    address: str
    title: str
    trail: str
    excerpt: list[Piece]


@dataclass
class Answer:
    """What is shown. ``question`` is fit to be shown; nothing here is kept.

    ``instead`` are the words that were looked for in place of the typed ones, ``meant`` a better
    question to offer, ``is_part`` says that the results have only some of the words.
    """

    question: str
    words: list[str] = field(default_factory=list)
    care: Care | None = None
    page: PageOfResults[Any] | None = None
    results: list[Result] = field(default_factory=list)
    is_part: bool = False
    instead: str = ""
    meant: str = ""

    @property
    def count(self) -> int:
        return self.page.paginator.count if self.page else 0


def search(question: str, *, page: str, now: datetime) -> Answer:
    """What readers may see of what was asked for. Costs the same few queries however much there is."""
    answer = Answer(as_shown(question))
    if not answer.question:
        return answer
    index = in_step(now=now)
    answer.care = care_for(answer.question, index.care_cards, index.plain_words)
    answer.words = asked(answer.question)
    found = _find(answer, index)
    looked_for = answer.instead.split() or answer.words
    answer.page = Paginator(_in_order(found, looked_for), ON_A_PAGE).get_page(page)
    # What was typed comes last: it may be a beginning, which words of the same meaning are not.
    alike = [other for word in looked_for for other in same_as(word)]
    answer.results = _results(list(answer.page), [*alike, *looked_for])
    return answer


def _find(answer: Answer, index: SearchIndex) -> list[int]:
    groups = _groups(answer.words, index)
    found = engines.find(groups, every=True)
    if found or not groups:
        return found
    better = corrected(answer.words, index.vocabulary)
    found = engines.find(groups, every=False) if len(groups) > 1 else []
    if found:
        answer.is_part, answer.meant = True, " ".join(better)
    elif better:
        answer.instead = " ".join(better)
        groups = _groups(better, index)
        found = engines.find(groups, every=True) or engines.find(groups, every=False)
    return found


def _groups(words: Sequence[str], index: SearchIndex) -> list[list[str]]:
    """Each word with those that are as good: of the same meaning, or longer ones that the last is the beginning of."""
    return [[word, *same_as(word), *(longer(word, index.vocabulary) if word == words[-1] else ())] for word in words]


def _in_order(ids: Sequence[int], words: Sequence[str]) -> list[int]:
    """What has every word in its title comes first, pages before the rest; then as the database ranks it."""
    if not ids:
        return []
    rows = SearchEntry.objects.filter(pk__in=ids).values_list("pk", "kind", "title")
    heads = {pk: (kind, title) for pk, kind, title in rows}

    def place(rank: int) -> tuple[int, int, int]:
        kind, title = heads.get(ids[rank], ("", ""))
        is_it = all(is_meant(title, word, words) for word in words)
        return (0, KINDS.index(kind), rank) if is_it else (1, 0, rank)

    return [ids[rank] for rank in sorted(range(len(ids)), key=place)]


def _results(ids: Sequence[int], words: Sequence[str]) -> list[Result]:
    entries = SearchEntry.objects.in_bulk(ids)
    return [
        Result(
            kind=entry.kind,
            address=entry.address,
            title=entry.title,
            trail=entry.trail,
            excerpt=excerpt(entry.lede, entry.body, words),
        )
        for entry in (entries[pk] for pk in ids if pk in entries)
    ]
