"""Imports point down: the packages and, inside booking, the modules keep their layers."""

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
# Inside booking, from the ground up; a module may import from its own layer and from lower ones.
LAYERS = [
    {"availability", "chores", "constraints", "lasting", "opening", "pictures", "text", "together"},
    {"models"},
    {
        "checks",
        "tokens",
        "calendars",
        "feeds",
        "limits",
        "messages",
        "sample",
        "statutory_holidays",
        "web_calendars",
        "words",
    },
    {"scheduling"},
    {"fields", "filling", "forms", "waitlist_form", "context", "templatetags"},
    {"views", "admin", "desk", "management", "urls", "apps", "migrations"},
]


def imports_of(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def modules_of(package: str) -> list[Path]:
    return [path for path in (ROOT / package).rglob("*.py") if "migrations" not in path.parts]


def layer_of(name: str) -> int:
    return next(index for index, layer in enumerate(LAYERS) if name in layer)


def test_availability_knows_only_the_standard_library():
    names = set().union(*map(imports_of, modules_of("booking/availability")))
    assert "datetime" in names
    assert {name.split(".")[0] for name in names if not name.startswith("booking.availability")} <= set(
        sys.stdlib_module_names
    )


@pytest.mark.parametrize(("package", "forbidden"), [("booking", {"content", "clinic"}), ("content", {"clinic"})])
def test_packages_import_only_downwards(package, forbidden):
    wrong = {
        str(path.relative_to(ROOT)): sorted(bad)
        for path in modules_of(package)
        if (bad := {name for name in imports_of(path) if name.split(".")[0] in forbidden})
    }
    assert wrong == {}


def test_modules_of_booking_import_only_from_their_own_layer_and_lower_ones():
    wrong = []
    for path in modules_of("booking"):
        own = path.relative_to(ROOT / "booking").parts[0].removesuffix(".py")
        if own == "__init__":
            continue
        for name in imports_of(path):
            parts = name.split(".")
            is_ours = parts[0] == "booking" and len(parts) > 1 and any(parts[1] in layer for layer in LAYERS)
            if is_ours and layer_of(parts[1]) > layer_of(own):
                wrong.append(f"{path.relative_to(ROOT)} imports {name}")
    assert wrong == []


def test_every_module_of_booking_has_a_layer():
    names = {path.name.removesuffix(".py") for path in (ROOT / "booking").iterdir() if path.name != "__pycache__"}
    assert names - {"__init__"} - set().union(*LAYERS) == set()
