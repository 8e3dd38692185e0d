"""The worker's daily run: delete what is older than its retention period, and certify it.

Each kind is one transaction with at most ``LIMIT`` rows, so that nobody waits long; the rest goes the next day.
Patients are not in it: a person decides on them (``booking.privacy.disposal``).
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from booking.models import (
    AccessLogEntry,
    AccessLogPerson,
    Disposal,
    DisposalItem,
    Message,
    RetentionPeriods,
    WaitlistEntry,
)
from booking.privacy.disposal.correspondence import delete_entries
from booking.privacy.disposal.due import years_before
from booking.privacy.disposal.logs import empty_admin_log
from booking.privacy.retention.periods import current_periods

LIMIT = 20_000
BATCH = 500  # Rows of one DELETE.

Kind, State = Message.Kind, Message.State
Run = Callable[[datetime, Disposal], dict[str, int]]


def apply_periods(*, now: datetime) -> list[Disposal]:
    """Apply all periods that are set. Returns the certificates: one for each kind of which something went."""
    periods = current_periods()
    runs: list[tuple[int | None, str, timedelta | None, Run]] = [
        (periods.access_log_years, "Access log: {} years", None, _delete_access_log),
        (periods.message_days, "Messages: {} days after sending", timedelta(days=1), _empty_messages),
        (
            periods.contact_days,
            "Contact form and link requests: {} days after sending",
            timedelta(days=1),
            _delete_letters,
        ),
        (periods.waitlist_days, "Waitlist entries: {} days after their end", timedelta(days=1), _delete_waitlist),
    ]
    certificates = []
    for length, rule, unit, run in runs:
        if length is None:
            continue
        before = years_before(now, length) if unit is None else now - length * unit
        certificate = _certified(run, before, rule.format(length), periods, now)
        if certificate is not None:
            certificates.append(certificate)
    return certificates


def run_daily() -> str:
    """The worker's task. Returns a sentence for the log."""
    certificates = apply_periods(now=timezone.now())
    counts = ", ".join(f"{kind} {count}" for row in certificates for kind, count in row.counts.items())
    return f"Retention periods: {counts}." if counts else ""


def _certified(run: Run, before: datetime, rule: str, periods: RetentionPeriods, now: datetime) -> Disposal | None:
    """Run it, and write the certificate if something went."""
    until = timezone.localdate(now) + timedelta(days=periods.backup_days) if periods.backup_days else None
    certificate = Disposal(kind=Disposal.Kind.PERIOD, at=now, rule=rule, counts={}, in_backups_until=until)
    with transaction.atomic():
        counts = {kind: count for kind, count in run(before, certificate).items() if count}
        if not counts:
            return None
        certificate.counts = counts
        certificate.save(force_insert=True)
    return certificate


def _delete_access_log(before: datetime, certificate: Disposal) -> dict[str, int]:
    """The item opens the append-only tables to the deletion of rows before its date, until the certificate is there."""
    if not AccessLogEntry.objects.filter(at__lt=before).exists():
        return {}
    DisposalItem.objects.create(disposal_id=certificate.pk, log_before=before)
    people = count = 0
    while people + count < LIMIT:
        keys = list(
            AccessLogEntry.objects.filter(at__lt=before).order_by("at", "pk").values_list("pk", flat=True)[:BATCH]
        )
        if not keys:
            break
        people += AccessLogPerson.objects.filter(entry__in=keys).delete_expired()
        count += AccessLogEntry.objects.filter(pk__in=keys).delete_expired()
    return {"access_log": count}


def _empty_messages(before: datetime, certificate: Disposal) -> dict[str, int]:
    """Empty what is left of messages about appointments that are over, and delete daily summaries.

    The sequence stays: it says which change of the appointment a message told of.
    """
    about_over = _left(before).filter(appointment__ends_at__lt=before)
    has_words = ~Q(last_error="") | ~Q(provider_id="")
    keys = list(about_over.filter(has_words).order_by("pk").values_list("pk", flat=True)[:LIMIT])
    emptied = 0
    for part in _batches(keys):
        emptied += Message.objects.filter(pk__in=part).update(last_error="", provider_id="", delivery_check_at=None)
    return {"message_texts": emptied + _delete(_left(before).filter(kind=Kind.DAILY_SUMMARY))}


def _delete_letters(before: datetime, certificate: Disposal) -> dict[str, int]:
    return {"contact_messages": _delete(_left(before).filter(kind__in=[Kind.CONTACT, Kind.LOST_LINK]))}


def _delete_waitlist(before: datetime, certificate: Disposal) -> dict[str, int]:
    entries = list(WaitlistEntry.objects.filter(ended_at__lt=before).order_by("ended_at", "pk")[:LIMIT])
    counts = {"admin_log": empty_admin_log({WaitlistEntry: [entry.pk for entry in entries]})}
    return counts | delete_entries(entries)


def _left(before: datetime) -> QuerySet[Message]:
    """Messages that were sent, or dropped, before this time."""
    unsent = Q(state__in=[State.DROPPED, State.WITHHELD], due_at__lt=before)
    return Message.objects.filter(Q(state=State.SENT, sent_at__lt=before) | unsent)


def _delete(rows: QuerySet[Message]) -> int:
    keys = list(rows.order_by("pk").values_list("pk", flat=True)[:LIMIT])
    return sum(Message.objects.filter(pk__in=part).delete()[0] for part in _batches(keys))


def _batches(keys: list[int]) -> list[list[int]]:
    return [keys[start : start + BATCH] for start in range(0, len(keys), BATCH)]
