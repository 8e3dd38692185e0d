"""Answers are encrypted; keys can be changed; a lost key is told of."""

import base64
import uuid

import pytest
from django.core.management import CommandError, call_command

from booking.intake import encryption, rotation
from booking.intake.encryption import AnswersUnreadable
from booking.models import IntakeAnswers
from tests.support import factories, intake

OLD, NEW, OTHER = (base64.urlsafe_b64encode(letter * 32).decode() for letter in (b"o", b"n", b"x"))
UID = uuid.UUID(int=7)


@pytest.fixture(autouse=True)
def _old_key(settings):
    settings.FORMS_KEYS = [OLD]


def test_what_is_encrypted_opens_again_and_does_not_show_the_words():
    ciphertext = encryption.encrypt({"q1": "Rückenschmerzen"}, appointment=UID)
    assert encryption.decrypt(ciphertext, appointment=UID) == {"q1": "Rückenschmerzen"}
    assert "schmerz" not in ciphertext
    assert encryption.encrypt({"q1": "Rückenschmerzen"}, appointment=UID) != ciphertext


@pytest.mark.parametrize("keys", [[], [NEW]])
def test_without_its_key_nothing_opens(settings, keys):
    ciphertext = encryption.encrypt({}, appointment=UID)
    settings.FORMS_KEYS = keys
    with pytest.raises(AnswersUnreadable):
        encryption.decrypt(ciphertext, appointment=UID)


@pytest.mark.parametrize("damage", [lambda text: text[:-2], lambda text: "", lambda text: text[:40] + "A" + text[41:]])
def test_what_was_damaged_does_not_open(damage):
    ciphertext = encryption.encrypt({"q1": "a"}, appointment=UID)
    with pytest.raises(AnswersUnreadable):
        encryption.decrypt(damage(ciphertext), appointment=UID)


def test_answers_copied_to_another_appointment_do_not_open():
    with pytest.raises(AnswersUnreadable):
        encryption.decrypt(encryption.encrypt({"q1": "a"}, appointment=UID), appointment=uuid.UUID(int=8))


def test_the_newest_key_encrypts_and_older_ones_still_open(settings):
    before = encryption.encrypt({"q1": "a"}, appointment=UID)
    settings.FORMS_KEYS = [NEW, OLD]
    assert encryption.decrypt(before, appointment=UID) == {"q1": "a"}
    after = encryption.encrypt({"q1": "a"}, appointment=UID)
    settings.FORMS_KEYS = [NEW]
    assert encryption.decrypt(after, appointment=UID) == {"q1": "a"}


def test_no_key_is_in_a_message_of_an_error(settings):
    settings.FORMS_KEYS = [NEW]
    with pytest.raises(AnswersUnreadable) as refusal:
        encryption.decrypt("gAAAA", appointment=UID)
    assert NEW not in repr(refusal.value) + repr(refusal.value.__cause__)


@pytest.mark.django_db
class TestRotation:
    @pytest.fixture
    def rows(self, monkeypatch, stopped_clock):
        """More rows than one batch."""
        monkeypatch.setattr(rotation, "BATCH", 2)
        form = intake.make_form()
        location = factories.make_location()
        return [intake.fill_in(intake.make_asked_visit(form, location=location)) for _ in range(5)]

    def test_all_answers_open_with_the_newest_key_alone_afterwards(self, rows, settings, capsys):
        settings.FORMS_KEYS = [NEW, OLD]
        call_command("rotate_forms_key")
        assert capsys.readouterr().out == "Encrypted with the newest key: 5.\n"
        settings.FORMS_KEYS = [NEW]
        assert rotation.count_unreadable() == 0
        for row in IntakeAnswers.objects.select_related("appointment"):
            words = encryption.decrypt(row.ciphertext, appointment=row.appointment.uid)
            assert words[intake.key_of("What brings")] == intake.WORDS

    def test_it_changes_nothing_but_the_ciphertext(self, rows, settings):
        before = list(IntakeAnswers.objects.values("pk", "state", "updated_at", "read_at", "pages_done"))
        settings.FORMS_KEYS = [NEW, OLD]
        call_command("rotate_forms_key")
        assert list(IntakeAnswers.objects.values("pk", "state", "updated_at", "read_at", "pages_done")) == before

    def test_answers_of_a_lost_key_stay_as_they_are_and_are_counted(self, rows, settings, capsys):
        lost = IntakeAnswers.objects.get(pk=rows[1].pk)
        lost.ciphertext = encryption.Fernet(OTHER).encrypt(b"{}").decode()
        lost.save()
        settings.FORMS_KEYS = [NEW, OLD]
        with pytest.raises(CommandError, match="1 could not be opened"):
            call_command("rotate_forms_key")
        assert "newest key: 4" in capsys.readouterr().out
        assert IntakeAnswers.objects.get(pk=lost.pk).ciphertext == lost.ciphertext

    def test_without_a_key_it_says_how_to_make_one(self, settings):
        settings.FORMS_KEYS = []
        with pytest.raises(CommandError, match=r"token_bytes\(32\)"):
            call_command("rotate_forms_key")
