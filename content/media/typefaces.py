"""Which typeface has the letters of a word: the face of headings, another with far more letters, or neither.

A word is set wholly in one face: two faces within a word, as browsers mix them letter by letter, look like a mistake.
``content/fonts/make_fonts.py`` writes the fonts and the list of their characters.
"""

import json
import unicodedata
from functools import cache
from pathlib import Path

FONTS = Path(__file__).parent.parent / "fonts"
HEADING, OTHER = "share_card", "share_card_other"  # File names without their ending.


def face_of(word: str) -> str:
    """The face that has all characters of the word; "" if neither has."""
    for face in (HEADING, OTHER):
        if all(_is_drawn(character, face) for character in _characters_of(word)):
            return face
    return ""


def needs_other_face(word: str) -> bool:
    """Whether the face of headings lacks a letter of this word. Emoji and arrows are in no face of text."""
    return any(
        not _is_drawn(character, HEADING) and unicodedata.category(character)[0] in "LMN"
        for character in _characters_of(word)
    )


def drawable_words(text: str) -> list[tuple[str, str]]:
    """The words with their face, for a picture: without emoji, and without words whose letters neither face has."""
    words = []
    for word in unicodedata.normalize("NFC", text).split():
        drawn = "".join(
            character
            for character in _characters_of(word)
            if unicodedata.category(character)[0] in "LMN" or face_of(character)
        )
        if drawn and (face := face_of(drawn)):
            words.append((drawn, face))
    return words


def _characters_of(word: str) -> str:
    """The characters that have a glyph: without joiners and variation selectors."""
    return "".join(
        character
        for character in unicodedata.normalize("NFC", word)
        if unicodedata.category(character) != "Cf" and not 0xFE00 <= ord(character) <= 0xFE0F
    )


def _is_drawn(character: str, face: str) -> bool:
    return ord(character) in _characters(face)


@cache
def _characters(face: str) -> frozenset[int]:
    ranges = json.loads((FONTS / "coverage.json").read_text())[face]
    return frozenset(code_point for first, last in ranges for code_point in range(first, last + 1))
