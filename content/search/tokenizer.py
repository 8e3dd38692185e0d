"""Tokenizer, spelling correction and synonyms: normalize the words of texts and queries.

Words consist of letters and digits, without accents and case. Pure functions: no database, no clock. The databases
only receive words from here, so no typed character can act as query syntax.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from itertools import pairwise

from booking.text_cleaning import normalize_for_search

MAX_QUERY_LENGTH = 200  # characters; the rest of a query is ignored
MAX_WORDS = 12
MAX_WORD_LENGTH = 40
MAX_COMPLETIONS = 20
MIN_PREFIX = 3  # letters of a last word that may be a prefix
_WORD = re.compile(r"[^\W_]+")

# Stop words. PostgreSQL's English configuration drops nearly the same; dropping them here gives both databases the
# same rule.
STOP_WORDS = frozenset(
    """
    a about above after again against all also am an and any anybody anyone are arent as at
    be because been before being below between both but by can cannot cant could couldnt
    did didnt do does doesnt doing don done dont down during each ever few for from further
    get give go got had hadnt has hasnt have havent having he her here hers herself him himself his how
    i id if ill im in into is isnt it its itself ive just know let like ll m make may me might more most much must
    mustnt my myself need needs no nor not now of off on once one only or other our ours ourselves out over own
    please re s same shall she should shouldnt so some somebody someone such t tell than that the their theirs them
    themselves then there these they theyre this those through to too under until up us use ve very
    want was wasnt we were werent what when where which while who whom why will with wont would wouldnt
    yes you your youre yours yourself yourselves
    """.split()  # noqa: SIM905 (a list would be longer than all the rest)
)
# Synonyms that apply to any clinic's site. Other names of a treatment belong to its page (Page.alternate_names).
SYNONYMS = [
    {"visit", "appointment", "booking", "session"},
    {"fee", "price", "cost", "charge"},
    {"insurance", "benefit", "coverage"},
    {"cancel", "reschedule"},
    {"step", "wheelchair", "accessibility", "ramp"},
    {"parking", "car"},
    {"directions", "address", "location"},
    {"physiotherapist", "physio", "therapist"},
]
_ENDINGS = ("ings", "ing", "ness", "ies", "ed", "es", "s", "y", "e")


def words_of(text: str) -> list[str]:
    """Return the normalized words in order; "Zoë's X-ray" gives "zoes", "x", "ray"."""
    return [word[:MAX_WORD_LENGTH] for word in _WORD.findall(normalize_for_search(text))]


def sanitize_query(query: str) -> str:
    """Return a query fit for display: one line, printable characters only, of limited length."""
    printable = "".join(character if character.isprintable() else " " for character in query[: 4 * MAX_QUERY_LENGTH])
    return " ".join(printable.split())[:MAX_QUERY_LENGTH].strip()


def query_words(query: str) -> list[str]:
    """Return the distinct words to search for, without stop words, at most ``MAX_WORDS``."""
    words = dict.fromkeys(word for word in words_of(sanitize_query(query)) if word not in STOP_WORDS)
    return list(words)[:MAX_WORDS]


def stem(word: str) -> str:
    """Return the stem of a word, so that "needles" and "needling" match. Cruder than the databases' stemmers."""
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word.removesuffix(ending)
    return word


def is_same_stem(one: str, other: str) -> bool:
    """Whether two words are forms of the same word, such as "numb" and "numbness".

    Stems that differ by one letter are different words ("need", "needle"), unless it doubles the last ("plan",
    "planned").
    """
    one, other = stem(one), stem(other)
    shorter, longer = sorted((one, other), key=len)
    suffix = longer.removeprefix(shorter)
    is_form = len(suffix) > 1 or suffix == shorter[-1:]
    return one == other or (len(shorter) >= 4 and longer.startswith(shorter) and is_form)


def closest(word: str, frequencies: Mapping[str, int]) -> str:
    """Return the most likely correction of a misspelled word: smallest edit distance, then most frequent; else "".

    ``frequencies`` maps words to their frequency. The distance is at most 1, or 2 for words of seven or more
    letters; words of fewer than four letters are not corrected. The first letter stays, and a short word keeps its
    letters: one may be missing, doubled or swapped, but with another letter it is another word ("kids", "kiss").
    """
    max_distance = 0 if len(word) < 4 else 1 if len(word) < 7 else 2
    candidates = (
        (distance, -count, other)
        for other, count in frequencies.items()
        if abs(len(other) - len(word)) <= max_distance
        and other[0] == word[0]
        and (len(word) >= 6 or _is_slip(word, other))
        and (distance := edit_distance(word, other, max_distance)) <= max_distance
    )
    return min(candidates, default=(0, 0, ""))[2] if max_distance else ""


