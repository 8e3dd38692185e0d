"""Files that hold patients' data can be read by the site's own user alone."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from django.core import mail
from django.core.mail import get_connection

from bench.serving import ROOT
from clinic.checks import public_site_sends_mail
from clinic.ops import environment
from clinic.ops.folders import make_private


def mode_of(path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_mail_file_and_its_folder_are_private(tmp_path, settings):
    settings.EMAIL_FILE_PATH = str(tmp_path / "mail")
    (tmp_path / "mail").mkdir(mode=0o755)
    message = mail.EmailMessage("Subject", "Body", "a@clinic.example", ["b@patients.example"])
    assert get_connection(environment.MAIL_FILES).send_messages([message]) == 1
    [written] = (tmp_path / "mail").iterdir()
    assert (mode_of(written), mode_of(tmp_path / "mail")) == (0o600, 0o700)


def test_a_mail_file_that_cannot_be_renamed_leaves_nothing(tmp_path, settings, monkeypatch):
    settings.EMAIL_FILE_PATH = str(tmp_path / "mail")
    message = mail.EmailMessage("Subject", "Body", "a@clinic.example", ["b@patients.example"])

    def fail(*args):
        raise PermissionError

    monkeypatch.setattr(Path, "rename", fail)
    connection = get_connection(environment.MAIL_FILES)
    with pytest.raises(PermissionError):
        connection.send_messages([message])
    assert list((tmp_path / "mail").iterdir()) == []


@pytest.mark.once
@pytest.mark.parametrize("is_old", [False, True], ids=["a new database", "one of an earlier release"])
def test_the_database_and_its_log_are_private(tmp_path, is_old):
    var = tmp_path / "var"
    make_private(var)
    if is_old:
        (var / "clinic.sqlite3").touch(mode=0o644)
    script = "from django.db import connection as c; c.cursor().execute('CREATE TABLE t (x)'); import pathlib, os; "
    script += f"print(*(oct(p.stat().st_mode & 0o777) for p in pathlib.Path({str(var)!r}).glob('clinic.sqlite3*')))"
    environ = {"PATH": os.environ["PATH"], "VAR_DIR": str(var), "DJANGO_SETTINGS_MODULE": "clinic.settings"}
    command = [sys.executable, "-c", f"import django, os; os.umask(0o022); django.setup(); {script}"]
    run = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=True)
    modes = run.stdout.split()
    assert len(modes) >= 2
    assert set(modes) == {"0o600"}
    assert mode_of(var) == 0o700


@pytest.mark.parametrize(
    ("is_https", "backend", "warns"),
    [
        (True, environment.MAIL_FILES, True),
        (False, environment.MAIL_FILES, False),
        (True, "django.core.mail.backends.smtp.EmailBackend", False),
    ],
    ids=["public", "local", "with a mail server"],
)
def test_a_public_site_without_a_mail_server_warns_in_the_office_and_in_the_checks(
    admin_client, settings, is_https, backend, warns
):
    settings.IS_HTTPS, settings.EMAIL_BACKEND = is_https, backend
    for address in ("/admin/", "/admin/booking/appointment/", "/admin/booking/clinic/"):
        page = admin_client.get(address, follow=True)
        assert ("This site isn't sending any emails" in page.content.decode()) is warns, address
    assert [problem.id for problem in public_site_sends_mail(None)] == (["clinic.W002"] if warns else [])
