"""Write the access log: one entry for each page, search or feed that shows identifiable patients to staff.

A view calls ``log_view()`` in the request that shows them. A page that names a patient and leaves no entry is a bug;
``tests/booking/privacy/test_access_log.py`` looks for such pages.
"""

from collections.abc import Iterable

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from booking.models import AccessLogEntry, AccessLogPerson, Appointment, Patient, WaitlistEntry

Kind = AccessLogEntry.Kind
Person = Appointment | Patient | WaitlistEntry | None
_RECORDED_WHEN_EMPTY = (Kind.SEARCH, Kind.LOG, Kind.EXPORT)


def log_view(
    request: HttpRequest, kind: Kind, shown: Iterable[Person], *, reason: str = "", page: str = ""
) -> AccessLogEntry | None:
    """Record that this request shows these people. Appointments count as their patient, or as nobody.

    A search, a look at a log and an export are recorded even if they show nobody; other pages are not. ``page``
    replaces a path that holds a secret.
    """
    patients, entries = _ids_of(shown)
    if not patients and not entries and kind not in _RECORDED_WHEN_EMPTY:
        return None
    user = request.user if request.user.is_authenticated else None
    with transaction.atomic():
        entry = AccessLogEntry.objects.create(
            at=timezone.now(),
            staff=user,
            role=", ".join(user.groups.order_by("name").values_list("name", flat=True))[:200] if user else "",
            kind=kind,
            page=(page or request.path)[:200],
            address=request.META.get("REMOTE_ADDR") or None,
            count=len(patients) + len(entries),
            reason=reason,
        )
        AccessLogPerson.objects.bulk_create(
            [
                *(AccessLogPerson(entry=entry, at=entry.at, patient_id=pk) for pk in sorted(patients)),
                *(AccessLogPerson(entry=entry, at=entry.at, waitlist_entry_id=pk) for pk in sorted(entries)),
            ]
        )
    return entry


def not_shown_since(request: HttpRequest, shown: Iterable[Person], *, first: str) -> list[Person]:
    """Those whom no entry of this login names since its entry ``first``, which a page that refreshes itself sends.

    Everyone if there is no such entry, or if it is older than a session can be.
    """
    people = list(shown)
    if not (first.isascii() and first.isdigit() and len(first) < 19):
        return people
    own = AccessLogEntry.objects.filter(staff=request.user.pk)
    if not own.filter(pk=first, at__gte=timezone.now() - settings.STAFF_SESSION).exists():
        return people
    rows = AccessLogPerson.objects.filter(entry__in=own.filter(pk__gte=first))
    known = set(rows.values_list("patient_id", "waitlist_entry_id"))
    return [person for person in people if not _keys_of(person) <= known]


def _keys_of(person: Person) -> set[tuple[int | None, int | None]]:
    patients, entries = _ids_of([person])
    return {(pk, None) for pk in patients} | {(None, pk) for pk in entries}


def _ids_of(shown: Iterable[Person]) -> tuple[set[int], set[int]]:
    """The primary keys of the patients and of the waitlist entries."""
    patients: set[int] = set()
    entries: set[int] = set()
    for person in shown:
        if isinstance(person, WaitlistEntry):
            entries.add(person.pk)
        elif isinstance(person, Appointment):
            patients |= {person.patient_id} if person.patient_id else set()
        elif person is not None:
            patients.add(person.pk)
    return patients, entries
