"""Which environment variables the code reads, found in its syntax: for the tests of deploy/env.example and the docs.

A variable is read by ``os.environ`` (``get()``, ``[...]``, ``in``), or by a function of ``clinic/ops/environment/``
whose first parameter is ``name``. Where such a function also reads ``f"{name}_FILE"``, a file may hold the value.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
READERS = ROOT / "clinic" / "ops" / "environment"
# Set by others for their own purposes: nobody configures the site with them.
NOT_OURS = {"DJANGO_SETTINGS_MODULE", "LISTEN_PID", "LISTEN_FDS", "CI", "PATH", "HOME"}
_NAME = re.compile(r"[A-Z][A-Z0-9_]+")


def variables_read() -> set[str]:
    """Return the names of the variables that the product and deploy/ read."""
    sources = [
        path
        for folder in ("booking", "clinic", "content", "deploy")
        for path in sorted((ROOT / folder).rglob("*.py"))
        if "migrations" not in path.parts
    ]
    trees = {path: ast.parse(path.read_text(encoding="utf-8")) for path in [*sources, ROOT / "manage.py"]}
    suffixes = _readers_by_name([tree for path, tree in trees.items() if path.is_relative_to(READERS)])
    found: set[str] = set()
    for path, tree in trees.items():
        constants = _constants(tree)
        # Elsewhere, a plain "environ" is a request's (WSGI).
        plain_environ = path.is_relative_to(READERS)
        for node in ast.walk(tree):
            found.update(_read_by(node, constants, suffixes, plain_environ=plain_environ))
    return found - NOT_OURS


def _readers_by_name(trees: list[ast.Module]) -> dict[str, list[str]]:
    """Return the functions that read the variable they are given, with the suffixes they add to its name."""
    readers = {}
    for tree in trees:
        for function in ast.walk(tree):
            if isinstance(function, ast.FunctionDef) and [word.arg for word in function.args.args][:1] == ["name"]:
                adds = "_FILE" in ast.unparse(function).replace('"', "'")
                readers[function.name] = ["", "_FILE"] if adds else [""]
    return readers


def _constants(tree: ast.Module) -> dict[str, str]:
    return {
        target.id: node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def _read_by(
    node: ast.AST, constants: dict[str, str], suffixes: dict[str, list[str]], *, plain_environ: bool
) -> Iterator[str]:
    """Yield the variables that this expression reads."""

    def is_environ(expression: ast.expr) -> bool:
        written = ast.unparse(expression)
        return written == "os.environ" or (plain_environ and written == "environ")

    if isinstance(node, ast.Subscript) and is_environ(node.value) and isinstance(node.ctx, ast.Load):
        yield from _names(node.slice, constants, [""])
    elif isinstance(node, ast.Compare) and any(is_environ(right) for right in node.comparators):
        yield from _names(node.left, constants, [""])
    elif isinstance(node, ast.Call) and node.args:
        function = node.func
        is_get = isinstance(function, ast.Attribute) and function.attr == "get" and is_environ(function.value)
        if is_get or ast.unparse(function) == "os.getenv":
            yield from _names(node.args[0], constants, [""])
        else:
            called = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
            if called in suffixes:
                yield from _names(node.args[0], constants, suffixes[called])


def _names(expression: ast.expr, constants: dict[str, str], suffixes: list[str]) -> Iterator[str]:
    value = constants.get(expression.id) if isinstance(expression, ast.Name) else getattr(expression, "value", None)
    if isinstance(value, str) and _NAME.fullmatch(value):
        yield from (value + suffix for suffix in suffixes)
