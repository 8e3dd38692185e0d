"""Run a search query. The rules are the same on both databases.

Every word, or a synonym, must match; the last word may be a prefix. If no entry matches all words, entries that match
some are shown and marked as partial results. If none matches any, the spelling-corrected query is run instead.
A page or a person whose whole name was typed comes first, then the pages that staff have named for a word.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.core.paginator import Page as PageOfResults
from django.core.paginator import Paginator

from content.models import SearchEntry, SearchIndex
from content.search import backends
from content.search.emergency_notice import EmergencyNotice, emergency_notice_for
from content.search.excerpts import ExcerptPiece, excerpt, matches
from content.search.index import ensure_fresh
from content.search.synonyms import Expansion, expand
from content.search.tokenizer import (
    completions,
    correct_spelling,
    query_words,
    sanitize_query,
    synonyms,
    words_of,
)

PAGE_SIZE = 10
KINDS = SearchEntry.Kind.values


@dataclass(frozen=True)
class Result:
    kind: str
    address: str
    title: str
    trail: str
    excerpt: list[ExcerptPiece]


@dataclass
class SearchResults:
    """The results of a query. Nothing here is stored.

    ``question`` is the sanitized query, ``instead`` the corrected query that was run in its place, ``meant`` a
    corrected query to suggest; ``is_part`` marks results that match only some of the words.
    """

    question: str
    words: list[str] = field(default_factory=list)
    care: EmergencyNotice | None = None
    page: PageOfResults[Any] | None = None
    results: list[Result] = field(default_factory=list)
    is_part: bool = False
    instead: str = ""
    meant: str = ""

    @property
    def count(self) -> int:
        return self.page.paginator.count if self.page else 0


def search(query: str, *, page: str, now: datetime) -> SearchResults:
    """Search published content, in a constant number of queries. ``page`` is the page number as typed."""
    results = SearchResults(sanitize_query(query))
    if not results.question:
        return results
    index = ensure_fresh(now=now)
    results.care = emergency_notice_for(results.question, index.care_cards, index.plain_words)
    results.words = query_words(results.question)
    named = (index.names or {}).get(" ".join(words_of(results.question)), [])
    expansion = _expand(results.words, index)
    ids = _find(results, index, expansion, has_first=bool(named or expansion.entries))
    searched_words = results.instead.split() or results.words
    if results.instead:
        expansion = _expand(searched_words, index)
    first = dict.fromkeys([*named, *expansion.entries])
    rest = [pk for pk in _in_order(ids, searched_words) if pk not in first]
    results.page = Paginator([*first, *rest], PAGE_SIZE).get_page(page)
    # The typed words come last: the last word may be a prefix, which a synonym may not.
    synonyms_of_words = [other for word in searched_words for other in synonyms(word)]
    synonyms_of_words += [word for words in expansion.alternatives for word in words if word not in searched_words]
    results.results = _results(list(results.page), [*synonyms_of_words, *searched_words])
    return results


def _expand(words: Sequence[str], index: SearchIndex) -> Expansion:
    return expand(words, index.synonyms or [])


def _find(results: SearchResults, index: SearchIndex, expansion: Expansion, *, has_first: bool) -> list[int]:
    """Return the ids of the entries of the words. ``has_first``: others come first, so parts are not searched for."""
    groups = _groups(results.words, index)
    ids = backends.find([groups, *_alternatives(expansion, index)], every=True)
    if ids or has_first or not groups:
        return ids
    corrected_words = correct_spelling(results.words, index.vocabulary)
    # Without completions: one word's beginning is too little ("gift card" is not about Jordan Cardinal).
    part_groups = _groups(results.words, index, completed=False)
    ids = backends.find([part_groups], every=False) if len(groups) > 1 else []
    if ids:
        results.is_part, results.meant = True, " ".join(corrected_words)
    elif corrected_words:
        results.instead = " ".join(corrected_words)
        groups = _groups(corrected_words, index, completed=False)
        alternatives = _alternatives(_expand(corrected_words, index), index)
        ids = backends.find([groups, *alternatives], every=True) or backends.find([groups], every=False)
    return ids


def _alternatives(expansion: Expansion, index: SearchIndex) -> list[list[list[str]]]:
    return [_groups(words, index, completed=False) for words in expansion.alternatives]


def _groups(words: Sequence[str], index: SearchIndex, *, completed: bool = True) -> list[list[str]]:
    """Return each word with its synonyms; the last word, if ``completed``, also with the words it is a prefix of."""
    longer = completions(words[-1], index.vocabulary) if words and completed else []
    return [[word, *synonyms(word), *(longer if word == words[-1] else ())] for word in words]


def _in_order(ids: Sequence[int], words: Sequence[str]) -> list[int]:
    """Sort entries with every word in the title first, by kind; then the others by rank."""
    if not ids:
        return []
    rows = SearchEntry.objects.filter(pk__in=ids).values_list("pk", "kind", "title")
    rows_by_id = {pk: (kind, title) for pk, kind, title in rows}

    def sort_key(rank: int) -> tuple[int, int, int]:
        kind, title = rows_by_id.get(ids[rank], ("", ""))
        is_title_match = all(matches(title, word, words) for word in words)
        return (0, KINDS.index(kind), rank) if is_title_match else (1, 0, rank)

    return [ids[rank] for rank in sorted(range(len(ids)), key=sort_key)]


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
