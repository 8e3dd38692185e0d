"""on_commit hooks are robust: a failure is logged, and affects neither the response nor other hooks."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def calls_of_on_commit(source: str) -> Iterator[tuple[ast.Call, set[str]]]:
    """Yield each call of on_commit, with the names of the functions that its module defines."""
    tree = ast.parse(source)
    defined = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] == "on_commit":
            yield node, defined


def is_safe(call: ast.Call, defined: set[str]) -> bool:
    """Return whether it is robust, with a function that has the __qualname__ that Django logs (unlike partial)."""
    hook = call.args[0]
    is_function = isinstance(hook, ast.Lambda) or (isinstance(hook, ast.Name) and hook.id in defined)
    return is_function and any(word.arg == "robust" and ast.unparse(word.value) == "True" for word in call.keywords)


def test_every_on_commit_hook_is_a_plain_function_and_robust():
    calls = [
        (f"{path.relative_to(ROOT)}:{call.lineno}", is_safe(call, defined))
        for package in ("booking", "content", "clinic")
        for path in (ROOT / package).rglob("*.py")
        for call, defined in calls_of_on_commit(path.read_text())
    ]
    assert [location for location, safe in calls if not safe] == []


@pytest.mark.parametrize(
    ("line", "safe"),
    [
        ("transaction.on_commit(partial(forget, name), robust=True)", False),
        ("on_commit(forget.bound, robust=True)", False),
        ("transaction.on_commit(lambda: forget(name))", False),
        ("transaction.on_commit(lambda: forget(name), robust=True)", True),
        ("def forget(): ...\ntransaction.on_commit(forget, using='default', robust=True)", True),
    ],
)
def test_the_rule_detects_violations(line, safe):
    ((call, defined),) = calls_of_on_commit(line)
    assert is_safe(call, defined) is safe
