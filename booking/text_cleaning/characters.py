"""Normalize and validate lines and paragraphs (Unicode).

Names in every script are valid. Invisible characters that copying leaves behind, such as soft hyphens and
the embedding controls around a copied phone number, are dropped where that loses nothing: at the ends of a
line, everywhere in free text, phone numbers and e-mail addresses. Rejected is what remains: control
characters, the right-to-left override, invisible characters inside a name, unpaired surrogates, letters
without a glyph, noncharacters and U+FFFD (the replacement character for undecodable bytes).
"""

import re
import unicodedata
from collections.abc import Iterable

from django.core.exceptions import ValidationError

# Zero-width joiners are part of the spelling in Persian, Sinhala, Hindi and other scripts. Elsewhere they
# are invisible and would make two equal-looking names differ (RFC 5892, appendix A).
_NON_JOINER, _JOINER = "\u200c", "\u200d"
_JOINERS = frozenset({_NON_JOINER, _JOINER})
_CURSIVE = ("ARABIC", "SYRIAC", "MANDAIC", "MONGOLIAN", "NKO", "PHAGS-PA", "MANICHAEAN", "ADLAM", "HANIFI")
# Letters and marks without a glyph: fillers, the blank Braille pattern, the combining grapheme joiner.
_WITHOUT_GLYPH = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
_INVISIBLE_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
# Format characters that copying from pages, mails and contact lists leaves behind: soft hyphen, combining grapheme
# joiner, zero-width space, word joiner, byte order mark, and directional marks, embeddings and isolates. Without
# U+202E, the right-to-left override: text that holds it reads otherwise than it is stored.
DROPPED = frozenset(
    "\u00ad\u034f\u061c\u180e\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u2060\u2061\u2062\u2063\u2064"
    "\u2066\u2067\u2068\u2069\ufeff"
)
_DROP: dict[int, int | None] = {ord(character): None for character in DROPPED}
DROP_WITH_JOINERS = _DROP | dict.fromkeys(map(ord, _JOINERS))
_REPLACEMENT_CHARACTER = "\ufffd"

UNREADABLE_MESSAGE = "We couldn't read part of this: type it again."
INVISIBLE_MESSAGE = "This has an invisible character in it, perhaps from copying: type it instead."
SEVERAL_LINES_MESSAGE = "Enter this on one line."
STACKED_MARKS_MESSAGE = "This has a letter with more than {count} accents: type it with fewer."

# Combining marks in a row. Written languages need up to about six on a letter; dozens cover the lines around it.
MOST_MARKS = 8


def clean_line(value: str) -> str:
    """Normalize one line: NFC, single spaces, without spaces and invisible characters at its ends.

    Raises ValidationError for line breaks and for unreadable or invisible characters.
    """
    value = strip_ends(value)
    if re.search(r"[\n\r\v\f\x85\u2028\u2029]", value):
        raise ValidationError(SEVERAL_LINES_MESSAGE, code="several_lines")
    _reject_invisible_characters(value)
    if any(char in _JOINERS and not _is_meaningful_joiner(value, index) for index, char in enumerate(value)):
        raise ValidationError(INVISIBLE_MESSAGE, code="invisible")
    spaced = "".join(" " if unicodedata.category(character) == "Zs" else character for character in value)
    return unicodedata.normalize("NFC", re.sub(" {2,}", " ", spaced))


def clean_text(value: str) -> str:
    """Normalize several lines: NFC, trimmed, line breaks as ``\\n``, at most one empty line in a row.

    Drops soft hyphens, zero-width spaces and directional formatting. Raises ValidationError for other
    unreadable or invisible characters.
    """
    value = strip_ends(value.translate(_DROP)).replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")
    for line in value.split("\n"):
        _reject_invisible_characters(line)
    lines = [line.rstrip() for line in value.split("\n")]
    return unicodedata.normalize("NFC", re.sub(r"\n{3,}", "\n\n", "\n".join(lines)))


