"""A few words of a text around what was looked for, in pieces: marked, or not."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from content.search.terms import SHORTEST_BEGINNING, is_kin, words_of

LENGTH = 200  # characters
_TOKEN = re.compile(r"\S+")


@dataclass(frozen=True)
class Piece:
    text: str
    is_marked: bool = False


def excerpt(lede: str, body: str, words: Sequence[str]) -> list[Piece]:
    """Where most of the words stand close together, or else the first sentence."""
    lines = [line for line in [lede, *body.split("\n")] if line]
    best, shown = 0, _cut(lines[0], 0) if lines else ""
    for place, line in enumerate(lines):
        for start in _starts(line, words):
            part = line[start : start + LENGTH]
            met = sum(is_meant(part, word, words) for word in words)
            if met > best:
                best, shown = met, _cut(_with_next(lines, place), start)
    return marked(shown, words)


def marked(text: str, words: Sequence[str]) -> list[Piece]:
    """The whole text in pieces; those that are kin of the words are marked."""
    pieces: list[Piece] = []
    end = 0
    for token in _TOKEN.finditer(text):
        if _has_any(token.group(), words):
            start, stop = _without_signs(token)
            pieces += [Piece(text[end:start]), Piece(text[start:stop], is_marked=True)]
            end = stop
    pieces.append(Piece(text[end:]))
    return [piece for piece in pieces if piece.text]


def is_meant(text: str, word: str, words: Sequence[str]) -> bool:
    """Whether the text has a word in any form; the last of ``words`` may be the beginning of a longer one."""
    begins = word == words[-1] and len(word) >= SHORTEST_BEGINNING
    return any(is_kin(one, word) or (begins and one.startswith(word)) for one in words_of(text))


def _has_any(text: str, words: Sequence[str]) -> bool:
    return any(is_meant(text, word, words) for word in words)


def _starts(line: str, words: Sequence[str]) -> list[int]:
    """Where an excerpt of this line might begin: the line, or a few words before each that is meant."""
    hits = [token.start() for token in _TOKEN.finditer(line) if _has_any(token.group(), words)]
    return [0 if hit < LENGTH * 0.75 else line.rfind(" ", 0, hit - LENGTH // 3) + 1 for hit in hits[:20]]


def _with_next(lines: Sequence[str], place: int) -> str:
    """The line; a short one, such as an item of a list, with what follows it."""
    text = lines[place]
    for line in lines[place + 1 : place + 4]:
        if len(text) > LENGTH // 2:
            break
        text += f" {line}" if text.endswith((".", ":", "?")) else f"; {line}"
    return text


def _cut(line: str, start: int) -> str:
    part = line[start : start + LENGTH]
    if start + LENGTH < len(line):
        part = part[: part.rfind(" ")] if " " in part else part
        part = part.rstrip(" ,;:(") + " …"
    return f"… {part}" if start else part


def _without_signs(token: re.Match[str]) -> tuple[int, int]:
    """Where the word stands in the text, without the brackets and stops around it."""
    text = token.group()
    left = len(text) - len(re.sub(r"^[\W_]+", "", text))
    right = len(re.sub(r"[\W_]+$", "", text))
    return token.start() + left, token.start() + right
