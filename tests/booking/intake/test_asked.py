"""Which visits are asked for a form, until when, and how far it is."""

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from booking import scheduling
from booking.intake import asked, versions
from booking.models import IntakeAnswers, IntakeQuestion, Status
from booking.scheduling import Actor
from tests.support import factories, intake

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stopped_clock")]


def state_of(visit):
    found = asked.form_states([visit]).get(visit.pk)
    return found and found.state


def test_a_visit_is_asked_if_its_service_has_a_form_that_is_switched_on():
    visit = intake.make_asked_visit()
    assert state_of(visit) == "missing"
    assert state_of(factories.make_appointment()) is None
    form = visit.service.intake_form
    form.is_active = False
    form.save()
    assert state_of(visit) is None
    assert asked.version_for(visit) is None


@pytest.mark.parametrize(("is_first_visit", "is_asked"), [(True, True), (False, False), (None, False)])
def test_a_form_for_new_patients_is_asked_at_first_visits_only(is_first_visit, is_asked):
    form = intake.make_form(new_patients_only=True)
    visit = intake.make_asked_visit(form, is_first_visit=is_first_visit)
    assert (state_of(visit) == "missing") is is_asked


def test_without_a_key_or_a_question_no_visit_is_asked(settings):
    visit = intake.make_asked_visit(intake.make_form(pages=[]))
    assert state_of(visit) is None
    other = intake.make_asked_visit(intake.make_form(name="Other"))
    assert state_of(other) == "missing"
    settings.FORMS_KEYS = []
    assert state_of(other) is None


def test_in_a_series_only_the_first_visit_that_was_not_cancelled_is_asked():
    form, series, patient = intake.make_form(), uuid.uuid4(), factories.make_patient()
    service = factories.make_service(intake_form=form)
    first, second, third = (
        factories.make_appointment(
            service=service,
            patient=patient,
            series=series,
            starts_at=factories.VISIT_AT + timedelta(days=7 * week),
            status=Status.CANCELLED if week == 0 else Status.BOOKED,
        )
        for week in range(3)
    )
    states = asked.form_states([first, second, third])
    assert list(states) == [second.pk]


def test_of_two_people_in_one_series_each_is_asked():
    """Two children whom somebody books for in one go."""
    form, series = intake.make_form(), uuid.uuid4()
    service = factories.make_service(intake_form=form)
    visits = [factories.make_appointment(service=service, series=series) for _ in range(2)]
    assert len(asked.form_states(visits)) == 2


def test_in_a_basket_of_several_services_the_first_visit_with_each_form_is_asked():
    """A massage without a form first, then a back assessment, its follow-up with the same form, and another form."""
    series, patient = uuid.uuid4(), factories.make_patient()
    back, other = intake.make_form(name="Back"), intake.make_form(name="Other")
    visits = [
        factories.make_appointment(
            service=factories.make_service(intake_form=form),
            patient=patient,
            series=series,
            starts_at=factories.VISIT_AT + timedelta(days=day),
        )
        for day, form in enumerate((None, back, back, other))
    ]
    assert sorted(asked.form_states(visits)) == [visits[1].pk, visits[3].pk]


@pytest.mark.parametrize("status", [Status.FULFILLED, Status.NOSHOW, Status.CANCELLED, Status.UNCONFIRMED])
def test_a_visit_that_is_not_ahead_is_not_asked(status):
    """A form that is switched on later is not missing at visits that are over."""
    visit = intake.make_asked_visit(status=status)
    assert state_of(visit) is None
    assert asked.version_for(visit) is None


def test_a_visit_of_an_earlier_day_is_left_out_unless_there_are_answers():
    visit = intake.make_asked_visit()
    day, next_day = visit.local_on, visit.local_on + timedelta(days=1)
    assert list(asked.form_states([visit], today=day)) == [visit.pk]
    assert asked.form_states([visit], today=next_day) == {}
    intake.fill_in(visit, is_sent=False)
    assert list(asked.form_states([visit], today=next_day)) == [visit.pk]


def test_a_form_that_was_begun_stays_the_visits_own():
    visit = intake.make_asked_visit()
    intake.fill_in(visit, is_sent=False)
    visit.service.intake_form = None
    visit.service.save()
    assert state_of(visit) == "part"
    assert asked.version_for(visit).number == 1


def test_states_of_a_day_take_a_fixed_number_of_queries(django_assert_max_num_queries):
    form, location = intake.make_form(), factories.make_location()
    visits = [intake.make_asked_visit(form, location=location, series=uuid.uuid4()) for _ in range(6)]
    intake.fill_in(visits[0])
    intake.fill_in(visits[1], is_sent=False)
    with django_assert_max_num_queries(3):
        states = asked.form_states(visits)
    assert [states[visit.pk].state for visit in visits] == ["done", "part", *["missing"] * 4]


def test_a_form_is_open_until_the_visit_starts_and_closed_by_a_cancellation(now):
    visit = intake.make_asked_visit()
    assert asked.is_open(visit, visit.starts_at - timedelta(seconds=1))
    assert not asked.is_open(visit, visit.starts_at)
    scheduling.cancel(appointment=visit, by=Actor.patient(), now=now)
    visit.refresh_from_db()
    assert not asked.is_open(visit, now)


def test_a_cancelled_visit_without_answers_is_asked_nothing_and_keeps_those_it_has():
    visit = intake.make_asked_visit(status=Status.CANCELLED)
    assert state_of(visit) is None
    other = intake.make_asked_visit(visit.service.intake_form)
    intake.fill_in(other)
    other.status = Status.CANCELLED
    other.save()
    assert state_of(other) == "done"


def test_answers_stay_when_the_visit_is_moved(now, location):
    form = intake.make_form()
    service = factories.make_service(intake_form=form)
    person = factories.make_practitioner([service])
    factories.make_hours(person, location)
    visit = factories.make_appointment(service=service, practitioner=person, location=location)
    intake.fill_in(visit)
    later = visit.starts_at + timedelta(days=1, hours=-2, minutes=-15)
    moved = scheduling.reschedule(appointment=visit, starts_at=later, practitioner=person, by=Actor.patient(), now=now)
    assert moved.starts_at == later
    assert state_of(moved) == "done"


class TestVersions:
    def test_a_change_makes_a_new_version_and_nothing_else_does(self):
        form = intake.make_form()
        again = versions.publish(form, now=timezone.now())
        assert again.number == 1
        IntakeQuestion.objects.filter(form=form, page=1).update(why="Because.")
        assert versions.publish(form, now=timezone.now()).number == 2
        form.intro = "Other words"
        form.save()
        assert versions.publish(form, now=timezone.now()).number == 3

    def test_answers_keep_the_version_that_was_answered(self):
        visit = intake.make_asked_visit()
        intake.fill_in(visit, is_sent=False)
        form = visit.service.intake_form
        form.questions.all().delete()
        IntakeQuestion.objects.create(form=form, kind="text", label="Something else?", why="So.")
        versions.publish(form, now=timezone.now())
        assert asked.version_for(visit).number == 1
        assert IntakeAnswers.objects.get().version.questions[0]["label"] == "What brings you to us?"
        assert asked.version_for(intake.make_asked_visit(form)).number == 2
