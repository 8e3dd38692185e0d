"""The form of one note, and saving it."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from booking import scheduling
from booking.forms.fields import ParagraphsField
from booking.models import Appointment, Patient, PatientNote
from booking.scheduling import Actor, NoteChanged, SchedulingError, note_version
from booking.staff.formats import format_instant, staff_name
from booking.staff.undo import offer_undo

Audience = PatientNote.Audience


class NoteForm(forms.Form):
    """``seen`` is the note's version when the form was shown, to detect that somebody else changed it."""

    text = ParagraphsField(
        max_length=1000,
        required=False,
        help_text=_("For running the day, not a clinical record. Leave it empty to delete the note."),
        widget=forms.Textarea(attrs={"rows": 4, "autofocus": True}),
    )
    audience = forms.ChoiceField(choices=Audience.choices, widget=forms.HiddenInput)
    seen = forms.CharField(required=False, max_length=40, widget=forms.HiddenInput)

    @classmethod
    def of(cls, note: PatientNote | None, audience: Audience) -> "NoteForm":
        """The form of this note, or of a new one for this audience."""
        return cls(initial={"text": note.text if note else "", "audience": audience, "seen": note_version(note)})

    @property
    def is_own(self) -> bool:
        return self["audience"].value() == Audience.OWN

    def show_conflict(self, current: PatientNote | None) -> None:
        """Say what the other person wrote, and let the next save replace it."""
        self.data = self.data.copy()  # type: ignore[attr-defined]
        self.data["seen"] = note_version(current)  # type: ignore[index]
        if current is None:
            self.add_error(None, gettext("Somebody deleted this note meanwhile. Save to keep what you typed."))
            return
        self.add_error(
            None,
            gettext("%(who)s changed this note on %(when)s. It now says: “%(text)s” Save to replace it with yours.")
            % {"who": staff_name(current.author), "when": format_instant(current.updated_at), "text": current.text},
        )


def save_form(request: HttpRequest, form: NoteForm, *, patient: Patient, appointment: Appointment | None = None) -> int:
    """Save a posted form. Returns 0 if it was saved, else the status of the page that shows the form again."""
    if not form.is_valid():
        return 422
    cleaned: dict[str, Any] = form.cleaned_data
    before = _note_now(request, patient, appointment, cleaned["audience"])
    try:
        note = scheduling.save_note(
            patient=patient,
            appointment=appointment,
            audience=cleaned["audience"],
            text=cleaned["text"],
            seen=cleaned["seen"],
            by=Actor.staff(request.user),
            now=timezone.now(),
        )
    except NoteChanged as changed:
        form.show_conflict(changed.current)
        return 409
    except SchedulingError as error:
        form.add_error(None, error.message)
        return 409
    if note is not None:
        messages.success(request, gettext("Note saved."))
    elif before is not None:
        undo = {"audience": before.audience, "text": before.text, "seen": ""}
        offer_undo(request, gettext("Note deleted."), request.path, undo)
    return 0


def _note_now(
    request: HttpRequest, patient: Patient, appointment: Appointment | None, audience: str
) -> PatientNote | None:
    notes = PatientNote.objects.filter(patient=patient, appointment=appointment, audience=audience)
    return (notes.filter(author=request.user.pk) if audience == Audience.OWN else notes).first()
