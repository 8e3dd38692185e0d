"""The table of environment variables lists what the code reads, and nothing else."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from clinic.ops import first_setup
from tests.support.imports import modules

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parents[3]
TABLE = ROOT / "docs" / "operations" / "configuration.md"
# Set by systemd and by Django's own programs, not by whoever runs the site; and by the sample's tool for itself.
OTHERS = {"LISTEN_PID", "LISTEN_FDS", "DJANGO_SETTINGS_MODULE"}
READERS = {"whole_number", "switch", "secret", "_folder"}  # Their first argument is the name of a variable.
NAME = re.compile(r"[A-Z][A-Z0-9_]+")


def names_read(source: str) -> Iterator[str]:
    """The variables that a module reads: from a mapping called environ, or with a function of READERS."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Subscript) and is_environ(node.value):
            yield from constants([node.slice])
        elif isinstance(node, ast.Call):
            function = node.func
            called = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
            if isinstance(function, ast.Attribute) and is_environ(function.value) and called in {"get", "pop"}:
                yield from constants(node.args[:1])
            elif called == "getenv" or called in READERS:
                names = list(constants(node.args[:1]))
                yield from names
                if called == "secret":
                    yield from (f"{name}_FILE" for name in names)


def is_environ(node: ast.expr) -> bool:
    return (isinstance(node, ast.Attribute) and node.attr == "environ") or (
        isinstance(node, ast.Name) and node.id == "environ"
    )


def constants(nodes: list[ast.expr]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and NAME.fullmatch(node.value):
            yield node.value


def variables_of_the_code() -> set[str]:
    read = {name for path in modules().values() for name in names_read(path.read_text())}
    read |= {question.variable for question in first_setup.QUESTIONS} | {"SETUP_PASSWORD_FILE"}
    return (
        {name for name in read if not name.startswith(("HTTP_", "wsgi."))}
        - OTHERS
        - {
            "SETUP_PASSWORD",  # Only from a file.
            "CONTENT_TYPE",  # Of a request: WSGI's dictionary is called environ, too.
        }
    )


def variables_of_the_table() -> set[str]:
    rows = re.findall(r"^\| (`[A-Z][^|]*) \|", TABLE.read_text(encoding="utf-8"), re.MULTILINE)
    return {name for row in rows for name in re.findall(r"`([A-Z0-9_]+)`", row)}


def test_the_table_lists_the_variables_that_the_code_reads():
    assert variables_of_the_table() == variables_of_the_code()


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ('os.environ.get("ONE", "")', {"ONE"}),
        ('os.environ["TWO"]', {"TWO"}),
        ('environ.get("THREE")', {"THREE"}),
        ('os.getenv("FOUR")', {"FOUR"}),
        ('environment.whole_number("FIVE", 1)', {"FIVE"}),
        ('secret("SIX", environ)', {"SIX", "SIX_FILE"}),
        ('settings.get("SEVEN")', set()),
    ],
)
def test_the_check_sees_how_a_variable_is_read(source, names):
    assert set(names_read(source)) == names
