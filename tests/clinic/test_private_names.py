"""A name with a leading underscore is used in its own module only; what others need has a public name."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
OURS = ("booking", "content", "clinic", "tests", "bench")


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


def private_names_of_others(source: str) -> Iterator[str]:
    """Private names that a module imports from another of ours, or reads as that module's attribute."""
    tree = ast.parse(source)
    modules = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.level or (node.module or "").split(".")[0] in OURS):
            yield from (alias.name for alias in node.names if is_private(alias.name))
            modules |= {alias.asname or alias.name for alias in node.names}
        elif isinstance(node, ast.Import):
            modules |= {alias.asname or alias.name for alias in node.names if alias.name.split(".")[0] in OURS}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and is_private(node.attr) and node.attr != "_meta":
            owner = ast.unparse(node.value)
            # A model's managers are public in Django, whatever they begin with.
            if owner in modules and node.attr not in {"_default_manager", "_base_manager"}:
                yield f"{owner}.{node.attr}"


def test_no_module_uses_a_private_name_of_another():
    wrong = {
        str(path.relative_to(ROOT)): found
        for package in OURS
        for path in (ROOT / package).rglob("*.py")
        if (found := list(private_names_of_others(path.read_text())))
    }
    assert wrong == {}


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("from booking.tokens import _encode", ["_encode"]),
        ("from .tokens import _encode as encode", ["_encode"]),
        ("from booking import tokens\ntokens._encode(b'')", ["tokens._encode"]),
        ("import booking.tokens\nbooking.tokens._encode(b'')", ["booking.tokens._encode"]),
        ("from content.models import Page\nPage._meta, Page._default_manager", []),
        ("from clinic import __doc__\nself._own", []),
    ],
)
def test_the_rule_sees_what_breaks_it(source, found):
    assert list(private_names_of_others(source)) == found
