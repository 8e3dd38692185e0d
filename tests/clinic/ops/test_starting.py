"""Starting: importing the settings writes nothing, and what a site lacks is said in one sentence."""

import importlib
import os
import runpy
import subprocess
import sys

import pytest
from django.core.management import CommandError, call_command

from bench.serving import ROOT
from booking.ops.secret_key import HOW_TO_SET_A_KEY
from clinic import checks
from clinic.management.commands import serve
from clinic.web import write_queue

PUBLIC = {"SITE_URL": "https://www.clinic.example", "TRUSTED_PROXIES": "127.0.0.1"}


def run(*command, **environ):
    """Run a command with nothing but these variables, and no file system to write to but VAR_DIR."""
    return subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": "clinic.settings", **environ},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.once
@pytest.mark.parametrize(
    "command", [["-c", "import django; django.setup()"], ["manage.py", "help"]], ids=["import", "help"]
)
def test_importing_the_settings_writes_nothing_and_needs_no_key(tmp_path, command):
    ran = run(*command, VAR_DIR=str(tmp_path / "var"), **PUBLIC)
    assert ran.returncode == 0, ran.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.once
def test_migrate_makes_the_folder_and_needs_no_key(tmp_path):
    """--plan, which connects and changes nothing, is faster than the migrations."""
    ran = run("manage.py", "migrate", "--plan", "-v0", VAR_DIR=str(tmp_path / "a" / "var"), **PUBLIC)
    assert ran.returncode == 0, ran.stderr
    assert [path.name for path in (tmp_path / "a" / "var").iterdir()] == ["clinic.sqlite3"]


@pytest.mark.once
def test_a_folder_that_cannot_be_made_is_named_without_a_traceback(tmp_path):
    (tmp_path / "file").write_text("")
    ran = run("manage.py", "migrate", VAR_DIR=str(tmp_path / "file" / "var"), **PUBLIC)
    assert ran.returncode == 1
    assert "cannot be made (Not a directory). Set VAR_DIR or DATABASE_URL" in ran.stderr
    assert "Traceback" not in ran.stderr


@pytest.mark.once
@pytest.mark.parametrize(
    "command",
    [["-c", "import clinic.wsgi"], ["manage.py", "work", "--once", "--skip-checks"]],
    ids=["site", "worker"],
)
def test_a_new_public_site_does_not_start_without_a_key(tmp_path, command):
    ran = run(*command, VAR_DIR=str(tmp_path / "var"), **PUBLIC)
    assert ran.returncode == 1
    assert HOW_TO_SET_A_KEY in ran.stderr.strip().splitlines()[-1]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.once
def test_a_public_site_with_the_key_of_an_earlier_release_starts_and_warns_in_the_log(tmp_path):
    (tmp_path / "secret_key").write_text("k" * 48)
    variables = {**PUBLIC, "VAR_DIR": str(tmp_path), "EMAIL_URL": "smtp://localhost:25"}
    script = "import clinic.wsgi; from django.conf import settings; print(settings.SECRET_KEY)"
    ran = run("-c", script, **variables)
    assert ran.stdout.strip() == "k" * 48, ran.stderr
    assert f"Set SECRET_KEY_FILE={tmp_path}/secret_key." in ran.stderr
    named = run("-c", script, **variables, SECRET_KEY_FILE=str(tmp_path / "secret_key"))
    assert named.stdout.strip() == "k" * 48
    assert "SECRET_KEY_FILE" not in named.stderr


@pytest.mark.parametrize(
    ("key", "is_https", "is_named", "found"),
    [
        ("", True, False, ["clinic.E004"]),
        ("", False, False, ["clinic.E004"]),
        ("k" * 48, True, False, ["clinic.W003"]),
        ("k" * 48, True, True, []),
        ("k" * 48, False, False, []),
    ],
)
def test_the_deployment_checks_ask_for_a_key_that_is_named(settings, key, is_https, is_named, found):
    settings.SECRET_KEY, settings.IS_HTTPS, settings.IS_SECRET_KEY_NAMED = key, is_https, is_named
    assert [problem.id for problem in checks.secret_key_is_set(None)] == found


@pytest.mark.django_db
@pytest.mark.parametrize("is_named", [False, True])
def test_the_office_warns_of_a_key_that_is_not_named(admin_client, settings, is_named):
    settings.IS_HTTPS, settings.IS_SECRET_KEY_NAMED, settings.EMAIL_BACKEND = True, is_named, "x"
    page = admin_client.get("/admin/booking/clinic/", follow=True).content.decode()
    assert ("Neither SECRET_KEY nor SECRET_KEY_FILE is set" in page) is not is_named


def test_serve_says_on_windows_that_it_needs_another_system(monkeypatch):
    monkeypatch.setitem(sys.modules, "fcntl", None)
    with pytest.raises(CommandError, match="WSL"):
        call_command("serve")


def test_without_file_locks_visitors_are_not_queued(monkeypatch, settings):
    settings.WRITE_QUEUE = True
    monkeypatch.setitem(sys.modules, "fcntl", None)
    try:
        module = importlib.reload(write_queue)
        with pytest.raises(module.MiddlewareNotUsed):
            module.queue_visitors_writes(lambda request: None)
    finally:
        monkeypatch.undo()
        importlib.reload(write_queue)


def test_gunicorn_runs_without_memory_files(monkeypatch):
    monkeypatch.setattr(os.path, "isdir", lambda path: False)
    assert runpy.run_path(str(ROOT / "clinic" / "ops" / "gunicorn.py"))["worker_tmp_dir"] is None


def test_serve_makes_the_key_of_a_local_site(monkeypatch, settings, tmp_path):
    settings.SECRET_KEY, settings.IS_HTTPS, settings.VAR_DIR = "", False, tmp_path / "var"
    monkeypatch.setattr(serve, "check_port", lambda port: None)

    def stop(*args, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(serve, "call_command", stop)
    with pytest.raises(KeyboardInterrupt):
        call_command("serve")
    assert (tmp_path / "var" / "secret_key").read_text().strip() == settings.SECRET_KEY
