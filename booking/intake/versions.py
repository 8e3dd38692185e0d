"""Versions of a form: patients answer the newest one."""

from datetime import datetime

from django.db import transaction

from booking.intake.questions import draft_of
from booking.models import IntakeForm, IntakeFormVersion


def newest_version(form: IntakeForm) -> IntakeFormVersion | None:
    return IntakeFormVersion.objects.filter(form=form).order_by("-number").first()


@transaction.atomic
def publish(form: IntakeForm, *, now: datetime) -> IntakeFormVersion:
    """Make the draft's questions the newest version, if they differ from it. Earlier answers keep their own version."""
    IntakeForm.objects.select_for_update().get(pk=form.pk)  # Two logins that save at once get two numbers.
    newest, questions = newest_version(form), draft_of(form)
    if newest and (newest.title, newest.intro, newest.questions) == (form.title, form.intro, questions):
        return newest
    return IntakeFormVersion.objects.create(
        form=form,
        number=newest.number + 1 if newest else 1,
        title=form.title,
        intro=form.intro,
        questions=questions,
        published_at=now,
    )
