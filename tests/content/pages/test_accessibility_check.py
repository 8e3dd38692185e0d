"""The accessibility statement names the last run of the automated checks that passed."""

import re
import tomllib
from datetime import date
from pathlib import Path

import pytest

from content.pages import accessibility_check
from content.pages.accessibility_check import AccessibilityCheck, last_check, write_check
from tests.support import content_factories, factories
from tests.support.content_factories import make_page

ROOT = Path(__file__).resolve().parents[3]
RELEASES = re.compile(r"^(\d+\.\d+\.\d+)\s+(\d{4}-\d{2}-\d{2})", re.MULTILINE)


@pytest.fixture
def statement(db, stopped_clock):
    factories.make_clinic()
    return make_page(kind="accessibility", title="Accessibility")


@pytest.fixture
def file(tmp_path, monkeypatch):
    file = tmp_path / "check.json"
    monkeypatch.setattr(accessibility_check.last_check, "__defaults__", (file,))
    return file


def test_the_recorded_run_is_of_this_version_and_not_older_than_the_last_release():
    """If this fails before a release: make accessibility-date."""
    check = last_check()
    assert check is not None
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert check.version == project["version"]
    _version, released_on = RELEASES.findall((ROOT / "RELEASES").read_text())[0]
    assert check.checked_on >= date.fromisoformat(released_on)


def test_what_is_written_is_read(tmp_path):
    check = AccessibilityCheck(date(2027, 3, 1), "0.3.0")
    write_check(check, tmp_path / "check.json")
    assert last_check(tmp_path / "check.json") == check


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"checked_on": "soon", "version": "0.3.0"}'])
def test_a_malformed_record_is_an_error_and_no_date(tmp_path, text):
    (tmp_path / "check.json").write_text(text)
    with pytest.raises((ValueError, KeyError, TypeError)):
        last_check(tmp_path / "check.json")


def test_the_statement_says_when_and_what_was_tested(client, statement, file):
    write_check(AccessibilityCheck(date(2027, 3, 1), "0.3.0"), file)
    html = client.get("/accessibility/").content.decode()
    assert "Last tested with automated checks on March 1, 2027, in version 0.3.0 of this site's software." in html
    assert "Last tested" in client.get(content_factories.preview_link(statement)).content.decode()


def test_without_a_recorded_run_it_names_no_date(client, statement, file):
    assert "Last tested" not in client.get("/accessibility/").content.decode()


def test_no_other_page_names_it(client, statement):
    make_page(kind="privacy", title="Privacy")
    assert "Last tested" not in client.get("/privacy/").content.decode()
