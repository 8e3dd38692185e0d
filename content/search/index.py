"""Keep the index in step with what readers see, with no timer: whoever searches looks first.

The number of what is shown rises in the transaction of every change (``booking.models.ShownVersion``),
and the clock alone brings what was scheduled. If either has moved on, the next search writes the
index anew, from the published pages: a few dozen rows, some hundredths of a second. So there is no
moment at which a hidden page can be found, or a new one cannot.
"""

from collections import Counter
from datetime import datetime

from django.db import connection, transaction

from booking import together
from content.live import state, state_of
from content.models import SearchEntry, SearchIndex
from content.search import engines
from content.search.documents import Document, Findable, findable
from content.search.terms import STOP_WORDS, words_of

SHAPE = 1  # Raise it with every change of what is written here: an older index is then made anew.
THE_ROW = 1
LONGEST_TEXT = 200_000  # characters of one entry
LOCK = 0x5EA2C4  # A number of our own: PostgreSQL's advisory lock for whoever writes the index.


def in_step(*, now: datetime) -> SearchIndex:
    """What the index is about, made anew first where it no longer fits. One query where it does."""
    index, version, until = _look(now)
    if _fits(index, version, now):
        assert index is not None
        return index
    with transaction.atomic():
        _one_at_a_time()
        index, version, until = _look(now)  # Somebody else may just have done it.
        if _fits(index, version, now):
            assert index is not None
            return index
        return _write(findable(now=now), version, until)


def _look(now: datetime) -> tuple[SearchIndex | None, int, datetime | None]:
    # The number is read before the rows: new words under an old number are made anew, never the reverse.
    found = together.fetch(index=SearchIndex.objects.all(), **state(now))
    version, until = state_of(found)
    return (found["index"][0] if found["index"] else None), version, until


def _fits(index: SearchIndex | None, version: int, now: datetime) -> bool:
    if index is None or (index.shape, index.version) != (SHAPE, version):
        return False
    return index.until is None or now < index.until


def _one_at_a_time() -> None:
    """On SQLite, a transaction of ours is alone anyway."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])


def _write(found: Findable, version: int, until: datetime | None) -> SearchIndex:
    SearchEntry.objects.all().delete()
    entries = SearchEntry.objects.bulk_create(
        SearchEntry(
            kind=each.kind,
            address=each.address,
            title=each.title,
            trail=each.trail,
            lede=each.lede,
            body="\n".join(each.body)[:LONGEST_TEXT],
        )
        for each in found.documents
    )
    weighed = [_weighed(entry, each) for entry, each in zip(entries, found.documents, strict=True)]
    engines.write(weighed)
    index = SearchIndex(
        pk=THE_ROW,
        version=version,
        until=until,
        shape=SHAPE,
        vocabulary=_vocabulary(weighed),
        care_cards=[card for place, card in enumerate(found.care_cards) if card not in found.care_cards[:place]],
        plain_words=sorted({word for title in found.plain_titles for word in words_of(title)}),
    )
    index.save()
    return index


def _weighed(entry: SearchEntry, document: Document) -> engines.Weighed:
    def words(*texts: str) -> str:
        return " ".join(word for text in texts for word in words_of(text))[:LONGEST_TEXT]

    return engines.Weighed(
        entry=entry.pk,
        title=words(document.title),
        lede=words(document.lede, document.names),
        headings=words(*document.headings),
        body=words(*document.body),
    )


def _vocabulary(entries: list[engines.Weighed]) -> dict[str, int]:
    """Words that somebody may have meant, and how often they occur. Words of titles count for more."""
    counts: Counter[str] = Counter()
    for each in entries:
        for text, weight in ((each.title, 5), (each.lede, 2), (each.headings, 2), (each.body, 1)):
            for word in text.split():
                counts[word] += weight
    return {word: count for word, count in counts.items() if len(word) > 2 and word not in STOP_WORDS}
