"""Emergency notices: show whom to call above the results when a query names a sign of danger.

The signs are those that the clinic lists before booking, and those of care cards on published pages. A few words
always mean danger. Pure functions; queries are not stored.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext

from content.search.tokenizer import STOP_WORDS, is_same_stem, words_of

# A query matches if it has all words of a set, in any form. These work without any sign of the clinic or its pages.
DANGER = [
    {"911"}, {"ambulance"}, {"emergency"}, {"heart", "attack"}, {"stroke"}, {"chest", "pain"},
    {"cant", "breathe"}, {"trouble", "breathing"}, {"short", "breath"}, {"shortness", "breath"}, {"unconscious"},
    {"passed", "out"}, {"seizure"}, {"collapsed"}, {"overdose"}, {"choking"},
]  # fmt: skip
CRISIS = [
    {"suicide"}, {"suicidal"}, {"kill", "myself"}, {"killing", "myself"}, {"end", "life"},
    {"harm", "myself"}, {"harm", "self"}, {"want", "die"}, {"wanting", "die"}, {"wish", "dead"},
]  # fmt: skip
NURSE = [{"811"}, {"nurse"}, {"health", "link"}]
# Words that occur in many signs and mean nothing by themselves.
WEAK = frozenset(
    {"new", "one", "serious", "sudden", "bad", "trouble", "last", "day", "days", "hour", "hours"}
    | {"arm", "arms", "leg", "legs", "side", "sides"}
)


@dataclass(frozen=True)
class EmergencyNotice:
    """The notice to show. ``level`` is "911", "811" or "crisis"."""

    level: str
    heading: str
    signs: tuple[str, ...] = ()


def emergency_notice_for(
    query: str, cards: Sequence[dict[str, Any]], plain_words: Iterable[str]
) -> EmergencyNotice | None:
    """Return the notice for a query, or None. ``plain_words``: words of titles, which alone are no sign of danger."""
    typed = words_of(query)
    if _has_any(CRISIS, typed):
        return EmergencyNotice("crisis", gettext("You're not alone. Talk to someone now"))
    plain = set(plain_words) | WEAK | STOP_WORDS
    for call in ("911", "811"):
        for card in cards:
            if card["call"] == call and any(_is_sign(typed, sign, plain) for sign in card["signs"]):
                return EmergencyNotice(call, card["heading"], tuple(card["signs"]))
        if call == "911" and _has_any(DANGER, typed):
            return EmergencyNotice("911", gettext("If this is happening now, don't wait"))
    return EmergencyNotice("811", "Not sure how urgent it is?") if _has_any(NURSE, typed) else None


def _has_any(sets: Iterable[set[str]], typed: Sequence[str]) -> bool:
    def is_typed(word: str) -> bool:
        return any(word == other or is_same_stem(word, other) for other in typed)

    return any(all(is_typed(word) for word in words) for words in sets)


def _is_sign(typed: Sequence[str], sign: str, plain: set[str]) -> bool:
    """Whether the query names a sign: by two of its words, or by its only word, and not only by words of titles."""
    sign_words = [word for word in words_of(sign) if word not in STOP_WORDS]
    query_words = [word for word in dict.fromkeys(typed) if word not in STOP_WORDS and word not in WEAK]
    matches = [word for word in query_words if any(is_same_stem(word, other) for other in sign_words)]
    is_enough = len(matches) >= 2 or (len(matches) == 1 and len(query_words) == 1)
    plain_letters = [word for word in plain if word.isalpha()]
    return is_enough and any(not any(is_same_stem(word, other) for other in plain_letters) for word in matches)
