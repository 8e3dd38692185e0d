"""Keys of blocks, with which the editor's scripts, its addresses and the server name a block."""

from content.blocks.marks import block_key, unsaved_id

__all__ = ["block_key", "unsaved_id"]
