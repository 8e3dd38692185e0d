"""Rebuild the search index on demand: each search first checks that the index is current.

Every change of content increments the content version in its own transaction (``booking.models.ContentVersion``), and
scheduled revisions go live by time. If either invalidates the index, the next search rebuilds it from the published
pages: a few dozen rows, some hundredths of a second. So hidden pages are never found, and new ones always are.
"""

from collections import Counter
from datetime import datetime

from django.db import connection, transaction

from booking.models import current_content_version
from content.models import SearchEntry, SearchIndex
from content.pages.published import next_change
from content.search import backends
from content.search.documents import Document, SearchData, build_documents
from content.search.synonyms import Rule, build_rules
from content.search.tokenizer import STOP_WORDS, words_of

SHAPE = 2  # Increment it when the format of the index changes: older indexes are then rebuilt.
ROW_ID = 1
MAX_TEXT_LENGTH = 200_000  # characters of one entry
LOCK_KEY = 0x5EA2C4  # Key of the PostgreSQL advisory lock for rebuilding the index.


def ensure_fresh(*, now: datetime) -> SearchIndex:
    """Return the index, rebuilt first if it is stale. Three queries if it is not."""
    index, version, until = _load(now)
    if _is_current(index, version, now):
        assert index is not None
        return index
    with transaction.atomic():
        _lock()
        index, version, until = _load(now)  # Another process may have rebuilt it while this one waited for the lock.
        if _is_current(index, version, now):
            assert index is not None
            return index
        return _rebuild(build_documents(now=now), version, until)


def _load(now: datetime) -> tuple[SearchIndex | None, int, datetime | None]:
    # Read the version before the rows: new content under an old version is rebuilt once more, never the reverse.
    version, until = current_content_version(), next_change(now)
    return SearchIndex.objects.first(), version, until


def _is_current(index: SearchIndex | None, version: int, now: datetime) -> bool:
    if index is None or (index.shape, index.version) != (SHAPE, version):
        return False
    return index.until is None or now < index.until


def _lock() -> None:
    """Serialize rebuilds. SQLite allows only one writing transaction anyway."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK_KEY])


def _rebuild(data: SearchData, version: int, until: datetime | None) -> SearchIndex:
    SearchEntry.objects.all().delete()
    entries = SearchEntry.objects.bulk_create(
        SearchEntry(
            kind=document.kind,
            address=document.address,
            title=document.title,
            trail=document.trail,
            lede=document.lede,
            body="\n".join(document.body)[:MAX_TEXT_LENGTH],
        )
        for document in data.documents
    )
    rows = [_weighted_words(entry, document) for entry, document in zip(entries, data.documents, strict=True)]
    backends.write(rows)
    rules = build_rules(data.synonyms, {entry.address: entry.pk for entry in entries})
    index = SearchIndex(
        pk=ROW_ID,
        version=version,
        until=until,
        shape=SHAPE,
        vocabulary=_vocabulary(rows, rules),
        care_cards=[card for number, card in enumerate(data.care_cards) if card not in data.care_cards[:number]],
        names=_names(entries),
        synonyms=rules,
        plain_words=sorted({word for title in data.plain_titles for word in words_of(title)}),
    )
    index.save()
    return index


def _weighted_words(entry: SearchEntry, document: Document) -> backends.WeightedWords:
    def words(*texts: str) -> str:
        return " ".join(word for text in texts for word in words_of(text))[:MAX_TEXT_LENGTH]

    return backends.WeightedWords(
        entry=entry.pk,
        title=words(document.title),
        lede=words(document.lede, document.names),
        headings=words(*document.headings),
        body=words(*document.body),
    )


def _names(entries: list[SearchEntry]) -> dict[str, list[int]]:
    """Map the words of each title to its entries, those of questions excepted: for a name that is typed whole."""
    names: dict[str, list[int]] = {}
    for entry in entries:
        if entry.kind != SearchEntry.Kind.QUESTION:
            names.setdefault(" ".join(words_of(entry.title)), []).append(entry.pk)
    return names


def _vocabulary(entries: list[backends.WeightedWords], rules: list[Rule]) -> dict[str, int]:
    """Count the words that spelling correction may suggest, weighted by field, with those of synonyms."""
    counts = Counter(word for rule in rules for phrase in rule["typed"] for word in phrase)
    for entry in entries:
        for text, weight in ((entry.title, 5), (entry.lede, 2), (entry.headings, 2), (entry.body, 1)):
            for word in text.split():
                counts[word] += weight
    return {word: count for word, count in counts.items() if len(word) > 2 and word not in STOP_WORDS}