def _is_slip(word: str, other: str) -> bool:
    """Whether two letters are swapped, one is doubled or not, or, in words of five letters, one is missing."""
    if len(word) == len(other):
        return sorted(word) == sorted(other)
    longer = max(word, other, key=len)
    return any(one == two for one, two in pairwise(longer)) or (len(other) > len(word) >= 5)


def split_compound(word: str, vocabulary: Collection[str]) -> list[str]:
    """Return the two known words that were written as one, such as "backpain"; else []."""
    parts = [(word[:end], word[end:]) for end in range(MIN_PREFIX, len(word) - MIN_PREFIX + 1)]
    return next((list(pair) for pair in parts if all(part in vocabulary for part in pair)), [])


def edit_distance(one: str, other: str, limit: int) -> int:
    """Damerau-Levenshtein distance (optimal string alignment) of two words, or ``limit`` + 1 if it is greater."""
    before_last: list[int] = []
    last = list(range(len(other) + 1))
    for row, letter in enumerate(one, start=1):
        current = [row]
        for column, opposite in enumerate(other, start=1):
            cost = min(last[column] + 1, current[-1] + 1, last[column - 1] + (letter != opposite))
            is_swap = row > 1 and column > 1 and letter == other[column - 2] and one[row - 2] == opposite
            current.append(min(cost, before_last[column - 2] + 1) if is_swap else cost)
        if min(current) > limit:
            return limit + 1
        before_last, last = last, current
    return last[-1]


def completions(prefix: str, frequencies: Mapping[str, int]) -> list[str]:
    """Return words with this prefix, the most frequent first; [] if the prefix is too short."""
    if len(prefix) < MIN_PREFIX:
        return []
    words = [word for word in frequencies if word.startswith(prefix) and word != prefix]
    return sorted(words, key=lambda word: (-frequencies[word], word))[:MAX_COMPLETIONS]


def synonyms(word: str) -> list[str]:
    """Return the synonyms of a word."""
    word_stem = stem(word)
    groups = [group for group in SYNONYMS if any(stem(member) == word_stem for member in group)]
    return sorted(other for group in groups for other in group if other != word)


def has_form(word: str, vocabulary: Collection[str], *, as_prefix: bool = False) -> bool:
    """Whether the vocabulary has a form of the word."""
    if word in vocabulary:
        return True
    if as_prefix and len(word) >= MIN_PREFIX and any(known.startswith(word) for known in vocabulary):
        return True
    word_stem = stem(word)
    return any(stem(known) == word_stem for known in vocabulary)


def correct_spelling(words: Iterable[str], vocabulary: Mapping[str, int]) -> list[str]:
    """Replace words that are not in the vocabulary by their parts or corrections; [] if nothing changes."""
    originals = list(words)
    last = originals[-1] if originals else ""
    corrections: list[str] = []
    for word in originals:
        if has_form(word, vocabulary, as_prefix=word == last):
            corrections.append(word)
        else:
            corrections += split_compound(word, vocabulary) or [closest(word, vocabulary) or word]
    return corrections if corrections != originals else []


def query_from_path(path: str) -> str:
    """Return a search query for a URL that was not found, from its last path segment.

    "" for paths that may contain a secret token, and for what looks like a scanner's guess.
    """
    parts = [part for part in path.split("/") if part][:4]
    if not parts or len(path) > 150 or parts[0].lower() in _PRIVATE:
        return ""
    last = re.sub(r"\.(html?|php|aspx?)$", "", parts[-1], flags=re.IGNORECASE)
    words = [word for word in words_of(last) if word.isalpha() and len(word) <= _MAX_SEGMENT_WORD]
    return " ".join(words[:6]) if len(words) == len(words_of(last)) else ""


# Paths with secret tokens below them, which must not become a search query.
_PRIVATE = frozenset(
    {
        "admin",
        "appointment",
        "book",
        "calendar",
        "healthz",
        "livez",
        "media",
        "preview",
        "readyz",
        "staff",
        "static",
        "waitlist",
    }
)
_MAX_SEGMENT_WORD = 20  # letters; a longer string is more likely a secret than a word
