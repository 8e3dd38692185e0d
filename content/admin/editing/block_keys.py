"""Keys of blocks, with which the editor's scripts, its addresses and the server name a block."""

import re

from content.blocks.marks import block_key, unsaved_id

__all__ = ["block_key", "block_of_key", "unsaved_id"]

_KEY = re.compile(r"([a-z]{1,40})-([0-9]{1,18})", re.ASCII)


def block_of_key(key: str) -> tuple[str, int] | None:
    """Return the kind and the id of a saved block's key, or None for anything else."""
    match = _KEY.fullmatch(key)
    return (match[1], int(match[2])) if match else None
