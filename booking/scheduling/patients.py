"""Who an appointment is for: what was told, and the row it belongs to."""

import uuid
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from django.db import transaction

from booking.models import Appointment, Channel, Patient, WaitlistEntry
from booking.models.patients import search_key_of
from booking.scheduling.rows import read
from booking.scheduling.waitlist_keys import keys_of


@dataclass(frozen=True)
class PatientDetails:
    """What a patient tells us when booking; ``phone`` is in E.164 form."""

    name: str
    email: str
    phone: str
    preferred_name: str = ""
    pronouns: str = ""
    date_of_birth: date | None = None
    contact_name: str = ""
    is_first_visit: bool | None = None
    reminders: bool = True
    reminders_by: Channel = Channel.EMAIL
    notice_version: str = ""


class Known(NamedTuple):
    """A patient with the e-mail address that was told."""

    id: int
    preferred_name: str
    pronouns: str
    is_alike: bool  # in name, phone, date of birth and contact as well
    visits_ahead: int  # that were booked online
    most_ahead: int  # of all that share the address, as the clinic says


# Letters are alike as in Django's iexact, and as the index of e-mail addresses has them. Callers
# without an address are many, so then the phone number has to be theirs as well.
_KNOWN = """
    SELECT id, preferred_name, pronouns,
        phone = %(phone)s AND UPPER(name) = UPPER(%(name)s) AND UPPER(contact_name) = UPPER(%(contact_name)s)
            AND (date_of_birth = %(born_on)s OR (date_of_birth IS NULL AND %(born_on)s IS NULL)),
        (SELECT count(*) FROM booking_appointment visit
            WHERE visit.patient_id = patient.id AND visit.status = 'booked' AND visit.starts_at >= %(now)s
              AND visit.submission_key IS NOT NULL),
        COALESCE((SELECT visits_ahead_per_email FROM booking_clinic ORDER BY id LIMIT 1), 1000)
    FROM booking_patient patient
    WHERE UPPER(email) = UPPER(%(email)s) AND (email <> '' OR phone = %(phone)s)
    ORDER BY id
"""


def known_at(details: PatientDetails, *, now: datetime) -> list[Known]:
    """All patients with the e-mail address of ``details``, the oldest first. One query."""
    told = {"email": details.email, "phone": details.phone, "name": details.name, "contact_name": details.contact_name}
    return [Known(*row) for row in read(_KNOWN, now=now, born_on=details.date_of_birth, **told)]


def patient_for(details: PatientDetails, known: Iterable[Known]) -> Patient:
    """The patient with exactly these details among those ``known_at`` the address, or a new one, not yet stored.

    A row that stands is never changed.

    Anything less than all of name, e-mail, phone and date of birth may be another person, or a
    stranger guessing: staff merge what really is one. Words that differ (a new preferred name)
    make a new row, too, so that nobody can rename somebody they know. Who was merged is whoever
    stands for them, as long as the address and phone that were told are that person's: mails go there.

    In a transaction; the row is locked, so that nobody merges it away meanwhile.
    """
    told = {
        "name": details.name,
        "preferred_name": details.preferred_name,
        "pronouns": details.pronouns,
        "email": details.email,
        "phone": details.phone,
        "date_of_birth": details.date_of_birth,
        "contact_name": details.contact_name,
    }
    for one in known:
        words = (one.preferred_name, one.pronouns)
        if not one.is_alike or words != (details.preferred_name or words[0], details.pronouns or words[1]):
            continue
        row = standing(Patient(pk=one.id))
        # Mails go to the one that stands, so the address and phone that were told must be theirs.
        if row.pk == one.id or (row.email.lower() == details.email.lower() and row.phone == details.phone):
            return row
    made = Patient(**told)
    made.search_key = search_key_of(made)
    return made


class _MergedMeanwhile(Exception):
    """Somebody made two patients one while we waited for the lock."""


def standing(patient: Patient) -> Patient:
    """The patient as they now are, locked; or whoever stands for one who was merged meanwhile.

    In a transaction: until it ends, nobody merges them.
    """
    while True:
        with suppress(_MergedMeanwhile), transaction.atomic():
            other = Patient.objects.filter(pk=patient.pk).values_list("merged_into", flat=True).get()
            ids = [patient.pk] if other is None else [patient.pk, other]
            # In the order of their ids, as merging locks them: nobody waits in a circle.
            rows = Patient.objects.filter(pk__in=ids).order_by("pk").select_for_update(no_key=True)
            found = {row.pk: row for row in rows}
            stands = found.get(found[patient.pk].merged_into_id or patient.pk)
            if stands is None or stands.merged_into_id is not None:
                # The savepoint gives the lock back. Who kept it would ask for the other row out of turn.
                raise _MergedMeanwhile
            return stands


def upcoming_visits(patient: Patient, *, now: datetime) -> list[Appointment]:
    """What is agreed and still ahead, locked, the nearest first. In a transaction."""
    rows = Appointment.objects.upcoming(now=now).filter(patient=patient).order_by("pk").select_for_update(of=("self",))
    found = rows.select_related("patient", "practitioner", "service", "location", "room")
    return sorted(found, key=lambda visit: visit.starts_at)


def carry_waitlist(*, name: str, email: str, to: Patient) -> list[int]:
    """Write ``to``'s name and address into what waits under this name and address; the ids of the entries.

    The waitlist asks no account either: an entry is somebody's by what it says. Who has no address cannot
    be offered anything by mail, so then the entry stays as it is. A link that went to another address
    opens nothing any more.
    """
    if not (email and to.email):
        return []
    rows = WaitlistEntry.objects.waiting().filter(name__iexact=name, email__iexact=email)
    entries = list(rows.select_related("service", "practitioner", "location").select_for_update(of=("self",)))
    for entry in entries:
        if entry.email.lower() != to.email.lower():
            entry.uid = uuid.uuid4()
        entry.name, entry.email, entry.phone, entry.contact_name = to.name, to.email, to.phone, to.contact_name
        entry.person_key, wish = keys_of(entry)
        # Two that were waiting for the same stay two: each may have told somebody its place.
        if not WaitlistEntry.objects.waiting().filter(wish_key=wish).exclude(pk=entry.pk).exists():
            entry.wish_key = wish
        entry.save()
    return sorted(entry.pk for entry in entries)
