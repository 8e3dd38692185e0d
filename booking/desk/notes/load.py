"""The notes and tags of a patient that a request may show, on the record or beside a visit."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Exists, OuterRef, Q
from django.http import HttpRequest

from booking.models import Appointment, Patient, PatientNote, Tag
from booking.staff.access import may_tag_patients, may_write_notes, treats_patient, visible_notes

_DESK = PatientNote.Audience.DESK


@dataclass(frozen=True)
class PatientNotes:
    """The patient's tags, the notes on the patient, and with a visit those on the visit."""

    tags: Sequence[Tag] = ()
    other_tags: Sequence[Tag] = ()  # Those that could be added; only loaded for users who may.
    about_patient: list[PatientNote] = field(default_factory=list)
    about_visit: list[PatientNote] = field(default_factory=list)
    user: Any = None
    may_write: bool = False
    may_tag: bool = False

    @property
    def desk_note(self) -> PatientNote | None:
        """The visit's note for everyone at the desk."""
        return _desk(self.about_visit)

    @property
    def own_note(self) -> PatientNote | None:
        """The user's own note on the visit."""
        return _own(self.about_visit, self.user)

    @property
    def others_notes(self) -> list[PatientNote]:
        """What others wrote about the visit for themselves."""
        return [note for note in self.about_visit if note.audience != _DESK and note.author_id != self.user.pk]

    @property
    def desk_note_on_patient(self) -> PatientNote | None:
        return _desk(self.about_patient)

    @property
    def own_note_on_patient(self) -> PatientNote | None:
        return _own(self.about_patient, self.user)

    @property
    def others_notes_on_patient(self) -> list[PatientNote]:
        return [note for note in self.about_patient if note.audience != _DESK and note.author_id != self.user.pk]


def _desk(notes: list[PatientNote]) -> PatientNote | None:
    return next((note for note in notes if note.audience == _DESK), None)


def _own(notes: list[PatientNote], user: Any) -> PatientNote | None:
    return next((note for note in notes if note.audience != _DESK and note.author_id == user.pk), None)


def _tags(patient: Patient) -> tuple[list[Tag], list[Tag]]:
    """All tags, and those of the patient. One query."""
    on_patient = Exists(Patient.tags.through.objects.filter(patient=patient, tag=OuterRef("pk")))
    rows = [(tag, tag.is_on_patient) for tag in Tag.objects.annotate(is_on_patient=on_patient)]
    return [tag for tag, _is_set in rows], [tag for tag, is_set in rows if is_set]


def load_notes(request: HttpRequest, patient: Patient, *, visit: Appointment | None = None) -> PatientNotes:
    """A practitioner sees those of own patients only."""
    if not treats_patient(request, patient):
        return PatientNotes(user=request.user)
    may_tag = may_tag_patients(request)
    every_tag, tags = _tags(patient) if may_tag else ([], list(patient.tags.all()))
    notes = visible_notes(request).filter(patient=patient).select_related("author")
    found = notes.filter(Q(appointment__isnull=True) | Q(appointment=visit)) if visit else notes
    return PatientNotes(
        tags=tags,
        other_tags=[tag for tag in every_tag if tag not in tags],
        about_patient=[note for note in found if note.appointment_id is None],
        about_visit=[note for note in found if visit and note.appointment_id == visit.pk],
        user=request.user,
        may_write=may_write_notes(request),
        may_tag=may_tag,
    )
