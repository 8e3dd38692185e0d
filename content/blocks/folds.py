"""Folds: a folded section with the blocks that belong to it."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from content.models import Callout, CallToAction, CareCard, LeadList, PersonCard, RiskTable, Section, Signpost

_RISKS = re.compile(r"\b(risks?|harms?|harmful|side effects?|dangers?|complications?|should not)\b", re.IGNORECASE)


@dataclass
class Fold:
    """A folded section, and the blocks after it that it holds."""

    section: Section
    blocks: list[Any] = field(default_factory=list)

    @property
    def tells_about_risks(self) -> bool:
        """Whether it holds a table of risks, a list of who should not have the treatment, or a heading about risks."""
        return any(map(_tells_about_risks, [self.section, *self.blocks]))


def with_folds(blocks: Iterable[Any]) -> list[Any]:
    """Return the blocks in order; each folded section and what belongs to it become one ``Fold``.

    A fold ends before the next section, and before a block that nobody must miss.
    """
    parts: list[Any] = []
    fold: Fold | None = None
    for block in blocks:
        if isinstance(block, Section) and block.is_folded and block.heading:
            fold = Fold(block)
            parts.append(fold)
        elif fold is not None and not _ends_a_fold(block):
            fold.blocks.append(block)
        else:
            fold = None
            parts.append(block)
    return parts


def _ends_a_fold(block: Any) -> bool:
    if isinstance(block, CareCard | CallToAction | PersonCard | Signpost):
        return True
    if isinstance(block, Callout) and block.tone == Callout.Tone.WARNING:
        return True
    return bool(getattr(block, "heading", "")) and block.level == Section.Level.SECTION


def _tells_about_risks(block: Any) -> bool:
    if isinstance(block, RiskTable) or _RISKS.search(getattr(block, "heading", "")):
        return True
    return isinstance(block, LeadList) and block.purpose == LeadList.Purpose.ASK_FIRST
