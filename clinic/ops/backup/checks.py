"""What ``restore_check`` looks at in a restored copy. Each check yields a sentence for each problem, without names."""

from collections.abc import Iterator

from django.core.checks import run_checks
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.db import IntegrityError, connection
from django.db.models import Count, Exists, OuterRef
from django.utils.translation import ngettext

from booking.intake.rotation import count_unreadable
from booking.models import OCCUPYING, Appointment, Message
from clinic.ops.backup.databases import count_rows
from clinic.ops.backup.manifest import Manifest, differing_rows, has_its_key
from content.media.preparation import used_pictures


def problems(manifest: Manifest | None) -> Iterator[str]:
    """All problems of the configured database and storage. ``manifest``: compare them with this backup, too."""
    if manifest is not None:
        yield from different_counts(manifest)
        yield from missing_key(manifest)
    missing = list(missing_migrations())
    if missing:  # The checks below read columns that may be missing.
        yield from missing
        return
    yield from lost_guards()
    yield from broken_references()
    yield from overlaps()
    yield from repeated_messages()
    yield from missing_pictures()
    yield from unreadable_answers()


def missing_migrations() -> Iterator[str]:
    try:
        call_command("migrate", check_unapplied=True, verbosity=0)
    except SystemExit:
        yield "Migrations are missing: run manage.py migrate."


def different_counts(manifest: Manifest) -> Iterator[str]:
    for table, (expected, found) in sorted(differing_rows(manifest, count_rows()).items()):
        yield f"{table} has {found} rows, the backup has {expected}."


def missing_key(manifest: Manifest) -> Iterator[str]:
    if not has_its_key(manifest):
        yield (
            "SECRET_KEY is not the one of this backup: links in emails that were sent do not open. "
            "Set it, or add it to SECRET_KEY_FALLBACKS."
        )


def lost_guards() -> Iterator[str]:
    for message in run_checks(tags=["database"], databases=["default"]):
        if message.is_serious():
            yield str(message.msg)


def broken_references() -> Iterator[str]:
    try:
        connection.check_constraints()
    except IntegrityError:
        yield "A row refers to one that does not exist: the database is damaged."


def overlaps() -> Iterator[str]:
    """Visits that are booked over one another, other than on purpose."""
    guarded = Appointment.objects.filter(status__in=OCCUPYING, overbooked_reason="")
    for key in ("practitioner", "room"):
        others = guarded.filter(
            **{key: OuterRef(key)}, ends_at__gt=OuterRef("starts_at"), starts_at__lt=OuterRef("ends_at")
        ).exclude(pk=OuterRef("pk"))
        count = guarded.filter(Exists(others)).count()
        if count:
            yield f"{count} visits overlap another of the same {key}."


def repeated_messages() -> Iterator[str]:
    """Messages that stand in the outbox twice. The unique index forbids it, unless it is damaged."""
    repeated = Message.objects.order_by().values("key").annotate(times=Count("pk")).filter(times__gt=1).count()
    if repeated:
        yield f"{repeated} messages stand in the outbox more than once."


def missing_pictures() -> Iterator[str]:
    missing = sum(not default_storage.exists(name) for name in used_pictures())
    if missing:
        yield f"{missing} pictures that pages show are not in the storage."


def unreadable_answers() -> Iterator[str]:
    """Answers to health forms that no key opens: each is decrypted, and none is shown."""
    count = count_unreadable()
    if count:
        problem = ngettext(
            "%(n)s visit's answers to a health form cannot be opened.",
            "%(n)s visits' answers to health forms cannot be opened.",
            count,
        )
        yield (
            f"{problem % {'n': count}} "
            "Set FORMS_KEY to the keys that the site had, newest first: they are kept apart from the backups."
        )
