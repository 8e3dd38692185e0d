"""manage.py setup: a new site gets its clinic, its location and its first login, from questions or from variables."""

import getpass
import sys

import pytest
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command

from booking.models import Clinic, Location
from clinic.management.commands import setup

pytestmark = pytest.mark.django_db

ANSWERS = {
    "clinic_name": "Okotoks Physio",
    "phone": "403 938 1234",
    "email": "hello@clinic.example",
    "street": "1 Main Street",
    "city": "Okotoks",
    "province": "AB",
    "postal_code": "T1S 1A1",
    "time_zone": "America/Edmonton",
    "login": "olga",
    "login_email": "olga@clinic.example",
}
PASSWORD = "a horse under the bridge"


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch, settings, tmp_path):
    settings.VAR_DIR = tmp_path
    for name in [*ANSWERS, "password_file"]:
        monkeypatch.delenv(f"SETUP_{name.upper()}", raising=False)
    monkeypatch.setattr(setup.Command, "migrate", lambda self: None)  # The tests' database is migrated.


@pytest.fixture
def password_file(monkeypatch, tmp_path):
    path = tmp_path / "password"
    path.write_text(f"{PASSWORD}\n")
    monkeypatch.setenv("SETUP_PASSWORD_FILE", str(path))
    return path


@pytest.fixture
def terminal(monkeypatch):
    """Type answers: a list, of which Ctrl-C may be one; passwords are typed in the same order."""

    def type_(*answers):
        left = list(answers)

        def answer(prompt):
            typed = left.pop(0)
            if typed is KeyboardInterrupt:
                raise typed
            return typed

        monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
        monkeypatch.setattr("builtins.input", answer)
        monkeypatch.setattr(getpass, "getpass", answer)
        return left

    return type_


def from_variables(monkeypatch, **changes):
    for name, value in (ANSWERS | changes).items():
        monkeypatch.setenv(f"SETUP_{name.upper()}", value)


def stored():
    return Clinic.objects.count(), Location.objects.count(), get_user_model().objects.count()


def test_variables_answer_every_question(monkeypatch, password_file, capsys, client):
    from_variables(monkeypatch, postal_code="t1s1a1")
    call_command("setup", interactive=False)
    clinic, place, owner = Clinic.objects.get(), Location.objects.get(), get_user_model().objects.get()
    assert (clinic.name, str(clinic.phone), clinic.email) == ("Okotoks Physio", "+14039381234", "hello@clinic.example")
    assert place.printed_address == "1 Main Street, Okotoks, Alberta T1S\N{NO-BREAK SPACE}1A1"
    assert (place.slug, place.time_zone, place.time_zone_label) == ("okotoks", "America/Edmonton", "Alberta time")
    assert (owner.username, owner.email) == ("olga", "olga@clinic.example")
    assert [group.name for group in owner.groups.all()] == ["Owner"]
    assert owner.check_password(PASSWORD)
    assert PASSWORD not in capsys.readouterr().out
    client.force_login(owner)
    steps = {step.title: step for step in client.get("/admin/").context["setup"].steps}
    assert "collection notice" in steps["The clinic"].text


def test_options_answer_as_well(monkeypatch, password_file):
    options = [word for name, value in ANSWERS.items() for word in (f"--{name.replace('_', '-')}", value)]
    call_command("setup", "--no-input", *options)
    assert stored() == (1, 1, 1)


def test_without_a_password_one_is_made_and_shown_once(monkeypatch, capsys):
    from_variables(monkeypatch)
    call_command("setup", interactive=False)
    shown = capsys.readouterr().out.partition("shown this once:  ")[2].split()[0]
    assert get_user_model().objects.get().check_password(shown)


def test_a_second_run_changes_nothing_and_says_what_is_there(monkeypatch, password_file, capsys):
    from_variables(monkeypatch)
    call_command("setup", interactive=False)
    capsys.readouterr()
    from_variables(monkeypatch, clinic_name="Another name", login="another")
    call_command("setup", interactive=False)
    out = capsys.readouterr().out
    assert [Clinic.objects.get().name, get_user_model().objects.get().username] == ["Okotoks Physio", "olga"]
    for text in ("Okotoks Physio", "Okotoks", "olga", "Nothing was changed."):
        assert text in out


def test_everything_that_is_missing_or_wrong_is_named_at_once(monkeypatch, password_file):
    password_file.write_text("olga")
    from_variables(monkeypatch, phone="12", time_zone="Moon", province="XX")
    monkeypatch.delenv("SETUP_CLINIC_NAME")
    with pytest.raises(CommandError) as refusal:
        call_command("setup", interactive=False)
    for text in (
        "SETUP_CLINIC_NAME: missing",
        "SETUP_PHONE",
        "SETUP_TIME_ZONE",
        "SETUP_PROVINCE",
        "too short",
        "similar",
    ):
        assert text in str(refusal.value)
    assert stored() == (0, 0, 0)


def test_answers_are_typed_and_a_wrong_one_is_asked_again(terminal, capsys):
    answers = dict(ANSWERS, province="", time_zone="", login="")
    left = terminal(*answers.values(), "olga", PASSWORD)
    left.insert(1, "12")  # The phone number, wrong.
    call_command("setup")
    assert left == []
    assert "not valid" in capsys.readouterr().err
    assert Location.objects.get().time_zone == "America/Edmonton"
    owner = get_user_model().objects.get()
    assert owner.username == "owner"
    assert owner.check_password(PASSWORD)


def test_only_what_is_missing_is_asked(terminal):
    Clinic.objects.create(name="Okotoks Physio")
    get_user_model().objects.create_user("olga")
    terminal(*(ANSWERS[name] for name in ("street", "city", "province", "postal_code", "time_zone")))
    call_command("setup")
    assert stored() == (1, 1, 1)


@pytest.mark.parametrize("count", [0, 4, 10])
def test_ctrl_c_writes_nothing(terminal, count, settings):
    settings.SECRET_KEY = ""
    terminal(*list(ANSWERS.values())[:count], KeyboardInterrupt)
    with pytest.raises(CommandError, match="Nothing was set up"):
        call_command("setup")
    assert stored() == (0, 0, 0)
    assert list(settings.VAR_DIR.iterdir()) == []


def test_a_local_site_gets_its_key(monkeypatch, settings, password_file):
    settings.SECRET_KEY, settings.IS_HTTPS = "", False
    from_variables(monkeypatch)
    call_command("setup", interactive=False)
    assert (settings.VAR_DIR / "secret_key").read_text().strip() == settings.SECRET_KEY


def test_a_key_that_cannot_be_kept_undoes_everything(monkeypatch, settings, password_file, tmp_path):
    (tmp_path / "file").write_text("")
    settings.SECRET_KEY, settings.IS_HTTPS, settings.VAR_DIR = "", False, tmp_path / "file" / "var"
    from_variables(monkeypatch)
    with pytest.raises(CommandError, match="VAR_DIR"):
        call_command("setup", interactive=False)
    assert stored() == (0, 0, 0)


def test_a_public_site_is_told_how_to_make_a_key_and_gets_none(monkeypatch, settings):
    settings.SECRET_KEY, settings.IS_HTTPS = "", True
    from_variables(monkeypatch)
    with pytest.raises(CommandError, match=r"secrets\.token_urlsafe.*SECRET_KEY_FILE"):
        call_command("setup", interactive=False)
    assert stored() == (0, 0, 0)
    assert not (settings.VAR_DIR / "secret_key").exists()
