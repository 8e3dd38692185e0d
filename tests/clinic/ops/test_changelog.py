"""CHANGELOG.md says for each release what an operator does to install it, and how to go back."""

import re

import pytest

from tests.support.migration_lint import ROOT

pytestmark = pytest.mark.once

REQUIRED = ["To do when you update", "Rollback"]


def releases(changelog: str) -> dict[str, list[str]]:
    """Return each release's headings, in their order."""
    _, *parts = re.split(r"^## ", changelog, flags=re.MULTILINE)
    return {part.splitlines()[0]: re.findall(r"^### (.+)$", part, re.MULTILINE) for part in parts}


def test_each_release_says_what_to_do_and_how_to_roll_back():
    found = releases((ROOT / "CHANGELOG.md").read_text())
    assert found
    assert {name: headings[:2] for name, headings in found.items()} == dict.fromkeys(found, REQUIRED)


def test_no_heading_of_a_release_is_empty():
    parts = re.split(r"^#{2,3} .+$", (ROOT / "CHANGELOG.md").read_text(), flags=re.MULTILINE)
    empty = [part for part in parts if not part.strip()]
    assert len(empty) == len(releases((ROOT / "CHANGELOG.md").read_text()))  # "## 0.2.0", followed by "###".


def test_a_release_without_rollback_is_found():
    assert releases("# Changelog\n\n## 0.3.0\n\n### Added\n\n- A\n") == {"0.3.0": ["Added"]}
