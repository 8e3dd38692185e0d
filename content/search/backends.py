"""Full-text search on SQLite and PostgreSQL: ``write`` the index, ``find`` entries.

SQLite uses an FTS5 table next to the entries, PostgreSQL a tsvector column that is not a model field (migration
0008). Both use English stemming and rank by field: title, then lede, headings, and body. Both only receive words from
``tokenizer.py``, so nothing needs escaping.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db import connection

MAX_RESULTS = 200


@dataclass(frozen=True)
class WeightedWords:
    """The words of one entry by weight, each field as words separated by spaces."""

    entry: int
    title: str
    lede: str
    headings: str
    body: str


def write(entries: Iterable[WeightedWords]) -> None:
    """Replace the whole index. Call it in the transaction that replaces the entries."""
    rows = [(entry.title, entry.lede, entry.headings, entry.body, entry.entry) for entry in entries]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.executemany(_POSTGRESQL_WRITE, rows)
        else:
            cursor.execute("DELETE FROM content_searchwords")
            cursor.executemany(_SQLITE_WRITE, rows)


Groups = Sequence[Sequence[str]]  # Each group holds alternative words.


def find(queries: Sequence[Groups], *, every: bool) -> list[int]:
    """Return the ids of entries that match one of the queries, best match first.

    An entry must match every group of a query, or any group if ``every`` is false.
    """
    or_, and_ = (" | ", " & ") if connection.vendor == "postgresql" else (" OR ", " AND ")
    quote = "{}" if connection.vendor == "postgresql" else '"{}"'

    def expression(groups: Groups) -> str:
        parts = [f"({or_.join(quote.format(word) for word in group)})" for group in groups]
        return f"({(and_ if every else or_).join(parts)})"

    query = or_.join(expression(groups) for groups in queries if groups)
    if not query:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_POSTGRESQL_FIND if connection.vendor == "postgresql" else _SQLITE_FIND, [query, MAX_RESULTS])
        return [row[0] for row in cursor.fetchall()]


_SQLITE_WRITE = "INSERT INTO content_searchwords (title, lede, headings, body, rowid) VALUES (%s, %s, %s, %s, %s)"
# bm25() is smaller for better matches; a rare word counts for more.
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
# Weights for D, C, B, A. Normalization 1 divides the rank by 1 + log(document length).
_POSTGRESQL_FIND = """
SELECT entry.id FROM content_searchentry AS entry, to_tsquery('english', %s) AS question
WHERE entry.words @@ question
ORDER BY ts_rank('{0.1, 0.3, 0.5, 1.0}', entry.words, question, 1) DESC, entry.id
LIMIT %s
"""
