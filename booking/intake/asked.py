"""Which visits are asked to fill in a form, whether it is still open, and how far it is.

The rule: a visit is asked if its service has a form that is switched on; of a form for new patients only, if it was
booked as a first visit; in a series, if it is the patient's first visit with this form that was not cancelled. Once a
visit is over or marked as missed, it is asked no more. A form that was begun stays the visit's own, whatever changes.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db.models import OuterRef, Subquery
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from booking.intake import encryption
from booking.intake.versions import newest_version
from booking.models import Appointment, IntakeAnswers, IntakeForm, IntakeFormVersion, Status

AHEAD = {Status.BOOKED, Status.ARRIVED}
MISSING = "missing"
LABELS = {
    MISSING: _("Form missing"),
    IntakeAnswers.State.PART.value: _("Form in part"),
    IntakeAnswers.State.DONE.value: _("Form done"),
}


@dataclass(frozen=True)
class FormState:
    """How far a visit's form is. ``is_begun``: there are answers to read."""

    state: str  # MISSING, or a state of IntakeAnswers.
    is_read: bool = False

    @property
    def is_begun(self) -> bool:
        return self.state != MISSING

    @property
    def is_done(self) -> bool:
        return self.state == IntakeAnswers.State.DONE

    @property
    def label(self) -> str:
        if self.is_done and self.is_read:
            return gettext("Form read")
        return str(LABELS[self.state])


def answers_of(appointment: Appointment) -> IntakeAnswers | None:
    return IntakeAnswers.objects.select_related("version").filter(appointment=appointment.pk).first()


def version_for(appointment: Appointment) -> IntakeFormVersion | None:
    """The version that this visit's patient answers; None if the visit is not asked."""
    answers = answers_of(appointment)
    if answers is not None:
        return answers.version
    if form_states([appointment]).get(appointment.pk) is None:
        return None
    form = appointment.service.intake_form
    return newest_version(form) if form else None


def is_open(appointment: Appointment, now: datetime) -> bool:
    """Whether the patient may still fill it in and change it: until the visit starts, unless it was cancelled."""
    return appointment.status in AHEAD and now < appointment.starts_at


def open_state(appointment: Appointment, now: datetime) -> FormState | None:
    """The state of the visit's form; None if it has none, or if it is closed."""
    return form_states([appointment]).get(appointment.pk) if is_open(appointment, now) else None


def is_wanted(appointment: Appointment, now: datetime) -> bool:
    """Whether the form is asked for, open and not done."""
    state = open_state(appointment, now)
    return state is not None and not state.is_done


def form_states(appointments: Iterable[Appointment], *, today: date | None = None) -> dict[int, FormState]:
    """The state of each visit that is asked or has answers, by primary key, with at most three queries.

    ``today``: leave out visits of earlier days that have no answers.
    """
    visits = list(appointments)
    rows = IntakeAnswers.objects.filter(appointment__in=[visit.pk for visit in visits])
    states = {
        pk: FormState(state, read_at is not None)
        for pk, state, read_at in rows.values_list("appointment", "state", "read_at")
    }
    others = [visit for visit in visits if visit.pk not in states and visit.status in AHEAD]
    if today is not None:
        others = [visit for visit in others if visit.local_on >= today]
    forms = _forms_to_ask({visit.service.intake_form_id for visit in others if visit.service.intake_form_id})
    asking = [visit for visit in others if _asks(forms.get(visit.service.intake_form_id or 0), visit)]
    first = _first_of_series({visit.series for visit in asking if visit.series})
    for visit in asking:
        key = (visit.series, visit.patient_id, visit.service.intake_form_id)
        if visit.series is None or first.get(key) == visit.pk:
            states[visit.pk] = FormState(MISSING)
    return states


def _forms_to_ask(keys: set[int]) -> dict[int, IntakeForm]:
    """Those of these forms that are switched on and whose newest version asks anything."""
    if not keys or not encryption.has_key():
        return {}
    newest = IntakeFormVersion.objects.filter(form=OuterRef("pk")).order_by("-number").values("questions")[:1]
    forms = IntakeForm.objects.filter(pk__in=keys, is_active=True).annotate(newest_questions=Subquery(newest))
    return {form.pk: form for form in forms if form.newest_questions}


def _asks(form: IntakeForm | None, visit: Appointment) -> bool:
    """Whether the form is for this kind of visit. The series is the caller's to check."""
    return form is not None and (bool(visit.is_first_visit) or not form.new_patients_only)


def _first_of_series(keys: set[UUID]) -> dict[tuple[UUID | None, int | None, int | None], int]:
    """The first visit of each series, patient and form that was not cancelled. A series may mix services."""
    if not keys:
        return {}
    rows = Appointment.objects.filter(series__in=keys, service__intake_form__isnull=False)
    rows = rows.exclude(status=Status.CANCELLED).order_by("-starts_at", "-pk")
    columns = rows.values_list("pk", "series", "patient", "service__intake_form")
    return {(series, patient, form): pk for pk, series, patient, form in columns}
