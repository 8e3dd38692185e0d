"""The product uses no private API of its frameworks: no names with a leading underscore, no undocumented modules.

Checked in the syntax tree; overridden names are looked up in the base classes.
"""

import ast
import importlib
import inspect
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = ("booking", "clinic", "content")
FRAMEWORKS = {"PIL", "allauth", "django", "fontTools", "gunicorn", "psycopg"}

# Documented despite their underscore: Django's model API and managers, Python's named tuples.
DOCUMENTED_NAMES = {"_meta", "_state", "_default_manager", "_base_manager", "_replace", "_asdict", "_fields", "_make"}

# Named in the frameworks' documentation; ".*" includes all submodules and names.
DOCUMENTED_MODULES = {
    "PIL.*",
    "allauth.account.*",  # Forms, adapter, decorators, signals, views, models; see PRIVATE_BELOW.
    "allauth.mfa.adapter",
    "allauth.mfa.base.*",
    "allauth.mfa.models",
    "allauth.mfa.signals",
    "allauth.mfa.totp.forms",
    "allauth.mfa.webauthn.forms",
    "django",  # django.setup()
    "django.apps",
    "django.conf",
    "django.contrib.admin",
    "django.contrib.admin.models",  # LogEntry
    "django.contrib.admin.apps",
    "django.contrib.admin.helpers",
    "django.contrib.admin.views.main.ChangeList",
    "django.contrib.admin.widgets",
    "django.contrib.auth.*",
    "django.contrib.contenttypes.*",
    "django.contrib.messages",
    "django.contrib.sessions.*",
    "django.contrib.sitemaps.*",
    "django.contrib.staticfiles.finders",
    "django.contrib.staticfiles.storage",
    "django.core.cache",
    "django.core.checks",
    "django.core.exceptions",
    "django.core.files.*",
    "django.core.mail",
    "django.core.mail.backends.base",
    "django.core.management",
    "django.core.management.base",
    "django.core.paginator",
    "django.core.serializers.json",
    "django.core.signals",
    "django.core.signing",
    "django.core.validators",
    "django.core.wsgi",
    "django.db",
    "django.db.backends.base.schema",  # "SchemaEditor"
    "django.db.backends.signals",  # "Signals", Database wrappers
    "django.db.models",
    "django.db.models.fields.files.FieldFile",
    "django.db.models.fields.json.KT",
    "django.db.models.functions",
    "django.db.models.query.QuerySet",
    "django.db.models.signals",
    "django.db.transaction",
    "django.db.utils",
    "django.dispatch",
    "django.forms",
    "django.forms.models",
    "django.http",
    "django.middleware.*",
    "django.shortcuts",
    "django.template",
    "django.template.defaultfilters",
    "django.template.loader",
    "django.template.response",
    "django.test",
    "django.urls",
    "django.utils.cache",
    "django.utils.crypto",  # Its functions are named in release notes (3.1) and used by the manual's examples.
    "django.utils.dateparse",
    "django.utils.decorators",
    "django.utils.functional",
    "django.utils.html",
    "django.utils.http",
    "django.utils.module_loading",
    "django.utils.safestring",
    "django.utils.text",
    "django.utils.timezone",
    "django.utils.translation",
    "django.views.*",
    "fontTools.subset",
    "fontTools.ttLib",
    "fontTools.varLib.instancer",
    "psycopg",
}
PRIVATE_BELOW = ("allauth.account.internal", "django.contrib.auth.management")

# Uses without a documented alternative, each with its reason.
EXCEPTIONS = {
    # A constraint's SQL: deferred statements must follow renamed tables, and Django's own constraints compile their
    # condition in the same way.
    ("booking/constraints/append_only.py", "django.db.backends.ddl_references"),
    ("booking/constraints/no_overlap.py", "django.db.backends.ddl_references"),
    ("booking/constraints/no_overlap.py", "django.db.models.sql"),
    # The only way to change the text of autocomplete results: serialize_result(), meant to be overridden since 4.0.
    ("clinic/admin_site.py", "django.contrib.admin.views.autocomplete"),
    # Another storage for collectstatic can only be set as an attribute of its command.
    ("clinic/management/commands/serve.py", "django.contrib.staticfiles.management.commands"),
    # Overriding a command is documented; its class can only be imported from its module.
    ("clinic/management/commands/migrate.py", "django.core.management.commands.migrate"),
    # psycopg's constants of a connection's state, documented under psycopg.pq.
    ("clinic/management/commands/migrate.py", "psycopg.pq"),
    # allauth's own way to get the current request.
    ("clinic/accounts/forms.py", "allauth.core"),
}


@cache
def product_files() -> list[Path]:
    return [path for name in PRODUCT for path in sorted((ROOT / name).rglob("*.py")) if "migrations" not in path.parts]


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__") and name not in DOCUMENTED_NAMES


