"""Search keys: text without case, accents and punctuation."""

import re
import unicodedata

# Letters without a Unicode decomposition, and their usual ASCII spelling.
_ASCII_SPELLINGS = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h"}
)
_APOSTROPHES = re.compile(r"['\u2018\u2019\u02bc\u02b9\u00b4`]")
_WORD_SEPARATORS = re.compile(r"[\s\u2010-\u2015\u2212,;()-]+")


def normalize_for_search(text: str) -> str:
    """A search key: case-folded, without diacritics and punctuation.

    "Zoë O\u2019Brien-Łuk" gives "zoe obrien luk". Computed here and stored, because the databases'
    collations differ.
    """
    decomposed = unicodedata.normalize("NFKD", text).casefold()
    base_letters = "".join(character for character in decomposed if not unicodedata.combining(character))
    return _WORD_SEPARATORS.sub(" ", _APOSTROPHES.sub("", base_letters.translate(_ASCII_SPELLINGS))).strip()
