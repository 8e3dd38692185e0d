"""Excerpts: the part of a text that matches a query best, with the matches highlighted."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from content.search.tokenizer import MIN_PREFIX, is_same_stem, words_of

LENGTH = 200  # characters
_TOKEN = re.compile(r"\S+")


@dataclass(frozen=True)
class ExcerptPiece:
    text: str
    is_marked: bool = False


def excerpt(lede: str, body: str, words: Sequence[str]) -> list[ExcerptPiece]:
    """Return the part of the text with most of the words, or the beginning of the lede."""
    lines = [line for line in [lede, *body.split("\n")] if line]
    best_score, best = 0, _cut(lines[0], 0) if lines else ""
    for number, line in enumerate(lines):
        for start in _start_offsets(line, words):
            part = line[start : start + LENGTH]
            score = sum(matches(part, word, words) for word in words)
            if score > best_score:
                best_score, best = score, _cut(_with_following(lines, number), start)
    return highlight(best, words)


def highlight(text: str, words: Sequence[str]) -> list[ExcerptPiece]:
    """Split the text into pieces; words that match a form of ``words`` are marked."""
    pieces: list[ExcerptPiece] = []
    end = 0
    for token in _TOKEN.finditer(text):
        if _matches_any(token.group(), words):
            start, stop = _without_punctuation(token)
            pieces += [ExcerptPiece(text[end:start]), ExcerptPiece(text[start:stop], is_marked=True)]
            end = stop
    pieces.append(ExcerptPiece(text[end:]))
    return [piece for piece in pieces if piece.text]


def matches(text: str, word: str, words: Sequence[str]) -> bool:
    """Whether the text has a form of the word. The last of ``words`` also matches as a prefix."""
    is_prefix = word == words[-1] and len(word) >= MIN_PREFIX
    return any(is_same_stem(other, word) or (is_prefix and other.startswith(word)) for other in words_of(text))


def _matches_any(text: str, words: Sequence[str]) -> bool:
    return any(matches(text, word, words) for word in words)


def _start_offsets(line: str, words: Sequence[str]) -> list[int]:
    """Return possible start positions of an excerpt: the start of the line, or a few words before each match."""
    offsets = [token.start() for token in _TOKEN.finditer(line) if _matches_any(token.group(), words)]
    return [0 if offset < LENGTH * 0.75 else line.rfind(" ", 0, offset - LENGTH // 3) + 1 for offset in offsets[:20]]


def _with_following(lines: Sequence[str], number: int) -> str:
    """Return the line; a short one, such as a list item, with the lines after it."""
    text = lines[number]
    for line in lines[number + 1 : number + 4]:
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


def _without_punctuation(token: re.Match[str]) -> tuple[int, int]:
    """Return the start and end of the word, without punctuation around it."""
    text = token.group()
    left = len(text) - len(re.sub(r"^[\W_]+", "", text))
    right = len(re.sub(r"[\W_]+$", "", text))
    return token.start() + left, token.start() + right
