"""Which modules of the project import which, read from their source."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("booking", "content", "clinic")


@cache
def modules() -> dict[str, Path]:
    """The product's modules by dotted name, without migrations."""
    paths = (path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py")))
    return {dotted(path): path for path in paths if "migrations" not in path.parts}


def dotted(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def imports_of(module: str) -> frozenset[str]:
    """The project's modules that this one imports, at any level of its code."""
    return frozenset(_imports(modules()[module]) - {module})


def _imports(path: Path) -> set[str]:
    found: set[str] = set()
    for name, member in imported_names(path.read_text()):
        whole = f"{name}.{member}" if member else name
        found.add(whole if whole in modules() else name)
    return {name for name in found if name in modules()}


def imported_names(source: str) -> Iterator[tuple[str, str]]:
    """Each import as module and member ("" for ``import module``)."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from ((node.module, alias.name) for alias in node.names)


def is_within(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")
