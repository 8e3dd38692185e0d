"""Commands: look at what a disposal would remove, and dispose of patients."""

import hashlib
import json
import uuid
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.contrib.sessions.backends.base import SessionBase
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from booking.models import Appointment, Disposal, DisposalItem, Message, Patient, PatientNote, RetentionPeriods
from booking.models import WaitlistEntry as Entry
from booking.privacy.change_log import ChangedBy
from booking.privacy.disposal.correspondence import delete_entries, delete_letters, entries_of
from booking.privacy.disposal.due import due_patients
from booking.privacy.disposal.logs import notes_of, redact_logs
from booking.privacy.disposal.obstacles import DisposalRefused, check_can_go
from booking.privacy.disposal.patient_rows import empty_patients
from booking.privacy.disposal.people import known_identities, rows_of
from booking.privacy.disposal.sessions import Mentions, clear_sessions
from booking.privacy.disposal.visits import empty_visits, lock_visits


class DisposalChanged(DisposalRefused):
    """The patients, or what is stored of them, are not those that were reviewed."""


@dataclass(frozen=True)
class DisposalReview:
    """What a disposal removes: rows by kind. ``version`` changes with the patients and with the numbers."""

    patients: tuple[int, ...]
    counts: dict[str, int]

    @property
    def version(self) -> str:
        stable = {kind: count for kind, count in self.counts.items() if kind != "sessions"}
        words = json.dumps([self.patients, sorted(stable.items())])
        return hashlib.sha256(words.encode()).hexdigest()[:32]


def review(*, patients: Iterable[int], by: ChangedBy, now: datetime, kind: Disposal.Kind) -> DisposalReview:
    """Do the work of ``dispose`` and roll it back, so that what is counted is what would go. Raises DisposalRefused."""
    _check_permission(by)
    with transaction.atomic():
        found = _remove(sorted(set(patients)), uuid.uuid4(), now=now, kind=kind)
        transaction.set_rollback(True)
    return found


def dispose(
    *,
    patients: Iterable[int],
    by: ChangedBy,
    now: datetime,
    kind: Disposal.Kind,
    rule: str,
    seen: str | None = None,
    session: SessionBase | None = None,
) -> Disposal:
    """Make these patients anonymous, for good, and write the certificate, in one transaction.

    ``patients``: primary keys; the rows that were merged into them go with them. ``rule``: the period that was over,
    or the reason of a request, without names. ``seen``: the version of the review that the user confirmed.
    ``session``: that of the request, which would otherwise be saved again as it was.

    Raises DisposalRefused, and DisposalChanged if what is there is not what was reviewed.
    """
    _check_permission(by)
    with transaction.atomic():
        certificate = Disposal(kind=kind, at=now, by=by.user, rule=rule, in_backups_until=_backups_until(now))
        found = _remove(sorted(set(patients)), certificate.pk, now=now, kind=kind, session=session)
        if seen is not None and seen != found.version:
            raise DisposalChanged(gettext("Something has changed since you looked. Nothing was removed: look again."))
        certificate.counts = found.counts
        certificate.save(force_insert=True)
    return certificate


def _remove(
    patients: list[int],
    certificate: uuid.UUID,
    *,
    now: datetime,
    kind: Disposal.Kind,
    session: SessionBase | None = None,
) -> DisposalReview:
    """Remove what is stored of these patients. Call it in a transaction that writes the certificate afterwards.

    The rows are locked FOR UPDATE first: a booking for one of the patients waits, and then finds them gone; one that
    came first is found here.
    """
    rows = list(Patient.objects.filter(rows_of(patients)).order_by("pk").select_for_update(of=("self",)))
    if not patients or not set(patients) <= {row.pk for row in rows}:
        raise DisposalRefused(gettext("There's no one to remove. Nothing has changed."))
    visits = lock_visits(rows)
    if kind == Disposal.Kind.PEOPLE and len(due_patients(now=now, among=patients)) < len(patients):
        raise DisposalChanged(gettext("Someone on this list is no longer due. Nothing was removed: look again."))
    check_can_go(rows, now=now)
    DisposalItem.objects.bulk_create([DisposalItem(disposal_id=certificate, patient=row) for row in rows])
    identities = known_identities(rows)
    entries = entries_of(rows, identities)
    mentions = Mentions(rows, identities, visits, entries)
    about = {
        Appointment: [visit.pk for visit in visits],
        Entry: [entry.pk for entry in entries],
        PatientNote: notes_of(rows),
        Message: list(Message.objects.filter(appointment__in=visits).values_list("pk", flat=True)),
    }
    counts: Counter[str] = Counter()
    for part in (
        redact_logs(rows, about),
        delete_letters(rows, identities),
        delete_entries(entries),
        empty_visits(visits),
        empty_patients(rows, now=now),
        {"sessions": clear_sessions(mentions)},
    ):
        counts.update(part)
    if session is not None:
        mentions.clear(session)
    return DisposalReview(tuple(patients), {name: count for name, count in counts.items() if count})


def _check_permission(by: ChangedBy) -> None:
    if by.user is None or not by.user.has_perm("booking.add_disposal"):
        raise DisposalRefused(gettext("Your login may not remove people's details."))


def _backups_until(now: datetime) -> date | None:
    days = RetentionPeriods.objects.filter(pk=1).values_list("backup_days", flat=True).first()
    return timezone.localdate(now) + timedelta(days=days) if days else None
