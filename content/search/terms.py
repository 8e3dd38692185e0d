"""The words of a text and of a question, made alike: no accents, no case, nothing but letters and digits.

Pure by rule: no database, no clock. Both databases are only ever given words that come from here, so
no sign that somebody types can mean anything to them.
"""

import re
from collections.abc import Collection, Iterable, Mapping

from booking.text import fold

LONGEST_QUESTION = 200  # characters that are looked at
MOST_WORDS = 12
LONGEST_WORD = 40
MOST_LONGER = 20
SHORTEST_BEGINNING = 3  # letters of a last word that may be the beginning of a longer one
_WORD = re.compile(r"[^\W_]+")

# Words that say nothing about what somebody looks for. PostgreSQL leaves out nearly the same by itself;
# leaving them out here gives both databases one rule.
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
# Words that visitors of any clinic's site use for one thing. What they call a treatment stands on its page, as the
# other names that staff write there.
SAME = [
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
    """Every word, folded, in order; "Zoë's X-ray" gives "zoes", "x", "ray"."""
    return [word[:LONGEST_WORD] for word in _WORD.findall(fold(text))]


def as_shown(question: str) -> str:
    """What somebody asked for, fit to be shown to them again: one line, nothing unseen, of bounded length."""
    seen = "".join(character if character.isprintable() else " " for character in question[: 4 * LONGEST_QUESTION])
    return " ".join(seen.split())[:LONGEST_QUESTION].strip()


def asked(question: str) -> list[str]:
    """The words that are looked for: each once, none that says nothing, and not too many."""
    words = dict.fromkeys(word for word in words_of(as_shown(question)) if word not in STOP_WORDS)
    return list(words)[:MOST_WORDS]


def root(word: str) -> str:
    """A word without its usual ending, to see that "needles" and "needling" are kin. Rougher than the databases'."""
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word.removesuffix(ending)
    return word


def is_kin(one: str, other: str) -> bool:
    """Whether two words are forms of one, such as "numb" and "numbness".

    One letter more makes another word ("need", "needle"), unless it doubles the last ("plan", "planned").
    """
    one, other = root(one), root(other)
    shorter, longer = sorted((one, other), key=len)
    more = longer.removeprefix(shorter)
    return one == other or (len(shorter) >= 4 and longer.startswith(shorter) and (len(more) > 1 or more == shorter[-1]))


def closest(word: str, among: Mapping[str, int]) -> str:
    """The word that was most likely meant: fewest slips away, then the most frequent; "" if none is near.

    ``among`` holds how often each word occurs. Two slips are forgiven in a word of seven letters.
    """
    slips = 0 if len(word) < 4 else 1 if len(word) < 7 else 2
    found = (
        (distance, -count, other)
        for other, count in among.items()
        if abs(len(other) - len(word)) <= slips and (distance := slips_between(word, other, slips)) <= slips
    )
    return min(found, default=(0, 0, ""))[2] if slips else ""


def slips_between(one: str, other: str, most: int) -> int:
    """How many letters were left out, added, mistaken or swapped with their neighbour; ``most`` + 1 for more."""
    before_last: list[int] = []
    last = list(range(len(other) + 1))
    for row, letter in enumerate(one, start=1):
        now = [row]
        for column, opposite in enumerate(other, start=1):
            cost = min(last[column] + 1, now[-1] + 1, last[column - 1] + (letter != opposite))
            is_swap = row > 1 and column > 1 and letter == other[column - 2] and one[row - 2] == opposite
            now.append(min(cost, before_last[column - 2] + 1) if is_swap else cost)
        if min(now) > most:
            return most + 1
        before_last, last = last, now
    return last[-1]


def longer(beginning: str, among: Mapping[str, int]) -> list[str]:
    """The words that begin so, the most frequent first; [] if it is too short to be taken for a beginning."""
    if len(beginning) < SHORTEST_BEGINNING:
        return []
    found = [word for word in among if word.startswith(beginning) and word != beginning]
    return sorted(found, key=lambda word: (-among[word], word))[:MOST_LONGER]


def same_as(word: str) -> list[str]:
    """What others call the same thing."""
    bare = root(word)
    return sorted(
        other for group in SAME if any(root(one) == bare for one in group) for other in group if other != word
    )


def knows(word: str, vocabulary: Collection[str], *, as_beginning: bool = False) -> bool:
    """Whether a word, or a form of it, occurs."""
    if word in vocabulary:
        return True
    if as_beginning and len(word) >= SHORTEST_BEGINNING and any(known.startswith(word) for known in vocabulary):
        return True
    bare = root(word)
    return any(root(known) == bare for known in vocabulary)


def corrected(words: Iterable[str], vocabulary: Mapping[str, int]) -> list[str]:
    """The same words, with those that occur nowhere replaced by what was most likely meant; [] if nothing changes."""
    given = list(words)
    last = given[-1] if given else ""
    better = [
        word if knows(word, vocabulary, as_beginning=word == last) else closest(word, vocabulary) or word
        for word in given
    ]
    return better if better != given else []


def of_address(path: str) -> str:
    """What somebody may have looked for at an address that leads nowhere: its last words; "" where it may be a link
    that opens something, or a machine's guess."""
    parts = [part for part in path.split("/") if part][:4]
    if not parts or len(path) > 150 or parts[0].lower() in _PRIVATE:
        return ""
    last = re.sub(r"\.(html?|php|aspx?)$", "", parts[-1], flags=re.IGNORECASE)
    words = [word for word in words_of(last) if word.isalpha() and len(word) <= _LONGEST_SAID]
    return " ".join(words[:6]) if len(words) == len(words_of(last)) else ""


# Below these stand links that open something for whoever has them; their secrets must not go into a search.
_PRIVATE = frozenset(
    {"admin", "appointment", "book", "calendar", "healthz", "media", "preview", "staff", "static", "waitlist"}
)
_LONGEST_SAID = 20  # letters; what is longer is more likely a secret than a word
