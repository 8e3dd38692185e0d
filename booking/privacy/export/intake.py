"""The person's answers to health forms, decrypted."""

from collections.abc import Sequence

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from booking.intake.answers import open_answers
from booking.intake.encryption import AnswersUnreadable
from booking.intake.questions import lines
from booking.models import IntakeAnswers, Patient
from booking.privacy.export.tables import ExportTable, Extra


def intake_tables(identities: Sequence[Patient]) -> list[ExportTable]:
    rows = IntakeAnswers.objects.filter(appointment__patient__in=identities)
    named = rows.select_related("appointment", "version__form", "read_by").order_by("updated_at", "pk")
    return [
        ExportTable(
            "intake_answers",
            _("Health forms"),
            IntakeAnswers,
            named,
            extra={"answers": Extra(gettext("Answers"), _answers, "array")},
            without=["ciphertext"],
        )
    ]


def _answers(row: IntakeAnswers) -> list[str]:
    """Each question with its answer; a sentence if no key opens them."""
    try:
        return list(lines(row.version, open_answers(row, row.appointment).answers))
    except AnswersUnreadable:
        return [gettext("These answers are encrypted with a key that this site no longer has.")]
