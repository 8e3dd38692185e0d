"""The first words of a block, by which editors know it in a list, and what it still lacks."""

from typing import Any

from django.utils.text import Truncator
from django.utils.translation import gettext

from content.blocks import block_text
from content.models import Block

NAMES = ("heading", "title", "label")
LONGEST = 90  # characters


def missing_texts() -> dict[str, dict[str, str]]:
    """Return what to say by kind of block and by the field that is empty. "" stands for all fields."""
    return {
        "placedpicture": {"picture": gettext("No picture chosen yet")},
        "calltoaction": {"service": gettext("No service chosen yet")},
        "personcard": {"practitioner": gettext("No one chosen yet")},
        "snippethere": {"snippet": gettext("No snippet chosen yet")},
        "signpost": {"page service": gettext("Doesn't lead anywhere yet")},
        "": {"": gettext("Nothing written yet")},
    }


def missing_in(block: Block) -> str:
    """Return what the block lacks, such as "No picture chosen yet", or ""."""
    texts = missing_texts()
    for names, text in texts.get(str(block._meta.model_name), {}).items():
        if not any(getattr(block, f"{name}_id") for name in names.split()):
            return text
    return "" if _words(block) else texts[""][""]


def first_words(block: Block) -> str:
    """Return the block's name or its first words; "" if it has none."""
    return Truncator(_words(block)).chars(LONGEST)


def _words(block: Any) -> str:
    name = next((value for name in NAMES if (value := getattr(block, name, ""))), "")
    if name and not (block._meta.model_name == "personcard" and name == block.label):
        return str(name)
    for field in ("picture", "practitioner", "snippet"):
        if getattr(block, f"{field}_id", None):
            return str(getattr(block, "alt", "") or getattr(block, field))
    lines = (line for part in block_text.parts_of(block) if part.is_prose for line in part.lines)
    return next(lines, "")
