"""Keys of blocks, with which the editor's scripts, its addresses and the server name a block."""


def block_key(kind: str, pk: int) -> str:
    """Return the key of a block's row, such as "section-12", as static/js/page_editor/form.js does."""
    return f"{kind}-{pk}"
