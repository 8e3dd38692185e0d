"""Encrypt all answers again with the newest key, and find those that no key opens."""

from collections.abc import Iterator

from django.db import transaction

from booking.intake.encryption import AnswersUnreadable, opens, rotate
from booking.models import IntakeAnswers

BATCH = 200


def rotate_all() -> tuple[int, int]:
    """Return how many answers were encrypted again, and how many no key opens.

    In batches, each in a transaction with its rows locked: a patient who saves meanwhile waits for one batch.
    """
    done = unreadable = 0
    for keys in _batches():
        with transaction.atomic():
            rows = list(IntakeAnswers.objects.select_for_update().filter(pk__in=keys).order_by("pk"))
            rotated = []
            for row in rows:
                try:
                    row.ciphertext = rotate(row.ciphertext)
                    rotated.append(row)
                except AnswersUnreadable:
                    unreadable += 1
            IntakeAnswers.objects.bulk_update(rotated, ["ciphertext"])
            done += len(rotated)
    return done, unreadable


def count_unreadable() -> int:
    """How many answers no key opens."""
    rows = IntakeAnswers.objects.values_list("ciphertext", flat=True)
    return sum(not opens(ciphertext) for ciphertext in rows.iterator(chunk_size=BATCH))


def sample_opens() -> list[bool]:
    """Whether a key opens the oldest and the newest answers; empty without answers. Two queries."""
    rows = IntakeAnswers.objects.order_by("updated_at", "pk").values_list("ciphertext", flat=True)
    return [opens(ciphertext) for ciphertext in (rows.first(), rows.last()) if ciphertext is not None]


def _batches() -> Iterator[list[int]]:
    """The primary keys of all answers. Rows that are added meanwhile have the newest key already."""
    last = 0
    while keys := list(IntakeAnswers.objects.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:BATCH]):
        yield keys
        last = keys[-1]