def own_names(tree: ast.AST) -> set[str]:
    """Return the names that a file defines: functions, classes, variables and attributes of self and cls."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            names.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and is_self(node.value):
            names.add(node.attr)
    return names


def is_self(node: ast.AST) -> bool:
    return isinstance(node, ast.Name) and node.id in {"self", "cls"}


def imported(tree: ast.AST) -> Iterator[tuple[str, str, str]]:
    """Yield each import as (module, name or "" for a whole module, local name)."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, "", alias.asname or alias.name.split(".")[0]) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from ((node.module, alias.name, alias.asname or alias.name) for alias in node.names)


def private_uses(source: str) -> Iterator[str]:
    """Yield each private name that neither the file itself nor a module of the project defines."""
    tree = ast.parse(source)
    own = own_names(tree)
    project = {here for module, _, here in imported(tree) if module.split(".")[0] in PRODUCT}
    for module, name, _ in imported(tree):
        if is_private(name) and module.split(".")[0] in FRAMEWORKS:
            yield f"{module}.{name}"
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and is_private(node.attr) and node.attr not in own:
            if not (isinstance(node.value, ast.Name) and node.value.id in project):
                yield ast.unparse(node)
        elif is_private_getattr(node):
            yield ast.unparse(node)


def is_private_getattr(node: ast.AST) -> bool:
    """Return whether it is a call such as ``getattr(row, "_prefetched_objects_cache")``."""
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in {"getattr", "setattr", "hasattr", "delattr"}
        and len(node.args) > 1
        and isinstance(node.args[1], ast.Constant)
        and is_private(str(node.args[1].value))
    )


def undocumented_modules(path: str, source: str) -> Iterator[str]:
    for module, name, _ in imported(ast.parse(source)):
        if module.split(".")[0] not in FRAMEWORKS or is_documented(module, name):
            continue
        if (path, module) not in EXCEPTIONS:
            yield f"{module}: {name}" if name else module


def is_documented(module: str, name: str) -> bool:
    full = f"{module}.{name}" if name else module
    if module.startswith(PRIVATE_BELOW):
        return False
    parents = {full.rsplit(".", cut)[0] + ".*" for cut in range(1, full.count(".") + 1)}
    return not DOCUMENTED_MODULES.isdisjoint({module, full} | parents)


@pytest.mark.parametrize(
    "source",
    [
        "queryset._result_cache = []",
        "row._prefetched_objects_cache",
        "from django.db.models.query import _private",
        "getattr(file, '_committed', False)",
        "class Engine(Base):\n    def _commit(self):\n        pass\n\nother._rollback()",
    ],
)
def test_a_private_name_is_found(source):
    assert list(private_uses(source))


@pytest.mark.parametrize(
    "source",
    [
        "model._meta.label",
        "point._replace(x=1)",
        "class Own:\n    def _step(self):\n        self._step()",
        "from booking import steps\n\nsteps._page()",
    ],
)
def test_the_project_s_own_and_documented_names_are_allowed(source):
    assert not list(private_uses(source))


def test_an_undocumented_module_is_found():
    documented = "from django.db.models import Q\nfrom django import forms\nimport psycopg\n"
    source = documented + "from django.db.models.sql import Query\nimport gunicorn.workers.gthread\n"
    assert list(undocumented_modules("booking/x.py", source)) == [
        "django.db.models.sql: Query",
        "gunicorn.workers.gthread",
    ]


def test_no_file_uses_a_private_name_of_a_framework():
    found = {str(path.relative_to(ROOT)): list(private_uses(path.read_text())) for path in product_files()}
    assert {path: names for path, names in found.items() if names} == {}


def test_no_file_imports_an_undocumented_module():
    found = {}
    for path in product_files():
        name = str(path.relative_to(ROOT))
        if modules := list(undocumented_modules(name, path.read_text())):
            found[name] = modules
    assert found == {}


def test_no_class_overrides_a_private_name_of_a_framework():
    found = []
    for path in product_files():
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.ClassDef):
                found += overridden(path, node)
    assert found == []


def overridden(path: Path, node: ast.ClassDef) -> Iterator[str]:
    private = {name for name in own_names(ast.Module(node.body, [])) if is_private(name)}
    if not private:
        return
    module = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    defined: Any = getattr(importlib.import_module(module), node.name)
    for base in inspect.getmro(defined)[1:]:
        if base.__module__.split(".")[0] in FRAMEWORKS:
            yield from (f"{path.relative_to(ROOT)}: {node.name}.{name}" for name in sorted(private & set(vars(base))))


def test_every_exception_is_needed():
    needed = set()
    for path in product_files():
        needed |= {(str(path.relative_to(ROOT)), module) for module, _, _ in imported(ast.parse(path.read_text()))}
    assert needed >= EXCEPTIONS
