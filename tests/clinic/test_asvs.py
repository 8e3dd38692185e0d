"""docs/security/asvs.md has a line for each requirement of levels 1 and 2, and names tests that exist."""

import ast
import re
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "security" / "asvs.md"
# The requirements of levels 1 and 2 by section, in the seven chapters that the page covers: ASVS 5.0.0.
REQUIREMENTS = {
    "2.1": "1 2 3", "2.2": "1 2 3", "2.3": "1 2 3 4", "2.4": "1",
    "6.1": "1 2 3", "6.2": "1 2 3 4 5 6 7 8 9 10 11 12", "6.3": "1 2 3 4", "6.4": "1 2 3 4", "6.5": "1 2 3 4 5",
    "6.6": "1 2 3", "6.8": "1 2 3 4",
    "7.1": "1 2 3", "7.2": "1 2 3 4", "7.3": "1 2", "7.4": "1 2 3 4 5", "7.5": "1 2", "7.6": "1 2",
    "8.1": "1 2", "8.2": "1 2 3", "8.3": "1", "8.4": "1",
    "13.1": "1", "13.2": "1 2 3 4 5", "13.3": "1 2", "13.4": "1 2 3 4 5",
    "14.1": "1 2", "14.2": "1 2 3 4", "14.3": "1 2 3",
    "16.1": "1", "16.2": "1 2 3 4 5", "16.3": "1 2 3 4", "16.4": "1 2 3", "16.5": "1 2 3",
}  # fmt: skip
_ROW = re.compile(r"^\| (\d+\.\d+\.\d+) \| (.+?) \| (.+) \|$", re.MULTILINE)
_TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
_LINK = re.compile(r"\]\([\w./#-]+\)")


def rows() -> list[tuple[str, str, str]]:
    return _ROW.findall(PAGE.read_text(encoding="utf-8"))


@cache
def functions_in(path: str) -> frozenset[str]:
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def test_each_requirement_has_one_line():
    required = [f"{section}.{number}" for section, numbers in REQUIREMENTS.items() for number in numbers.split()]
    assert Counter(number for number, _, _ in rows()) == Counter(required)


def test_each_state_is_met_by_a_library_not_applicable_or_open():
    states = re.compile(r"(met|library|n/a|open)\b")
    assert [number for number, _, state in rows() if not states.match(state)] == []


def test_what_is_met_names_a_test_or_a_page():
    met = [(number, state) for number, _, state in rows() if state.startswith("met")]
    assert [number for number, state in met if not (_TEST.search(state) or _LINK.search(state))] == []


def test_every_named_test_exists():
    named = _TEST.findall(PAGE.read_text(encoding="utf-8"))
    assert named
    files = {path for path, _ in named if not (ROOT / path).exists()}
    missing = [f"{path}::{name}" for path, name in named if path not in files and name not in functions_in(path)]
    assert (sorted(files), missing) == ([], [])
