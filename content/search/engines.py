"""One interface to the full text search of both databases: ``write`` the words, ``find`` them again.

SQLite keeps them in an FTS5 table beside the entries, PostgreSQL in a column that Django does not
know (migration 0008). Both reduce English words to their stems, and rank by where a word stands:
the title counts most, then the first sentence, headings, and the text. Rows are few; what both are
given are words from ``terms.py`` alone, so nothing has to be escaped.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db import connection

MOST_FOUND = 200


@dataclass(frozen=True)
class Weighed:
    """The words of one entry, by how much they count, each part as words with spaces between."""

    entry: int
    title: str
    lede: str
    headings: str
    body: str


def write(entries: Iterable[Weighed]) -> None:
    """Replace the whole index. Called inside the transaction that replaces the entries."""
    rows = [(each.title, each.lede, each.headings, each.body, each.entry) for each in entries]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.executemany(_POSTGRESQL_WRITE, rows)
        else:
            cursor.execute("DELETE FROM content_searchwords")
            cursor.executemany(_SQLITE_WRITE, rows)


def find(groups: Sequence[Sequence[str]], *, every: bool) -> list[int]:
    """The ids of entries with one word of ``every`` group, or of any group, the best first."""
    if not groups:
        return []
    either, both = (" | ", " & ") if connection.vendor == "postgresql" else (" OR ", " AND ")
    quote = "{}" if connection.vendor == "postgresql" else '"{}"'
    parts = [f"({either.join(quote.format(word) for word in group)})" for group in groups]
    question = (both if every else either).join(parts)
    with connection.cursor() as cursor:
        cursor.execute(_POSTGRESQL_FIND if connection.vendor == "postgresql" else _SQLITE_FIND, [question, MOST_FOUND])
        return [row[0] for row in cursor.fetchall()]


_SQLITE_WRITE = "INSERT INTO content_searchwords (title, lede, headings, body, rowid) VALUES (%s, %s, %s, %s, %s)"
# bm25() is the smaller the better; a word that is rare on the site counts for more.
_SQLITE_FIND = """
SELECT found.rowid FROM content_searchwords AS found
WHERE content_searchwords MATCH %s
ORDER BY bm25(content_searchwords, 10.0, 5.0, 3.0, 1.0), found.rowid
LIMIT %s
"""

_POSTGRESQL_WRITE = """
UPDATE content_searchentry SET words =
  setweight(to_tsvector('english', %s), 'A') || setweight(to_tsvector('english', %s), 'B') ||
  setweight(to_tsvector('english', %s), 'C') || setweight(to_tsvector('english', %s), 'D')
WHERE id = %s
"""
# Weights for D, C, B, A. 1: a long text needs more of a word than a short one.
_POSTGRESQL_FIND = """
SELECT entry.id FROM content_searchentry AS entry, to_tsquery('english', %s) AS question
WHERE entry.words @@ question
ORDER BY ts_rank('{0.1, 0.3, 0.5, 1.0}', entry.words, question, 1) DESC, entry.id
LIMIT %s
"""
