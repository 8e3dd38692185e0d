"""What a check has to say, and which block it is about."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Finding:
    """One thing to mend. ``block`` is its kind and id as in the words; None: it is about the page itself."""

    message: str
    blocks: bool = True
    block: tuple[str, int] | None = None
    quote: str = ""


def key_of(block: Any) -> tuple[str, int]:
    return (str(block._meta.model_name), block.pk)
