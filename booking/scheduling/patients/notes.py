"""Commands: write, change or delete a staff note on a patient or a visit; tag a patient."""

from datetime import datetime

from django.db import transaction

from booking.models import Appointment, Patient, PatientNote, Tag
from booking.privacy.change_log import log_added, log_changed, log_removed, values_of
from booking.scheduling.actors import Actor
from booking.scheduling.appointments.patient_matching import surviving_patient
from booking.scheduling.exceptions import SchedulingError, WrongStatus


class NoteChanged(SchedulingError):
    """Somebody else saved or deleted the note since it was shown. ``current`` is None if there is none now."""

    def __init__(self, current: PatientNote | None) -> None:
        super().__init__("Somebody just changed this note. Read it, then save yours again.")
        self.current = current


def note_version(note: PatientNote | None) -> str:
    """The version of a note for optimistic locking; "" if there is no note."""
    return note.updated_at.isoformat() if note else ""


def save_note(
    *,
    patient: Patient,
    appointment: Appointment | None = None,
    audience: PatientNote.Audience,
    text: str,
    seen: str,
    by: Actor,
    now: datetime,
) -> PatientNote | None:
    """Save the note of this audience on the visit, or without one on the patient. An empty text deletes it.

    ``seen``: the note's version when it was shown. Raises NoteChanged if that is not its version now, and WrongStatus.
    """
    if not by.is_staff:
        raise WrongStatus("Only staff can do this.")
    with transaction.atomic():
        patient = surviving_patient(patient)  # Its lock makes this the only transaction that changes their notes.
        notes = PatientNote.objects.filter(patient=patient, appointment=appointment, audience=audience)
        if audience == PatientNote.Audience.OWN:
            notes = notes.filter(author=by.user)
        note = notes.select_related("author").first()
        if seen != note_version(note):
            raise NoteChanged(note)
        if not text:
            if note is not None:
                log_removed(by, note)
                note.delete()
            return None
        if note is None:
            note = PatientNote(patient=patient, appointment=appointment, audience=audience, created_at=now)
        before = values_of(note)
        if note.text != text:
            is_new = note.pk is None
            note.text, note.author, note.updated_at = text, by.user, now
            note.save()
            log_added(by, note) if is_new else log_changed(by, note, before)
        return note


def change_tags(*, patient: Patient, add: Tag | None = None, remove: Tag | None = None, by: Actor) -> None:
    """Put a tag on the patient, or take one off. Raises WrongStatus."""
    if not by.is_staff:
        raise WrongStatus("Only staff can do this.")
    with transaction.atomic():
        patient = surviving_patient(patient)
        before = values_of(patient)
        if add is not None:
            patient.tags.add(add)
        if remove is not None:
            patient.tags.remove(remove)
        log_changed(by, patient, before)