def drop_invisible(value: str) -> str:
    """Remove the format characters that copying leaves behind, such as soft hyphens; see ``DROPPED``."""
    return value.translate(_DROP)


def has_invisible(value: str) -> bool:
    """Whether the text holds a character that ``clean_text()`` drops or rejects."""
    if drop_invisible(value) != value:
        return True
    try:
        clean_text(value)
    except ValidationError:
        return True
    return False


def split_lines(value: str) -> list[str]:
    """The non-empty lines, each stripped."""
    return [line.strip() for line in value.splitlines() if line.strip()]


def is_plain_digits(value: str) -> bool:
    """Whether all characters are ASCII digits; ``str.isdigit()`` also accepts other scripts' digits."""
    return value.isascii() and value.isdigit()


def strip_ends(value: str) -> str:
    """Remove spaces, line breaks and invisible characters from both ends, but no joiner that belongs to a word.

    Not str.strip(), which would also remove control characters, which must be rejected.
    """
    start = 0
    while start < len(value) and _is_removable(value, start):
        start += 1
    value = value[start:]
    end = len(value)
    while end > 0 and _is_removable(value, end - 1):
        end -= 1
    return value[:end]


def _is_removable(value: str, index: int) -> bool:
    character = value[index]
    if character in _JOINERS:
        return not _is_meaningful_joiner(value, index)
    return character in DROPPED or character in "\t\r\n\u2028\u2029" or unicodedata.category(character) == "Zs"


def _reject_invisible_characters(value: str) -> None:
    marks = 0
    for character in value:
        marks = marks + 1 if unicodedata.category(character).startswith("M") else 0
        if marks > MOST_MARKS:
            raise ValidationError(STACKED_MARKS_MESSAGE.format(count=MOST_MARKS), code="stacked_marks")
        if (
            character == _REPLACEMENT_CHARACTER
            or _is_noncharacter(character)
            or unicodedata.category(character) == "Cs"
        ):
            raise ValidationError(UNREADABLE_MESSAGE, code="unreadable")
        is_invisible = unicodedata.category(character) in _INVISIBLE_CATEGORIES and character not in _JOINERS
        if is_invisible or character in _WITHOUT_GLYPH:
            raise ValidationError(INVISIBLE_MESSAGE, code="invisible")


def _is_meaningful_joiner(value: str, index: int) -> bool:
    """Whether the joiner at this index is meaningful (the rules of RFC 5892, appendix A, and emoji).

    Next to a virama (Devanagari, Bengali, Sinhala ...), between letters of a cursive script (Arabic
    ...), or as the joiner between two symbols of an emoji sequence.
    """
    before = _neighbour(value[position] for position in range(index - 1, -1, -1))
    after = _neighbour(value[position] for position in range(index + 1, len(value)))
    if any(unicodedata.combining(character) == 9 for character in value[max(index - 1, 0) : index + 2]):
        return bool(before)
    if value[index] == _JOINER and before and after and _is_symbol(before) and _is_symbol(after):
        return True
    return value[index] == _NON_JOINER and _is_cursive(before) and _is_cursive(after)


def _neighbour(characters: Iterable[str]) -> str:
    """The next character that is not a combining mark; "" at the end."""
    return next((character for character in characters if not unicodedata.category(character).startswith("M")), "")


def _is_cursive(character: str) -> bool:
    return bool(character) and character.isalpha() and unicodedata.name(character, "").startswith(_CURSIVE)


def _is_symbol(character: str) -> bool:
    return unicodedata.category(character) in {"So", "Sk"}


def _is_noncharacter(character: str) -> bool:
    """Whether it is a Unicode noncharacter (Unicode Standard, section 23.7)."""
    code_point = ord(character)
    return 0xFDD0 <= code_point <= 0xFDEF or code_point & 0xFFFE == 0xFFFE
