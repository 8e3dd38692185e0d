"""Whether somebody searches in danger: then whom to call stands above everything that was found.

The signs are the clinic's own: those it lists before booking, and the care cards of published
pages. A few words mean danger on any site. Pure: nothing that is asked is kept.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from content.search.terms import STOP_WORDS, is_kin, words_of

# All words of a set, in any form. They name no sign of the clinic's, and no page is needed for them.
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
# They stand in many signs and say nothing by themselves.
WEAK = frozenset(
    {"new", "one", "serious", "sudden", "bad", "trouble", "last", "day", "days", "hour", "hours"}
    | {"arm", "arms", "leg", "legs", "side", "sides"}
)


@dataclass(frozen=True)
class Care:
    """One care card: ``level`` is "911", "811" or "crisis"."""

    level: str
    heading: str
    signs: tuple[str, ...] = ()


def care_for(question: str, cards: Sequence[dict[str, Any]], plain_words: Iterable[str]) -> Care | None:
    """The card that stands above the results, or none. ``plain_words`` are those of titles: no sign by themselves."""
    typed = words_of(question)
    if _has_any(CRISIS, typed):
        return Care("crisis", "You are not alone. Talk to somebody now")
    plain = set(plain_words) | WEAK | STOP_WORDS
    for call in ("911", "811"):
        for card in cards:
            if card["call"] == call and any(_is_sign(typed, sign, plain) for sign in card["signs"]):
                return Care(call, card["heading"], tuple(card["signs"]))
        if call == "911" and _has_any(DANGER, typed):
            return Care("911", "If this is happening now, do not wait")
    return Care("811", "Not sure how urgent it is?") if _has_any(NURSE, typed) else None


def _has_any(sets: Iterable[set[str]], typed: Sequence[str]) -> bool:
    return any(all(any(word == one or is_kin(word, one) for one in typed) for word in each) for each in sets)


def _is_sign(typed: Sequence[str], sign: str, plain: set[str]) -> bool:
    """Whether a sign was typed: two words of it, or the one word that was typed, and not only words of titles."""
    told = [word for word in words_of(sign) if word not in STOP_WORDS]
    meant = [word for word in dict.fromkeys(typed) if word not in STOP_WORDS and word not in WEAK]
    met = [word for word in meant if any(is_kin(word, one) for one in told)]
    is_enough = len(met) >= 2 or (len(met) == 1 and len(meant) == 1)
    return is_enough and any(not any(is_kin(word, one) for one in plain if one.isalpha()) for word in met)
