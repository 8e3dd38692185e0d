"""How hard a page is to read, and what it promises. Advice, never an obstacle.

Readability is Björnsson's LIX; the limits are those of the design (``pages.md``, section 5).
"""

import re
from collections.abc import Iterator
from typing import Any

from content import wording
from content.findings import Finding, key_of
from content.snapshot import Words

LONG_SENTENCE = 30  # words; pages.md asks for 20 on average
AVERAGE_SENTENCE = 20
HARDEST_LIX = 40
BOASTS = re.compile(r"\b(toxin\w*|cures?|cured|guarantee\w*|best|game[- ]changer\w*)\b", re.IGNORECASE)
SENTENCE = re.compile(r"(?<=[.!?:])\s+")
WORD = re.compile(r"[^\W\d_][\w'’-]*")


def about_reading(words: Words) -> Iterator[Finding]:
    """How hard it is to read: each sentence that is too long, and what the whole comes to."""
    every: list[list[str]] = []
    hardest: tuple[float, Any] = (0.0, None)
    for block in words.rows():
        sentences = []
        for line in wording.prose_of(block):
            for boast in BOASTS.findall(line):
                yield Finding(
                    f"“{boast}” promises more than we can keep. Say what is known.", False, key_of(block), line
                )
            for text in SENTENCE.split(line):
                found = WORD.findall(text)
                if len(found) > LONG_SENTENCE:
                    message = f"This sentence has {len(found)} words. Make two of it."
                    yield Finding(message, False, key_of(block), text)
                if found and text.rstrip().endswith((".", "!", "?")):
                    sentences.append(found)
        every += sentences
        if sum(map(len, sentences)) >= 40 and lix(sentences) > hardest[0]:
            hardest = (lix(sentences), block)
    if sum(map(len, every)) < 40:
        return
    average = sum(map(len, every)) / len(every)
    if average > AVERAGE_SENTENCE:
        yield Finding(f"Sentences have {average:.0f} words on average; {AVERAGE_SENTENCE} are easy to read.", False)
    if lix(every) > HARDEST_LIX:
        yield Finding(f"The text is hard to read (LIX {lix(every):.0f}; {HARDEST_LIX} or less is plain).", False)
        if hardest[1] is not None:
            message = f"This block is the hardest to read (LIX {hardest[0]:.0f}). Shorter words and sentences help."
            yield Finding(message, False, key_of(hardest[1]))


def lix(sentences: list[list[str]]) -> float:
    """Björnsson's readability index: words a sentence, plus the percentage of words of more than six letters."""
    words = [word for sentence in sentences for word in sentence]
    return len(words) / len(sentences) + 100 * sum(len(word) > 6 for word in words) / len(words)
