"""Health forms of the sample clinic go with the sample, unless somebody made them their own."""

import pytest

from booking.models import IntakeForm, IntakeQuestion
from tests.support.sample import load_sample, remove_sample

pytestmark = pytest.mark.django_db


def test_unchanged_forms_go_with_the_sample():
    load_sample()
    remove_sample()
    assert not IntakeForm.objects.exists()
    assert not IntakeQuestion.objects.exists()


@pytest.mark.parametrize(
    "change",
    [
        lambda form: IntakeForm.objects.filter(pk=form.pk).update(intro="Ours"),
        lambda form: form.questions.filter(page=1).update(label="Ours?"),
        lambda form: IntakeQuestion.objects.create(form=form, label="Ours?", why="So."),
    ],
    ids=["a form", "a question", "a new question"],
)
def test_what_somebody_changed_stays(change):
    load_sample()
    change(IntakeForm.objects.get(name="Back pain history"))
    remove_sample()
    assert list(IntakeForm.objects.values_list("name", flat=True)) == ["Back pain history"]
