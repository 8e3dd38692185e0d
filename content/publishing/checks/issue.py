"""The issues that checks report."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Issue:
    """One issue. ``blocks``: it prevents publishing. ``block``: kind and id of its block, None for the page itself."""

    message: str
    blocks: bool = True
    block: tuple[str, int] | None = None
    quote: str = ""


def key_of(block: Any) -> tuple[str, int]:
    return (str(block._meta.model_name), block.pk)
