"""Commands: a page is saved, a form is sent and read, and closed when the visit starts."""

from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.utils import timezone

from booking.intake import answers as commands
from booking.intake import encryption, versions
from booking.intake.encryption import AnswersUnreadable, FormsKeyMissing
from booking.models import Appointment, IntakeAnswers, IntakeQuestion
from tests.support import intake

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stopped_clock")]


@pytest.fixture
def visit():
    return intake.make_asked_visit()


def save(visit, page, values, now):
    version = versions.newest_version(visit.service.intake_form)
    seen = commands.stamp_of(IntakeAnswers.objects.filter(appointment=visit).first())
    return commands.save_page(appointment=visit, version=version, page=page, answers=values, seen=seen, now=now)


def stored(visit):
    row = IntakeAnswers.objects.get(appointment=visit)
    return encryption.decrypt(row.ciphertext, appointment=visit.uid)


def test_pages_are_saved_one_by_one_and_a_later_one_keeps_the_earlier(visit, now):
    row = save(visit, 1, intake.first_page(), now)
    assert (row.state, row.pages_done) == ("part", 1)
    row = save(visit, 2, intake.second_page(), now)
    assert (row.state, row.pages_done) == ("part", 2)
    assert stored(visit) == intake.first_page() | intake.second_page()


def test_a_page_saves_its_own_questions_only(visit, now):
    save(visit, 1, intake.first_page() | intake.second_page() | {"q0": "x", "appointment": "y"}, now)
    assert stored(visit) == intake.first_page()


def test_no_page_is_saved_before_the_one_before_it(visit, now):
    with pytest.raises(commands.PagesMissing) as refusal:
        save(visit, 2, intake.second_page(), now)
    assert refusal.value.page == 1
    assert not IntakeAnswers.objects.exists()


def test_a_form_is_sent_when_all_pages_are_filled_in(visit, now):
    for page, values in enumerate((None, intake.first_page()), start=0):
        if values:
            save(visit, page, values, now)
        with pytest.raises(commands.PagesMissing) as refusal:
            commands.send(appointment=visit, now=now)
        assert refusal.value.page == page + 1
    save(visit, 2, intake.second_page(), now)
    row = commands.send(appointment=visit, now=now)
    assert (row.state, row.submitted_at) == ("done", now)


def test_sending_twice_is_sending_once(visit, now):
    intake.fill_in(visit)
    row = commands.send(appointment=visit, now=now + timedelta(hours=1))
    assert row.submitted_at == now


def test_a_change_after_sending_has_to_be_read_again(visit, now):
    row, reader = intake.fill_in(visit), get_user_model().objects.create_user("sam")
    commands.mark_read(appointment=visit, by=reader, seen_at=row.updated_at, now=now)
    unchanged = save(visit, 2, intake.second_page(), now)
    assert (unchanged.state, unchanged.read_by) == ("done", reader)
    changed = save(visit, 1, intake.first_page(**{intake.key_of("How strong"): 2}), now)
    assert (changed.state, changed.read_at, changed.read_by) == ("done", None, None)


def test_what_the_reader_did_not_see_is_not_marked_as_read(visit, now):
    row, reader = intake.fill_in(visit), get_user_model().objects.create_user("sam")
    later = now + timedelta(minutes=5)
    save(visit, 1, intake.first_page(**{intake.key_of("How strong"): 2}), later)
    with pytest.raises(commands.AnswersChanged):
        commands.mark_read(appointment=visit, by=reader, seen_at=row.updated_at, now=later)
    assert IntakeAnswers.objects.get().read_at is None


@pytest.mark.parametrize("change", ["started", "cancelled", "new link"])
def test_nothing_is_saved_or_sent_once_the_form_is_closed(visit, now, change):
    intake.fill_in(visit, is_sent=False)
    before, at = stored(visit), now
    if change == "started":
        at = visit.starts_at
    elif change == "cancelled":
        Appointment.objects.update(status="cancelled")
    else:
        Appointment.objects.update(link_generation=9)
    with pytest.raises(commands.FormClosed):
        save(visit, 2, intake.second_page(), at)
    with pytest.raises(commands.FormClosed):
        commands.send(appointment=visit, now=at)
    assert stored(visit) == before


class TestOtherPages:
    """What was shown is compared when it is saved."""

    @pytest.fixture
    def first(self, visit):
        return intake.fill_in(visit, is_sent=False)

    @pytest.fixture
    def save_seen(self, visit, first, now):
        def save_seen(values, *, seen, version=first.version, page=1):
            later = now + timedelta(minutes=5)
            return commands.save_page(
                appointment=visit, version=version, page=page, answers=values, seen=seen, now=later
            )

        return save_seen

    @pytest.mark.parametrize("number", [1, 2])
    def test_a_page_of_another_version_is_not_saved(self, visit, first, save_seen, number):
        form, before = visit.service.intake_form, stored(visit)
        IntakeQuestion.objects.update(why="Because.")
        newer = versions.publish(form, now=timezone.now())
        with pytest.raises(commands.QuestionsChanged):
            save_seen(before, seen=commands.stamp_of(first), version=newer, page=number)
        assert stored(visit) == before
        assert IntakeAnswers.objects.get().version == first.version

    @pytest.mark.parametrize("seen", ["", "x", "2026-11-23T08:00:00", "\x00"])
    def test_answers_that_the_page_did_not_show_are_not_written_over(self, visit, save_seen, seen):
        """Nor those of a row that was made since the page was shown without any."""
        before = stored(visit)
        with pytest.raises(commands.AnswersChanged):
            save_seen(before | {intake.key_of("How strong"): 2}, seen=seen)
        assert stored(visit) == before

    def test_of_two_pages_that_show_the_same_the_later_is_refused(self, first, save_seen):
        seen = commands.stamp_of(first)
        save_seen({intake.key_of("How strong"): 2}, seen=seen)
        with pytest.raises(commands.AnswersChanged):
            save_seen({intake.key_of("How strong"): 3}, seen=seen)

    def test_the_same_answers_twice_are_saved_once(self, first, save_seen):
        """Somebody who presses Save twice is told nothing."""
        values = {intake.key_of("How strong"): 2}
        for _ in range(2):
            save_seen(values, seen=commands.stamp_of(first))
        answers = commands.open_answers(IntakeAnswers.objects.get(), first.appointment).answers
        assert answers[intake.key_of("How strong")] == 2


def test_without_a_key_nothing_is_stored(visit, now, settings):
    settings.FORMS_KEYS = []
    with pytest.raises(FormsKeyMissing):
        save(visit, 1, {}, now)
    assert not IntakeAnswers.objects.exists()


def test_answers_that_cannot_be_opened_are_not_written_over(visit, settings):
    intake.fill_in(visit)
    before = IntakeAnswers.objects.get().ciphertext
    settings.FORMS_KEYS = ["eCBrZXkgdGhhdCB0aGUgc2l0ZSBuZXZlciBoYWQuLi4="]
    with pytest.raises(AnswersUnreadable):
        save(visit, 1, {}, timezone.now())
    assert IntakeAnswers.objects.get().ciphertext == before
