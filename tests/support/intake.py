"""A health form with each kind of question on two pages, and a visit whose patient is asked to fill it in."""

from typing import Any

from django.test import Client
from django.utils import timezone

from booking import tokens
from booking.intake import answers, versions
from booking.intake.asked import answers_of
from booking.models import Appointment, IntakeAnswers, IntakeForm, IntakeQuestion
from tests.support import factories

PAGES = [
    [
        {"kind": "text", "label": "What brings you to us?", "is_required": True},
        {"kind": "scale", "label": "How strong is the pain?", "choices": "No pain\nThe strongest"},
        {"kind": "body_area", "label": "Where does it hurt?"},
    ],
    [
        {"kind": "choice", "label": "How long have you had it?", "choices": "A week\nA year"},
        {"kind": "yes_no", "label": "Have you had it before?"},
        {"kind": "date", "label": "When did it begin?"},
    ],
]
WORDS = "It hurts when I lift my <daughter>"


def make_form(pages: Any = None, **fields: Any) -> IntakeForm:
    """Create a form that is switched on, with its first version."""
    defaults = {"name": "History", "title": "About you", "intro": "We ask to prepare.", "is_active": True}
    form = IntakeForm.objects.create(**defaults | {"new_patients_only": False} | fields)
    for number, page in enumerate(PAGES if pages is None else pages, start=1):
        for position, row in enumerate(page, start=1):
            IntakeQuestion.objects.create(form=form, page=number, position=position, why="To prepare.", **row)
    versions.publish(form, now=timezone.now())
    return form


def make_asked_visit(form: IntakeForm | None = None, **fields: Any) -> Appointment:
    """Create a visit whose service has the form."""
    service = factories.make_service(intake_form=form or make_form())
    return factories.make_appointment(**{"service": service} | fields)


def key_of(label: str) -> str:
    """The name of a question's field, of the form that was made last."""
    return f"q{IntakeQuestion.objects.filter(label__startswith=label).latest('pk').pk}"


def first_page(**values: Any) -> dict[str, Any]:
    return {key_of("What brings"): WORDS, key_of("How strong"): "7", key_of("Where"): ["neck", "lower_back"]} | values


def second_page() -> dict[str, Any]:
    return {key_of("How long"): "A week", key_of("Have you"): "yes", key_of("When"): "2026-10-01"}


def fill_in(visit: Appointment, *, is_sent: bool = True) -> IntakeAnswers:
    """Answer both pages, and send the form."""
    now = timezone.now()
    version = versions.newest_version(visit.service.intake_form)
    stored = first_page() | {key_of("How strong"): 7}
    seen = answers.stamp_of(answers_of(visit))
    row = answers.save_page(appointment=visit, version=version, page=1, answers=stored, seen=seen, now=now)
    if is_sent:
        seen = answers.stamp_of(row)
        answers.save_page(appointment=visit, version=version, page=2, answers=second_page(), seen=seen, now=now)
        row = answers.send(appointment=visit, now=now)
    return row


def open_link(client: Client, visit: Appointment) -> None:
    """Open the link in the patient's email."""
    assert client.get(f"/appointment/{tokens.manage_token(visit)}/").status_code == 302
