"""The key of health forms: where it comes from, how a site starts without it, and that a restored copy has it."""

import base64
import os
import stat

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command

from booking.models import IntakeAnswers
from booking.ops.forms_key import HOW_TO_MAKE_A_FORMS_KEY
from clinic import checks
from clinic.management.commands import serve
from clinic.ops import environment
from clinic.ops.backup.checks import problems
from tests.support import intake
from tests.support.sample import load_sample

ONE, TWO = (base64.urlsafe_b64encode(letter * 32).decode() for letter in (b"1", b"2"))


def test_a_local_site_makes_its_key_once_and_for_its_user_only(tmp_path):
    assert environment.forms_keys(tmp_path, {}) == []
    (key,) = environment.make_forms_key(tmp_path)
    assert environment.make_forms_key(tmp_path) == [key]
    assert environment.forms_keys(tmp_path, {}) == [key]
    assert stat.S_IMODE((tmp_path / "forms_key").stat().st_mode) == 0o600


@pytest.mark.parametrize("between", [" ", "\n", ",", " , \n"])
def test_several_keys_are_read_newest_first(tmp_path, between):
    assert environment.forms_keys(tmp_path, {"FORMS_KEY": f"{ONE}{between}{TWO}\n"}) == [ONE, TWO]
    (tmp_path / "keys").write_text(f"{ONE}{between}{TWO}\n")
    assert environment.forms_keys(tmp_path, {"FORMS_KEY_FILE": str(tmp_path / "keys")}) == [ONE, TWO]


@pytest.mark.parametrize("key", ["short-and-secret", ONE[:-1], ONE + "A", ONE.replace("M", "!"), "ä" * 44])
def test_what_is_no_key_is_refused_without_being_repeated(tmp_path, key):
    with pytest.raises(ImproperlyConfigured, match="FORMS_KEY holds something that is no key") as refusal:
        environment.forms_keys(tmp_path, {"FORMS_KEY": f"{TWO} {key}"})
    assert key not in str(refusal.value)
    assert TWO not in str(refusal.value)


def test_an_empty_file_is_no_key(tmp_path):
    (tmp_path / "forms_key").write_text("")
    with pytest.raises(ImproperlyConfigured, match="does not hold a key"):
        environment.forms_keys(tmp_path, {})


def test_the_documented_command_makes_a_key(tmp_path):
    made = os.popen(HOW_TO_MAKE_A_FORMS_KEY).read().strip()
    assert environment.forms_keys(tmp_path, {"FORMS_KEY": made}) == [made]


def test_serve_makes_the_key_of_a_local_site(monkeypatch, settings):
    settings.FORMS_KEYS, settings.IS_HTTPS = [], False
    monkeypatch.setattr(serve, "check_port", lambda port: None)

    def stop(*args, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(serve, "call_command", stop)
    with pytest.raises(KeyboardInterrupt):
        call_command("serve")
    assert (settings.VAR_DIR / "forms_key").read_text().split() == settings.FORMS_KEYS


@pytest.mark.django_db
class TestAnswers:
    @pytest.fixture
    def row(self, stopped_clock):
        return intake.fill_in(intake.make_asked_visit())

    @pytest.mark.parametrize(("keys", "found"), [([], ["clinic.E005"]), ([ONE], ["clinic.E005"]), (None, [])])
    def test_with_answers_that_no_key_opens_the_site_does_not_start(self, row, settings, keys, found):
        if keys is not None:
            settings.FORMS_KEYS = keys
        assert [problem.id for problem in checks.forms_key_opens_answers(None)] == found

    def test_a_key_that_opens_only_some_of_them_is_warned_of(self, row, settings):
        settings.FORMS_KEYS = [ONE]
        intake.fill_in(intake.make_asked_visit(row.version.form))
        assert [problem.id for problem in checks.forms_key_opens_answers(None)] == ["clinic.W004"]

    def test_without_answers_no_key_is_needed(self, settings):
        settings.FORMS_KEYS = []
        assert checks.forms_key_opens_answers(None) == []

    def test_a_restored_copy_is_checked_for_its_key(self, row, settings):
        assert list(problems(None)) == []
        settings.FORMS_KEYS = [ONE]
        (problem,) = problems(None)
        assert problem.startswith("1 visit's answers to a health form cannot be opened. Set FORMS_KEY")
        settings.FORMS_KEYS = [ONE, *settings_before()]
        assert list(problems(None)) == []

    def test_no_answer_is_stored_as_it_was_typed(self, row):
        assert "daughter" not in str(list(IntakeAnswers.objects.values()))


def settings_before():
    """The key of all tests."""
    from clinic import settings as module

    return module.FORMS_KEYS


@pytest.mark.django_db
@pytest.mark.parametrize("has_key", [True, False])
def test_the_forms_of_the_sample_clinic_are_on_if_the_site_has_a_key(settings, has_key):
    if not has_key:
        settings.FORMS_KEYS = []
    load_sample()
    forms = intake.IntakeForm.objects.order_by("name")
    assert [(form.name, form.is_active) for form in forms] == [
        ("Back pain history", has_key),
        ("General history", has_key),
    ]
    assert {service.name for form in forms for service in form.services.all()} == {
        "Back assessment",
        "Physiotherapy assessment",
        "Pelvic health assessment",
    }
    for form in forms:
        kinds = {question["kind"] for question in form.versions.get().questions}
        assert {"text", "scale", "body_area"} <= kinds
