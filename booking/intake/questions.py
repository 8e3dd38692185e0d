"""The questions of a version, page by page, and answers as people read them."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from itertools import groupby
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from booking.formatting import date_in_words
from booking.models import IntakeForm, IntakeFormVersion, IntakeQuestion
from booking.text_cleaning import split_lines

Kind = IntakeQuestion.Kind

# Stored by its key, so that a label may be reworded.
BODY_AREAS = {
    "head": _("Head or jaw"),
    "neck": _("Neck"),
    "left_shoulder": _("Left shoulder"),
    "right_shoulder": _("Right shoulder"),
    "left_arm": _("Left arm or elbow"),
    "right_arm": _("Right arm or elbow"),
    "left_hand": _("Left wrist or hand"),
    "right_hand": _("Right wrist or hand"),
    "chest": _("Chest or ribs"),
    "upper_back": _("Upper back"),
    "lower_back": _("Lower back"),
    "belly": _("Belly"),
    "pelvis": _("Pelvis or groin"),
    "left_hip": _("Left hip or buttock"),
    "right_hip": _("Right hip or buttock"),
    "left_leg": _("Left thigh or lower leg"),
    "right_leg": _("Right thigh or lower leg"),
    "left_knee": _("Left knee"),
    "right_knee": _("Right knee"),
    "left_foot": _("Left ankle or foot"),
    "right_foot": _("Right ankle or foot"),
}


@dataclass(frozen=True)
class AskedQuestion:
    """One question of a version. ``key`` is that of its answer."""

    key: str
    page: int
    kind: str
    label: str
    why: str
    is_required: bool
    choices: tuple[str, ...]

    def in_words(self, value: Any) -> str:
        """An answer as people read it; "" for none."""
        if value in (None, "", []):
            return ""
        if self.kind == Kind.YES_NO:
            return gettext("Yes") if value == "yes" else gettext("No")
        if self.kind == Kind.SCALE:
            return gettext("%(number)s out of 10") % {"number": value}
        if self.kind == Kind.BODY_AREA:
            return ", ".join(str(BODY_AREAS.get(area, area)) for area in value)
        if self.kind == Kind.DATE:
            return date_in_words(date.fromisoformat(value))
        return str(value)


@dataclass(frozen=True)
class AnsweredQuestion:
    question: AskedQuestion
    answer: str  # In words; "" for none.


def questions_of(version: IntakeFormVersion) -> list[AskedQuestion]:
    return [AskedQuestion(**row | {"choices": tuple(row["choices"])}) for row in version.questions]


def pages_of(version: IntakeFormVersion) -> list[list[AskedQuestion]]:
    """The questions of each page. Pages are numbered from 1 on, whatever numbers staff gave them."""
    return [list(page) for _number, page in groupby(questions_of(version), key=lambda question: question.page)]


def draft_of(form: IntakeForm) -> list[dict[str, Any]]:
    """The questions that staff edit, as a version stores them."""
    return [
        asdict(
            AskedQuestion(
                key=f"q{row.pk}",
                page=row.page,
                kind=row.kind,
                label=row.label,
                why=row.why,
                is_required=row.is_required,
                choices=tuple(split_lines(row.choices)),
            )
        )
        | {"choices": split_lines(row.choices)}
        for row in IntakeQuestion.objects.filter(form=form).order_by("page", "position", "pk")
    ]


def answered(version: IntakeFormVersion, answers: Mapping[str, Any]) -> list[list[AnsweredQuestion]]:
    """Each page's questions with the answers in words."""
    return [
        [AnsweredQuestion(question, question.in_words(answers.get(question.key))) for question in page]
        for page in pages_of(version)
    ]


def lines(version: IntakeFormVersion, answers: Mapping[str, Any]) -> Iterator[str]:
    """The answers as lines such as "How long have you had it? A week", without empty ones."""
    for question in questions_of(version):
        if text := question.in_words(answers.get(question.key)):
            yield f"{question.label} {text}"
