"""Text that people type: tidied and, where it cannot be meant, refused with a sentence.

Names of every script pass. What is refused cannot be seen or can mislead: control characters,
marks that turn the reading order around, lone halves of a character pair, letters without a shape,
and the sign that stands for bytes nobody could read.
"""

import re
import unicodedata
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

# Zero-width joiners shape letters in Persian, Sinhala, Hindi and other scripts: there they belong to names.
# Elsewhere nobody can see them, and two names that look alike would be two people (RFC 5892, appendix A).
_NON_JOINER, _JOINER = "\u200c", "\u200d"
_JOINERS = frozenset({_NON_JOINER, _JOINER})
_CURSIVE = ("ARABIC", "SYRIAC", "MANDAIC", "MONGOLIAN", "NKO", "PHAGS-PA", "MANICHAEAN", "ADLAM", "HANIFI")
# Letters and marks that Unicode gives no shape: fillers, the blank of Braille, joiners of ordering alone.
_SHAPELESS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
_REFUSED_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_UNREADABLE = "\ufffd"

UNREADABLE_MESSAGE = "Part of this could not be read. Type it again."
INVISIBLE_MESSAGE = "This holds a character that cannot be seen, perhaps from copying. Type it instead."
SEVERAL_LINES_MESSAGE = "Write this on one line."


def clean_line(value: str) -> str:
    """One line: NFC, trimmed, single spaces. Raises ValidationError for what cannot be meant."""
    value = _without_spaces_around(value)
    if re.search(r"[\n\r\v\f\x85\u2028\u2029]", value):
        raise ValidationError(SEVERAL_LINES_MESSAGE, code="several_lines")
    _refuse_what_cannot_be_meant(value)
    if any(char in _JOINERS and not _shapes(value, place) for place, char in enumerate(value)):
        raise ValidationError(INVISIBLE_MESSAGE, code="invisible")
    spaced = "".join(" " if unicodedata.category(character) == "Zs" else character for character in value)
    return unicodedata.normalize("NFC", re.sub(" {2,}", " ", spaced))


def clean_text(value: str) -> str:
    """Paragraphs: NFC, trimmed, lines ended by ``\\n``. Raises ValidationError for what cannot be meant."""
    value = _without_spaces_around(value).replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")
    for line in value.split("\n"):
        _refuse_what_cannot_be_meant(line)
    lines = [line.rstrip() for line in value.split("\n")]
    return unicodedata.normalize("NFC", re.sub(r"\n{3,}", "\n\n", "\n".join(lines)))


def lines_of(value: str) -> list[str]:
    """The lines that say something, each without the spaces around it."""
    return [line.strip() for line in value.splitlines() if line.strip()]


def is_plain_digits(value: str) -> bool:
    """Whether a value is made of the digits 0 to 9: ``str.isdigit`` would take other scripts' too."""
    return value.isascii() and value.isdigit()


class LineField(forms.CharField):
    """A single line, cleaned by ``clean_line``."""

    def to_python(self, value: Any) -> str:
        return _bounded(self, value, clean_line)


class ParagraphsField(forms.CharField):
    """Some paragraphs, cleaned by ``clean_text``."""

    widget = forms.Textarea

    def to_python(self, value: Any) -> str:
        return _bounded(self, value, clean_text)


def _bounded(field: forms.CharField, value: Any, clean: Any) -> str:
    if value in field.empty_values:
        return ""
    value = str(value)
    # Longer than anything that tidying could bring within the limit: let the validator say so.
    if field.max_length is not None and len(value) > 8 * field.max_length:
        return value
    try:
        return clean(value)
    except ValidationError as refused:
        # Listed above the form, the sentence must say which answer it is about.
        raise ValidationError(f"“{field.label}”: {refused.message}" if field.label else refused.message) from None


def _without_spaces_around(value: str) -> str:
    # Not str.strip(): it would silently take away separators that ought to be refused.
    return value.strip(" \t\r\n\u00a0\u202f\u3000")


def _refuse_what_cannot_be_meant(value: str) -> None:
    for character in value:
        if character == _UNREADABLE or _is_noncharacter(character) or unicodedata.category(character) == "Cs":
            raise ValidationError(UNREADABLE_MESSAGE, code="unreadable")
        is_unseen = unicodedata.category(character) in _REFUSED_CATEGORIES and character not in _JOINERS
        if is_unseen or character in _SHAPELESS:
            raise ValidationError(INVISIBLE_MESSAGE, code="invisible")


def _shapes(value: str, place: int) -> bool:
    """Whether the joiner at this place changes how its neighbours are written.

    Beside a virama (Hindi, Bengali, Sinhala and their kin), between the letters of a script that
    joins them (Persian, Kurdish), or between two signs that make one picture.
    """
    before, after = _neighbour(value[:place][::-1]), _neighbour(value[place + 1 :])
    if any(unicodedata.combining(character) == 9 for character in (value[place - 1 : place] + value[place + 1 :][:1])):
        return bool(before)
    if value[place] == _JOINER and before and after and _is_sign(before) and _is_sign(after):
        return True
    return value[place] == _NON_JOINER and _joins(before) and _joins(after)


def _neighbour(characters: str) -> str:
    """The next letter or sign, past the marks that sit on it; "" at the end."""
    return next((character for character in characters if not unicodedata.category(character).startswith("M")), "")


def _joins(character: str) -> bool:
    return bool(character) and character.isalpha() and unicodedata.name(character, "").startswith(_CURSIVE)


def _is_sign(character: str) -> bool:
    return unicodedata.category(character) in {"So", "Sk"}


def _is_noncharacter(character: str) -> bool:
    """Code points that Unicode promises never to give a meaning (section 23.7)."""
    point = ord(character)
    return 0xFDD0 <= point <= 0xFDEF or point & 0xFFFE == 0xFFFE


# Letters that Unicode does not take apart, as people type them who do not have them.
_ALIKE = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h"})
_NOT_SAID = re.compile(r"['\u2018\u2019\u02bc\u02b9\u00b4`]")
_BETWEEN_WORDS = re.compile(r"[\s\u2010-\u2015\u2212,;()-]+")


def fold(text: str) -> str:
    """Text to compare and to search in: "Zoë O\u2019Brien-Łuk" gives "zoe obrien luk".

    Done here and stored, because the databases do not agree on which letters are alike.
    """
    apart = unicodedata.normalize("NFKD", text).casefold()
    bare = "".join(character for character in apart if not unicodedata.combining(character))
    return _BETWEEN_WORDS.sub(" ", _NOT_SAID.sub("", bare.translate(_ALIKE))).strip()
