"""Staff build a health form in the admin: questions, versions, services, and no form without a key."""

import pytest

from booking.models import ChangeLogEntry, IntakeForm, IntakeFormVersion, Service
from tests.support import factories, intake

pytestmark = pytest.mark.django_db

ADD = "/admin/booking/intakeform/add/"
QUESTION = {"page": 1, "position": 1, "kind": "text", "label": "What brings you?", "why": "To prepare.", "choices": ""}


def posted(questions, *, initial=0, **fields):
    data = {"name": "History", "title": "About you", "intro": "", "remind_days": "2", "is_active": "on"} | fields
    data |= {"questions-TOTAL_FORMS": len(questions), "questions-INITIAL_FORMS": initial}
    for number, question in enumerate(questions):
        data |= {f"questions-{number}-{name}": value for name, value in (QUESTION | question).items()}
    return {name: value for name, value in data.items() if value is not None}


def errors_in(response):
    return [str(message) for messages in response.context["errors"] for message in messages]


def change(form):
    return f"/admin/booking/intakeform/{form.pk}/change/"


def test_a_form_with_its_questions_is_saved_as_version_one(admin_client):
    response = admin_client.post(ADD, posted([{}, {"position": 2, "label": "Since when?"}]))
    assert response.status_code == 302, errors_in(response)
    version = IntakeFormVersion.objects.get()
    assert version.number == 1
    assert [question["label"] for question in version.questions] == ["What brings you?", "Since when?"]


def test_editing_an_answered_form_makes_a_new_version(admin_client):
    form = intake.make_form(pages=[[{"kind": "text", "label": "Old words?"}]])
    row = form.questions.get()
    questions = [{"id": row.pk, "form": form.pk, "label": "New words?"}]
    data = posted(questions, initial=1, new_patients_only=None, intro="We ask to prepare.")
    response = admin_client.post(change(form), data)
    assert response.status_code == 302, errors_in(response)
    assert [(one.number, one.questions[0]["label"]) for one in form.versions.all()] == [
        (1, "Old words?"),
        (2, "New words?"),
    ]
    logged = ChangeLogEntry.objects.filter(model="booking.intakequestion").get()
    assert (logged.before["label"], logged.after["label"]) == ("Old words?", "New words?")


def test_saving_without_a_change_of_words_makes_no_version(admin_client):
    form = intake.make_form(pages=[])
    admin_client.post(change(form), posted([], intro="We ask to prepare.", remind_days="5"))
    form.refresh_from_db()
    assert (form.remind_days, form.versions.count()) == (5, 1)


def test_without_a_key_a_form_cannot_be_switched_on(admin_client, settings):
    settings.FORMS_KEYS = []
    response = admin_client.post(ADD, posted([{}]))
    assert "This site has no key to encrypt answers with" in errors_in(response)[0]
    assert not IntakeForm.objects.exists()
    assert admin_client.post(ADD, posted([{}], is_active=None)).status_code == 302


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ({"kind": "choice"}, "Write 2 to 20 choices, one on each line."),
        ({"kind": "choice", "choices": "One"}, "Write 2 to 20 choices, one on each line."),
        ({"kind": "choice", "choices": "One\nOne"}, "Two of the choices are the same."),
        ({"kind": "choice", "choices": "One\n" + "x" * 151}, "A line is too long: use up to 150 characters."),
        ({"kind": "scale", "choices": "No pain"}, "Write two lines, what 0 means and what 10 means, or none."),
        ({"kind": "yes_no", "choices": "Perhaps"}, "Only choices and numbers from 0 to 10 have lines here"),
        ({"page": 13}, "less than or equal to 12"),
        ({"why": ""}, "required"),
        ({"label": "a\x00b"}, ""),
    ],
)
def test_a_question_that_cannot_be_asked_is_refused(admin_client, question, sentence):
    response = admin_client.post(ADD, posted([question]))
    assert response.status_code in {200, 400}
    if response.status_code == 200:
        assert any(sentence in error for error in errors_in(response))
    assert not IntakeForm.objects.exists()


def test_a_form_has_forty_questions_at_most(admin_client):
    response = admin_client.post(ADD, posted([{"position": number} for number in range(41)]))
    assert "A form can have 40 questions at most." in response.content.decode()


def test_the_form_says_before_which_services_it_is_asked(admin_client):
    form = intake.make_form()
    assert (
        "No service yet: choose the form on the page of a service." in admin_client.get(change(form)).content.decode()
    )
    service = factories.make_service(name="Back assessment", intake_form=form)
    assert "Back assessment" in admin_client.get(change(form)).content.decode()
    assert 'name="intake_form"' in admin_client.get(f"/admin/booking/service/{service.pk}/change/").content.decode()


@pytest.mark.parametrize(("count", "words"), [(1, "for 1 visit. "), (2, "for 2 visits. ")])
def test_it_says_how_many_visits_have_answered_it(admin_client, count, words):
    form = intake.make_form()
    for _ in range(count):
        intake.fill_in(intake.make_asked_visit(form))
    assert f"1, answered {words}" in admin_client.get(change(form)).content.decode()


def test_a_form_that_was_answered_is_not_deleted(admin_client):
    visit = intake.make_asked_visit()
    form = visit.service.intake_form
    intake.fill_in(visit)
    Service.objects.update(intake_form=None)
    admin_client.post(f"/admin/booking/intakeform/{form.pk}/delete/", {"post": "yes"})
    assert IntakeForm.objects.exists()
