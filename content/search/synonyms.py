"""Synonyms that staff keep, as stored with the index: applied to a query in plain Python, alike on both databases."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from content.models import SearchSynonym
from content.search.tokenizer import query_words, stem

MAX_ALTERNATIVES = 8  # of one query

Rule = Mapping[str, Any]  # JSON: the words of each phrase in "typed" and "words", and the id of an "entry" or None


@dataclass
class Expansion:
    """What else a query finds: the words of other queries, and the ids of entries to show first."""

    alternatives: list[list[str]] = field(default_factory=list)
    entries: list[int] = field(default_factory=list)


def build_rules(synonyms: Iterable[SearchSynonym], entries: Mapping[str, int]) -> list[Rule]:
    """Return the synonyms as JSON. ``entries`` maps the addresses of published pages to the ids of their entries."""
    return [
        {
            "typed": _phrases(synonym.typed),
            "words": _phrases(synonym.words),
            "entry": entries.get(synonym.page.get_absolute_url()) if synonym.page else None,
        }
        for synonym in synonyms
    ]


def expand(words: Sequence[str], rules: Iterable[Rule]) -> Expansion:
    """Apply each rule whose phrase is among the words, in any form: "car accidents" has the phrase "car accident"."""
    expansion = Expansion()
    for rule in rules:
        for start, end in _places(words, rule["typed"]):
            expansion.alternatives += [[*words[:start], *phrase, *words[end:]] for phrase in rule["words"]]
            if rule["entry"] is not None and rule["entry"] not in expansion.entries:
                expansion.entries.append(rule["entry"])
    expansion.alternatives = expansion.alternatives[:MAX_ALTERNATIVES]
    return expansion


def _phrases(text: str) -> list[list[str]]:
    return [words for phrase in text.split(",") if (words := query_words(phrase))]


def _places(words: Sequence[str], phrases: Iterable[Sequence[str]]) -> Iterator[tuple[int, int]]:
    """Yield the first and the last-plus-one position of each phrase that the words contain."""
    stems = [stem(word) for word in words]
    for phrase in phrases:
        wanted = [stem(word) for word in phrase]
        for start in range(len(stems) - len(wanted) + 1):
            if stems[start : start + len(wanted)] == wanted:
                yield start, start + len(wanted)
