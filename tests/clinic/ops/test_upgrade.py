"""A database of an earlier release can be migrated, and its links, revisions and roles still work.

``tests/support/before/`` contains a database, pictures and mails of release 0.1.0, and the script that created them.
"""

import json
import os
import secrets
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db import connection

ROOT = Path(__file__).resolve().parents[3]
BEFORE = ROOT / "tests" / "support" / "before"


@pytest.fixture(scope="module")
def facts() -> dict[str, Any]:
    return json.loads((folder() / "facts.json").read_text())


@pytest.fixture(scope="module")
def upgraded(tmp_path_factory: pytest.TempPathFactory, facts: dict[str, Any]) -> dict[str, Any]:
    """What tests/support/look_after_upgrade.py prints after the migration."""
    var = tmp_path_factory.mktemp("upgraded")
    shutil.copytree(BEFORE / "media", var / "media")
    own = {"SITE_URL", "MEDIA_ROOT", "EMAIL_URL", "SMS_URL", "CI"}
    environ = {name: value for name, value in os.environ.items() if name not in own}
    environ |= {"VAR_DIR": str(var), "SECRET_KEY": facts["secret_key"], "PYTHONPATH": str(ROOT)}
    with_database = sqlite_copy if connection.vendor == "sqlite" else postgresql_copy
    for url in with_database(var):
        environ |= {"DATABASE_URL": url}
        for _ in range(2):  # The second run has nothing to do, and must not fail.
            run(["manage.py", "migrate", "--verbosity", "0"], environ)
        run(["manage.py", "check", "--database", "default"], environ)
        output = run(["tests/support/look_after_upgrade.py", str(folder() / "facts.json")], environ)
    return json.loads(output)


def folder() -> Path:
    return BEFORE / connection.vendor


def sqlite_copy(var: Path):
    shutil.copy(folder() / "before.sqlite3", var / "clinic.sqlite3")
    yield f"sqlite:///{var / 'clinic.sqlite3'}"


def postgresql_copy(var: Path):
    import psycopg

    server, name = os.environ["DATABASE_URL"], f"upgrade_{secrets.token_hex(4)}"
    url = urlsplit(server)._replace(path=f"/{name}").geturl()
    with psycopg.connect(server, autocommit=True) as session:
        session.execute(f"CREATE DATABASE {name}")
        try:
            dump = (folder() / "clinic.sql").read_text()
            subprocess.run(
                ["psql", "--quiet", "--set=ON_ERROR_STOP=1", f"--dbname={url}"],
                input=dump, check=True, text=True, stdout=subprocess.DEVNULL,
            )  # fmt: skip
            yield url
        finally:
            session.execute(f"DROP DATABASE {name} WITH (FORCE)")


def run(arguments: list[str], environ: dict[str, str]) -> str:
    result = subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, env=environ, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_every_link_of_the_mails_opens_the_same_page(facts, upgraded):
    assert len(facts["links"]) > 40
    assert upgraded["links"] == facts["links"]


def test_the_mails_of_the_earlier_release_contain_enough_links():
    mails = [path.read_text(errors="replace") for path in (folder() / "mail").glob("*.eml")]
    assert len(mails) > 40
    assert sum("Subject: Booked:" in mail for mail in mails) == 20
    assert any("A time came free" in mail for mail in mails)


def test_a_practitioners_calendar_and_a_preview_still_open(facts, upgraded):
    assert upgraded["feed"] == [200, facts["feed"]]
    assert upgraded["preview"] == [200, facts["preview"]]
    assert facts["draft_lede"] in upgraded["preview_text"]


def test_the_old_address_of_a_renamed_page_redirects(facts, upgraded):
    assert upgraded["old_address"] == [200, facts["new_address"]]


def test_a_revision_of_the_earlier_release_is_shown_and_can_be_published_again(facts, upgraded):
    assert upgraded["titles"] == [facts["second_title"], facts["first_title"]]


def test_a_role_keeps_the_clinic_s_changes(facts, upgraded):
    assert facts["role_renamed_to"] in upgraded["groups"]
    assert "Front desk" not in upgraded["groups"]
    assert facts["permission_taken_away"] not in upgraded["permissions"]
    assert facts["permission_added"] in upgraded["permissions"]
    assert "booking.change_appointment" in upgraded["permissions"]
