"""Content blocks of a page: serialized, as plain text and as HTML."""
