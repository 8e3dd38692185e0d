"""Import rules: imports point down, module by module, in no circle, and through the doors of the large packages."""

import ast
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping

import pytest

from tests.clinic.import_rules import INSIDE, PACKAGES
from tests.support.imports import imported_names, imports_of, is_within, modules

# Packages whose names other packages import from the package itself, not from a module inside.
DOORS = ("booking.availability", "booking.scheduling", "booking.messages", "booking.models", "content.models")
# Modules behind a door that others may import, with the reason.
BEHIND_DOORS = {
    "booking.messages.sms": "whether text messages are on and which numbers can get one, without the outbox",
    "booking.models.append_only": "the abstract base of append-only models; the door exports models only",
}
EMPTY = {"booking", "content", "clinic", "content.fonts.make_fonts"}  # Import nothing of the project.
LONGEST = 300
LONG = {  # Data and settings.
    "booking.sample_clinic",
    "clinic.ops.sample_data",
    "clinic.ops.sample_fingerprints",
    "clinic.settings",
    "content.sample",
}
MOST_MODULES = 15


def key_of(module: str, rules: Iterable[str]) -> str:
    """The rule that a module falls under: the longest of the keys that name it or a package around it."""
    return max((key for key in rules if is_within(module, key)), key=len, default="")


def breaches(rules: Mapping[str, set[str]], imports: Mapping[str, Iterable[str]]) -> dict[str, list[str]]:
    """The imports that no rule allows, by module."""
    wrong: dict[str, list[str]] = defaultdict(list)
    for module, names in imports.items():
        own = key_of(module, rules)
        for name in sorted(names):
            other = key_of(name, rules)
            if other != own and other not in rules.get(own, ()):
                wrong[module].append(name)
    return dict(wrong)


def circles(imports: Mapping[str, Iterable[str]]) -> list[str]:
    """The modules from which a walk along the imports leads back."""
    free: set[str] = set()
    while ready := {one for one, names in imports.items() if one not in free and free.issuperset(names)}:
        free |= ready
    return sorted(set(imports) - free)


def all_imports(package: str = "") -> dict[str, set[str]]:
    """What each module of a package, or of the product, imports from the same."""
    return {
        module: {name for name in imports_of(module) if not package or is_within(name, package)}
        for module in modules()
        if not package or is_within(module, package)
    }


def test_every_module_has_a_rule_and_every_rule_a_module():
    named = PACKAGES | {key: names for rules in INSIDE.values() for key, names in rules.items()}
    assert [module for module in modules() if not key_of(module, PACKAGES) and module not in EMPTY] == []
    for name in [*named, *(entry for names in named.values() for entry in names)]:
        assert any(is_within(module, name) for module in modules()), name


def test_packages_import_what_their_rule_names():
    assert breaches(PACKAGES, all_imports()) == {}


@pytest.mark.parametrize("package", INSIDE)
def test_inside_the_large_packages_imports_point_down(package):
    inside = {module: names - {package} for module, names in all_imports(package).items() if module != package}
    assert breaches(INSIDE[package], inside) == {}


def test_no_rule_is_wider_than_needed():
    used: dict[str, set[str]] = defaultdict(set)
    for module, names in all_imports().items():
        used[key_of(module, PACKAGES)] |= {key_of(name, PACKAGES) for name in names}
    assert {key: names - used[key] for key, names in PACKAGES.items() if names - used[key]} == {}


def test_modules_import_each_other_in_no_circle():
    assert circles(all_imports()) == []


def test_booking_knows_neither_pages_nor_clinic_and_nobody_imports_clinic():
    for key, names in PACKAGES.items():
        app = key.split(".")[0]
        below = {"booking": {"booking"}, "content": {"booking", "content"}}.get(app, {"booking", "content", "clinic"})
        assert {name.split(".")[0] for name in names} <= below, key


def test_availability_knows_only_the_standard_library():
    names = [
        name
        for module, path in modules().items()
        if is_within(module, "booking.availability")
        for name, _ in imported_names(path.read_text())
    ]
    assert "datetime" in names
    outside = {name.split(".")[0] for name in names if not is_within(name, "booking.availability")}
    assert outside <= set(sys.stdlib_module_names)


def test_other_packages_come_in_through_the_door():
    wrong = []
    for module, path in modules().items():
        for name, member in imported_names(path.read_text()):
            door = key_of(name, DOORS)
            target = f"{name}.{member}" if f"{name}.{member}" in modules() else name
            if door and target != door and not is_within(module, door) and not key_of(target, BEHIND_DOORS):
                wrong.append(f"{module} imports {name}.{member}")
    assert wrong == []


def test_template_tags_are_for_templates():
    assert [module for module, names in all_imports().items() if any(".templatetags." in name for name in names)] == []


def test_no_two_classes_have_one_name():
    where: dict[str, list[str]] = defaultdict(list)
    for module, path in modules().items():
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.ClassDef) and node.name != "Command":
                where[node.name].append(module)
    assert {name: found for name, found in where.items() if len(found) > 1} == {}


def test_modules_and_packages_stay_small():
    long = {module for module, path in modules().items() if len(path.read_text().splitlines()) > LONGEST}
    assert {module for module in long if not key_of(module, LONG)} == set()
    folders: dict[str, int] = defaultdict(int)
    for module, path in modules().items():
        if path.name != "__init__.py":
            folders[module.rpartition(".")[0]] += 1
    assert {folder for folder, count in folders.items() if count > MOST_MODULES} == set()


class TestTheRulesSeeWhatBreaksThem:
    RULES: Mapping[str, set[str]] = {"low": set(), "high": {"low"}, "high.part": set()}

    @pytest.mark.parametrize(
        ("module", "name", "is_wrong"),
        [
            ("high.a", "low.b", False),
            ("high.a", "high.c", False),
            ("low.b", "high.a", True),
            ("high.part.d", "low.b", True),
            ("high.a", "high.part.d", True),
            ("unknown", "low.b", True),
        ],
    )
    def test_imports(self, module, name, is_wrong):
        assert breaches(self.RULES, {module: [name]}) == ({module: [name]} if is_wrong else {})

    def test_circles(self):
        assert circles({"a": ["b"], "b": ["c"], "c": []}) == []
        assert circles({"a": ["b"], "b": ["c"], "c": ["b"]}) == ["a", "b", "c"]
