"""The health forms of the sample clinic: a back-pain history and a general one, in our own words.

They ask what a physiotherapist wants to know before a first visit. Nothing is counted, scored or interpreted.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db.models import Model

from booking.intake import encryption
from booking.intake.versions import publish
from booking.models import IntakeForm, IntakeQuestion

Kind = IntakeQuestion.Kind
BACK, GENERAL = "Back pain history", "General history"

_READ_BY = "Your physiotherapist reads your answers before you meet. They're part of your record here."
_NOT_HEALTH_EXPERTS = "There are no wrong answers. If you're not sure, leave a question out, and we'll ask you."

_GOALS = [
    (Kind.TEXT, "What would you like to get back to?", "So that we plan for what matters to you."),
    (Kind.TEXT, "What have you tried, and did it help?", "So that we don't repeat what didn't help."),
    (Kind.TEXT, "Is there anything else we should know?", "You know yourself best."),
]
_HEALTH = [
    (Kind.TEXT, "Which medications do you take?", "Some change what we may do, such as blood thinners."),
    (Kind.TEXT, "Do you have other conditions, or have you had an operation?", "Some need more care, or another plan."),
    (Kind.YES_NO, "Are you pregnant, or could you be?", "We'd choose other positions, and leave some treatments out."),
]
_ACTIVITY_WHY = "We look at these first, and again later to see what has changed."

# Pages of questions: kind, question, why we ask, and what differs from the defaults.
FORMS: dict[str, dict[str, Any]] = {
    BACK: {
        "title": "About your back",
        "intro": f"We'd like to know about your back before you come, so that there's more time to help you. {_READ_BY}"
        f"\n\n{_NOT_HEALTH_EXPERTS}",
        "new_patients_only": False,
        "pages": [
            [
                (Kind.BODY_AREA, "Where does it hurt?", "Pain can travel, so tick every place.", {"is_required": True}),
                (
                    Kind.CHOICE,
                    "How long have you had this pain?",
                    "New and old pain need different plans.",
                    {
                        "is_required": True,
                        "choices": "Less than two weeks\nTwo weeks to three months\nMore than three months\n"
                        "It comes and goes",
                    },
                ),
                (Kind.DATE, "If you know the day it began, when was it?", "It helps us see how it's been going."),
                (
                    Kind.SCALE,
                    "How strong has the pain been in the last few days?",
                    "We'll ask again later, to see what has changed for you.",
                    {"is_required": True, "choices": "No pain\nThe strongest pain you can imagine"},
                ),
            ],
            [
                (Kind.TEXT, "What is hard for you because of your back?", _ACTIVITY_WHY),
                (Kind.TEXT, "Is there a second thing that's hard?", _ACTIVITY_WHY),
                (Kind.TEXT, "Is there a third thing that's hard?", _ACTIVITY_WHY),
                (Kind.TEXT, "What makes it better, and what makes it worse?", "It tells us where to begin."),
            ],
            [*_HEALTH, *_GOALS],
        ],
    },
    GENERAL: {
        "title": "About your health",
        "intro": f"A few questions before your first visit. {_READ_BY}\n\n{_NOT_HEALTH_EXPERTS}",
        "new_patients_only": True,
        "pages": [
            [
                (Kind.TEXT, "What brings you to us?", "So that we can prepare.", {"is_required": True}),
                (Kind.BODY_AREA, "Which parts of your body is it about?", "Tick all that fit, or none."),
                (
                    Kind.SCALE,
                    "If it hurts, how strong has the pain been in the last few days?",
                    "We'll ask again later, to see what has changed for you.",
                    {"choices": "No pain\nThe strongest pain you can imagine"},
                ),
            ],
            [*_HEALTH, *_GOALS],
        ],
    },
}
FORM_OF_SERVICE = {
    "physiotherapy-assessment": GENERAL,
    "back-assessment": BACK,
    "pelvic-health-assessment": GENERAL,
}


def load_forms(now: datetime) -> Iterator[Model]:
    """Create the missing forms, switched on if the site has a key; yields each row that was created."""
    for name, row in FORMS.items():
        fields = {key: value for key, value in row.items() if key != "pages"}
        form, created = IntakeForm.objects.get_or_create(
            name=name, defaults=fields | {"is_active": encryption.has_key()}
        )
        if created:
            yield form
            yield from _add_questions(form, row["pages"])
            publish(form, now=now)


def _add_questions(form: IntakeForm, pages: list[list[tuple[Any, ...]]]) -> list[Model]:
    rows = [
        IntakeQuestion(
            form=form, page=page, position=position, kind=kind, label=label, why=why, **(rest[0] if rest else {})
        )
        for page, questions in enumerate(pages, start=1)
        for position, (kind, label, why, *rest) in enumerate(questions, start=1)
    ]
    return list(IntakeQuestion.objects.bulk_create(rows))
