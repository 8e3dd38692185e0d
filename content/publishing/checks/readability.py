"""Checks of readability and exaggerated claims. Warnings only; they never block publishing.

Readability is Björnsson's LIX; the limits are the project's own.
"""

import re
from collections.abc import Iterator
from typing import Any

from content.blocks import block_text
from content.blocks.page_content import PageContent
from content.publishing.checks.issue import Issue, key_of

LONG_SENTENCE = 30  # words; 20 on average is the aim
AVERAGE_SENTENCE = 20
HARDEST_LIX = 40
BOASTS = re.compile(r"\b(toxin\w*|cures?|cured|guarantee\w*|best|game[- ]changer\w*)\b", re.IGNORECASE)
SENTENCE = re.compile(r"(?<=[.!?:])\s+")
WORD = re.compile(r"[^\W\d_][\w'’-]*")


def check_readability(content: PageContent) -> Iterator[Issue]:
    """Yield warnings for long sentences, boasts, and the readability of the whole page."""
    all_sentences: list[list[str]] = []
    hardest: tuple[float, Any] = (0.0, None)
    for block in content.rows():
        sentences = []
        for line in block_text.prose_of(block):
            for boast in BOASTS.findall(line) if not line.endswith("?") else ():  # A question promises nothing.
                yield Issue(f"“{boast}” promises too much. Say what is known.", False, key_of(block), line)
            for text in SENTENCE.split(line):
                tokens = WORD.findall(text)
                if len(tokens) > LONG_SENTENCE:
                    message = f"This sentence has {len(tokens)} words. Make it two sentences."
                    yield Issue(message, False, key_of(block), text)
                if tokens and text.rstrip().endswith((".", "!", "?")):
                    sentences.append(tokens)
        all_sentences += sentences
        if sum(map(len, sentences)) >= 40 and lix(sentences) > hardest[0]:
            hardest = (lix(sentences), block)
    if sum(map(len, all_sentences)) < 40:
        return
    average = sum(map(len, all_sentences)) / len(all_sentences)
    if average > AVERAGE_SENTENCE:
        yield Issue(f"Sentences have {average:.0f} words on average. Up to {AVERAGE_SENTENCE} is easy to read.", False)
    if lix(all_sentences) > HARDEST_LIX:
        yield Issue(f"The text is hard to read (LIX {lix(all_sentences):.0f}; aim for {HARDEST_LIX} or less).", False)
        if hardest[1] is not None:
            message = f"This block is the hardest to read (LIX {hardest[0]:.0f}). Shorter words and sentences help."
            yield Issue(message, False, key_of(hardest[1]))


def lix(sentences: list[list[str]]) -> float:
    """Björnsson's readability index: words per sentence, plus the percentage of words of more than six letters."""
    words = [word for sentence in sentences for word in sentence]
    return len(words) / len(sentences) + 100 * sum(len(word) > 6 for word in words) / len(words)
