"""Everything that is stored, as text: all rows of all tables, decoded sessions, and the media folder."""

from pathlib import Path

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import connection


def stored_text() -> str:
    """All rows of the database and all files, in small letters."""
    lines = []
    with connection.cursor() as cursor:
        for table in sorted(connection.introspection.table_names(cursor)):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            lines += [f"{table}: {[str(value) for value in row]!r}" for row in cursor.fetchall()]
    lines += [f"session: {session.get_decoded()!r}" for session in Session.objects.all()]
    files = [path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()]
    lines += [f"{path}: {path.read_bytes()!r}" for path in files]
    return "\n".join(lines).casefold()


def lines_with(words, text: str) -> dict[str, str]:
    """The words that the text contains, each with the first line that does."""
    found = {}
    for word in words:
        line = next((line for line in text.splitlines() if word.casefold() in line), None)
        if line is not None:
            found[word] = line[:300]
    return found
