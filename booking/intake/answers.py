"""Commands: save a page of answers, send them, read them, and mark them as read."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext

from booking.intake.asked import is_open
from booking.intake.encryption import Answers, decrypt, encrypt
from booking.intake.questions import pages_of
from booking.models import Appointment, IntakeAnswers, IntakeFormVersion

State = IntakeAnswers.State


class FormClosed(Exception):
    """Raised when answers may not be changed any more."""


class PagesMissing(Exception):
    """Raised when earlier pages are not filled in yet. ``page`` is the first of them."""

    def __init__(self, page: int) -> None:
        super().__init__(page)
        self.page = page


class QuestionsChanged(Exception):
    """Raised when a page shows the questions of another version than the answers so far."""


class AnswersChanged(Exception):
    """Raised when the answers are not those that the page showed."""


@dataclass(frozen=True)
class OpenedAnswers:
    """Answers, decrypted."""

    row: IntakeAnswers
    answers: Answers


def open_answers(row: IntakeAnswers, appointment: Appointment) -> OpenedAnswers:
    """Raises AnswersUnreadable."""
    return OpenedAnswers(row, decrypt(row.ciphertext, appointment=appointment.uid))


def stamp_of(row: IntakeAnswers | None) -> str:
    """What a page shows of the answers' last change, for ``save_page`` to compare; "" if there are none yet."""
    return row.updated_at.isoformat() if row else ""


def save_page(
    *,
    appointment: Appointment,
    version: IntakeFormVersion,
    page: int,
    answers: Mapping[str, Any],
    seen: str,
    now: datetime,
) -> IntakeAnswers:
    """Save the answers of one page, counted from 1. A form that was sent stays sent, and has to be read again.

    ``version`` and ``seen`` are those that the page showed: its questions, and ``stamp_of`` the answers. Saving the
    same answers twice is saving them once.

    Raises FormClosed, QuestionsChanged, AnswersChanged, PagesMissing, FormsKeyMissing, or AnswersUnreadable if earlier
    answers cannot be opened.
    """
    with transaction.atomic():
        visit = _locked(appointment, now)
        row = IntakeAnswers.objects.select_related("version").filter(appointment=visit).first()
        if row is None:
            row, so_far = IntakeAnswers(appointment=visit, version=version), {}
        else:
            if row.version_id != version.pk:
                raise QuestionsChanged(gettext("The questions have changed since this page was shown."))
            so_far = decrypt(row.ciphertext, appointment=visit.uid)
        if page > row.pages_done + 1:
            raise PagesMissing(row.pages_done + 1)
        asked = {question.key for question in pages_of(row.version)[page - 1]}
        after = so_far | {key: value for key, value in answers.items() if key in asked}
        if row.pk and after != so_far and seen != stamp_of(row):
            words = gettext("These answers were changed on another page meanwhile. Check them and save again.")
            raise AnswersChanged(words)
        if row.state == State.DONE and after != so_far:
            row.read_at = row.read_by = None
        row.ciphertext = encrypt(after, appointment=visit.uid)
        row.pages_done = max(row.pages_done, page)
        row.updated_at = now
        row.save()
    return row


def send(*, appointment: Appointment, now: datetime) -> IntakeAnswers:
    """Mark the form as done. Raises FormClosed and PagesMissing."""
    with transaction.atomic():
        visit = _locked(appointment, now)
        row = IntakeAnswers.objects.select_related("version").filter(appointment=visit).first()
        if row is None:
            raise PagesMissing(1)
        if row.pages_done < len(pages_of(row.version)):
            raise PagesMissing(row.pages_done + 1)
        if row.state != State.DONE:
            row.state, row.submitted_at, row.updated_at = State.DONE, now, now
            row.save()
    return row


def mark_read(*, appointment: Appointment, by: Any, seen_at: datetime, now: datetime) -> IntakeAnswers:
    """Record who has read the answers, which were last changed at ``seen_at``. Raises AnswersChanged."""
    with transaction.atomic():
        row = IntakeAnswers.objects.select_for_update(of=("self",)).get(appointment=appointment)
        if row.updated_at != seen_at:
            raise AnswersChanged(gettext("The patient has changed the answers since. Read them again."))
        row.read_at, row.read_by = now, by
        row.save(update_fields=["read_at", "read_by"])
    return row


def _locked(appointment: Appointment, now: datetime) -> Appointment:
    """Lock the visit, so that two requests of its patient save one after the other, and check that it is ahead."""
    visit = Appointment.objects.select_for_update(no_key=True).get(pk=appointment.pk)
    if not is_open(visit, now) or visit.link_generation != appointment.link_generation:
        raise FormClosed
    return visit
