"""The panel that books a visit: in a gap of the calendar, or, with ``?do=book``, at any time with anyone."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, time
from typing import Any

from django.core.exceptions import ValidationError

from booking.desk.booking.choices import FreeTime, VisitChoice, soon, starts_in, usual_service, visit_rows
from booking.desk.booking.form import BookForm
from booking.desk.calendar.board import CalendarBlock
from booking.desk.calendar.load import next_mark
from booking.desk.calendar.page import CalendarPage, Panel
from booking.desk.find.duplicates import SimilarPatient
from booking.desk.find.search import FoundPatient, SearchResult, found_patients
from booking.desk.waitlist.gap import gap_people
from booking.models import Patient, Practitioner, Service
from booking.privacy.access_log import Person
from booking.text_cleaning import is_plain_digits

OPEN = "book"  # The value of ``do`` where the time is not given by a gap.


@dataclass(frozen=True)
class Question:
    """What is asked once before a visit is booked outside these rules; ``sentences`` say them in words.

    ``asked_for`` and ``asked_rules`` come back with the answer, which counts for nothing else.
    """

    sentences: Sequence[str]
    may_answer: bool
    asked_for: str = ""
    asked_rules: str = ""


@dataclass(frozen=True)
class Findings:
    """What the view has found out since the form was sent."""

    result: SearchResult | None = None
    duplicates: Sequence[SimilarPatient] = ()
    question: Question | None = None
    free: Sequence[FreeTime] = ()
    free_for: Service | None = None
    nearest: Sequence[FreeTime] = ()
    focus: str = ""  # Where the page begins: "words", "patient", a field of a new patient; "none": where it was.

    @property
    def people(self) -> list[Patient]:
        found = self.result.patients if self.result else []
        return [*found, *(duplicate.patient for duplicate in self.duplicates)]


@dataclass(frozen=True)
class BookingChoices:
    """What the form offers, given what is chosen so far."""

    gap: CalendarBlock | None
    practitioner: Practitioner | None
    rows: Sequence[VisitChoice]
    service: Service | None
    starts: Sequence[datetime] = field(default_factory=list)
    at: time | None = None

    @property
    def start(self) -> datetime | None:
        """The chosen start within the gap, else its first."""
        chosen = (start for start in self.starts if start.time() == self.at)
        return next(chosen, self.starts[0] if self.starts else None)


def book_panel(page: CalendarPage, form: BookForm | None = None, findings: Findings | None = None) -> Panel | None:
    """The panel, with the form as it was sent; None if the gap is gone or the user may not book."""
    gap = None if page.params.do == OPEN else gap_of(page)
    if gap is None and page.params.do != OPEN and form is None:
        return None
    waiting = gap_people(page, page.params.with_, gap) if gap and page.params.with_ else []
    if not page.may_book:
        return Panel("desk/calendar/_gap.html", {"gap": gap, "gap_people": waiting}, gap.waiting) if gap else None
    form = form or BookForm(initial=_initial(page, gap), locations=page.locations)
    findings = findings or Findings()
    patient = chosen_patient(page, form)
    choices = _choices(page, gap, form, patient)
    is_new = bool(form["is_new"].value()) and patient is None
    shown_for = str(patient.patient.pk) if patient else "new" if is_new else ""
    is_first_visit = is_new or bool(patient and patient.is_new_here)
    if form["shown_for"].value() == shown_for:
        is_first_visit = bool(form["is_first_visit"].value())
    if findings.focus in form.fields:
        form.fields[findings.focus].widget.attrs["autofocus"] = True
    context: dict[str, Any] = {
        "form": form,
        "new_fields": [form[name] for name in ("name", "phone", "email")],
        "when_fields": [form[name] for name in ("practitioner", "location", "on", "at") if name in form.fields],
        "gap": gap,
        "gap_people": waiting,
        "choices": choices,
        "patient": patient,
        "is_new": is_new,
        "shown_for": shown_for,
        "is_first_visit": is_first_visit,
        "called": patient.patient.given_names if patient else str(form["name"].value() or "").partition(" ")[0],
        "findings": findings,
        "result": findings.result,
        "duplicates": findings.duplicates,
        "is_really_new": bool(form["is_really_new"].value()),
        "question": findings.question,
        "free": findings.free if findings.free_for or gap else soon(page.board, page.now),
        "needs_fold": any("twice" in str(error) for error in form.errors.get("at", [])) or form["fold"].value(),
        "focus": findings.focus or ("" if form.errors else _focus(patient, is_new)),
    }
    people: list[Person] = [*(gap.waiting if gap else []), *([patient.patient] if patient else []), *findings.people]
    return Panel("desk/appointments/_book.html", context, people)


def gap_of(page: CalendarPage) -> CalendarBlock | None:
    """The gap that the address names. Time passes: of a gap that has begun, what is left."""
    params = page.params
    gap = page.board.gap_at(params.with_, params.at)
    if gap is None and params.at and params.day == page.today and page.locations:
        left = next_mark(page.now).astimezone(page.locations[0].zone).time()
        return page.board.gap_at(params.with_, left) if params.at < left else None
    return gap


def chosen_patient(page: CalendarPage, form: BookForm) -> FoundPatient | None:
    """The patient whom the form names, with what they have had and will have."""
    value = str(form["patient"].value() or "")
    if not is_plain_digits(value) or len(value) > 18:
        return None
    return next(iter(found_patients(page.request, Patient.objects.current().filter(pk=value))), None)


def _initial(page: CalendarPage, gap: CalendarBlock | None) -> dict[str, Any]:
    params = page.params
    place = gap.location if gap else params.location
    return {
        "practitioner": params.with_.slug if params.with_ else "",
        "on": params.day,
        "at": params.at,
        "location": place.slug if place else "",
        "patient": params.patient or "",
    }


def _choices(
    page: CalendarPage, gap: CalendarBlock | None, form: BookForm, patient: FoundPatient | None
) -> BookingChoices:
    slug = (gap and page.params.with_ and page.params.with_.slug) or form["practitioner"].value()
    person = next((each for each in page.practitioners if each.slug == slug), None)
    rows = visit_rows(person, gap)
    possible = [row.service for row in rows if not row.why_not]
    service = next((each for each in possible if str(each.pk) == str(form["service"].value())), None)
    if service is None and (patient or form["is_new"].value()):
        service = usual_service(patient.patient if patient else None, rows)
    return BookingChoices(gap, person, rows, service, starts_in(gap, rows) if gap else [], _wall_time(form))


def _wall_time(form: BookForm) -> time | None:
    try:
        chosen: time | None = form.fields["at"].clean(form["at"].value())
    except ValidationError:
        return None
    return chosen


def _focus(patient: FoundPatient | None, is_new: bool) -> str:
    if patient:
        return "patient"
    return "" if is_new else "words"
