"""What in the migrations since the last release would stop the site, or break the release that runs beside them.

``lock_problems()`` reads their SQL with squawk: statements that hold a lock for long. ``old_code_problems()`` compares
the tables of the last release with today's: the code of that release reads and writes today's tables during an update
and after a rollback. Both leave out what ``EXCEPTIONS`` names.
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from django.db import connection, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ProjectState

from tests.support.migration_exceptions import EXCEPTIONS

ROOT = Path(__file__).resolve().parents[2]
APPS = ("booking", "clinic", "content")

# Rules of squawk that are about taste, about what `manage.py migrate` does by itself (timeouts), or about what
# old_code_problems() knows better (defaults, constraints).
NOT_USED = [
    "prefer-text-field", "prefer-bigint-over-int", "prefer-bigint-over-smallint", "prefer-robust-stmts",
    "prefer-identity", "require-lock-timeout", "require-statement-timeout", "ban-drop-default", "ban-drop-constraint",
    "ban-drop-not-null",
]  # fmt: skip
# Two hundred help texts and labels without any SQL, which would take most of the time.
WORDS_ONLY = {"booking.0026_plain_words", "content.0017_plain_words"}
# Tables with some hundred rows at most, which staff keep by hand: reading them once takes milliseconds.
SMALL_TABLES = {
    "booking_clinic", "booking_closure", "booking_location", "booking_practitioner", "booking_service",
    "booking_timeoff", "content_page",
}  # fmt: skip
READS_ALL_ROWS = {
    "require-concurrent-index-creation",
    "require-concurrent-index-deletion",
    "constraint-missing-not-valid",
}
# PostgreSQL does not validate the foreign key of a new column that is empty in every row.
EMPTY_REFERENCE = re.compile(r'ADD COLUMN "\w+" \w+ NULL CONSTRAINT "\w+" REFERENCES')
TABLE = re.compile(r'^(?:ALTER TABLE|DROP TABLE|CREATE (?:UNIQUE )?INDEX .+? ON) (?:IF EXISTS )?"(\w+)"')
CHANGED = re.compile(
    r'(?:INDEX(?: CONCURRENTLY)?|COLUMN|CONSTRAINT|RENAME(?: TO)?|TABLE(?! "\w+" (?:ADD|ALTER|DROP|RENAME)))'
    r'(?: IF (?:NOT )?EXISTS)? "(\w+)"'
)


def last_release() -> tuple[str, dict[str, int]]:
    """Return the commit of the newest line of RELEASES, and the number of each app's newest migration."""
    line = next(line for line in (ROOT / "RELEASES").read_text().splitlines() if line and not line.startswith("#"))
    newest = re.findall(rf"\b({'|'.join(APPS)}) (\d{{4}})\b", line)
    return line.split()[2], {app: int(number) for app, number in newest}


def split_migrations(loader: MigrationLoader) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Return the migrations of the last release, with those of other packages, and the ones since."""
    plan = {node: None for leaf in loader.graph.leaf_nodes() for node in loader.graph.forwards_plan(leaf)}
    _, newest = last_release()
    since = [(app, name) for app, name in plan if app in newest and int(name[:4]) > newest[app]]
    return [node for node in plan if node not in since], since


def sql_since_release() -> Iterator[tuple[str, str]]:
    """Yield each migration's name and its SQL for this database."""
    loader = MigrationLoader(connection)
    released, since = split_migrations(loader)
    state = loader.project_state(released)
    for app, name in since:
        migration = loader.get_migration(app, name)
        if f"{app}.{name}" in WORDS_ONLY:
            state.__dict__.pop("apps", None)  # Rendered models; made again when they are needed.
            state = migration.mutate_state(state, preserve=False)
            continue
        with connection.schema_editor(collect_sql=True, atomic=migration.atomic) as editor:
            state = migration.apply(state, editor, collect_sql=True)
        yield f"{app}.{name}", "\n".join(editor.collected_sql)


def tables_of_last_release() -> set[str]:
    loader = MigrationLoader(None)
    return set(_tables(loader.project_state(split_migrations(loader)[0])))


def lock_problems(scripts: Iterable[tuple[str, str]], existing: set[str], folder: Path) -> dict[str, str]:
    """Return a sentence for each statement that would hold a lock for long, by migration, rule and table or index."""
    lines = {}
    for name, sql in scripts:
        lines[name] = sql.splitlines()
        (folder / f"{name}.sql").write_text(sql)
    found = {}
    for one in _run_squawk(sorted(folder.glob("*.sql"))):
        name, rule = Path(one["file"]).stem, one["rule_name"]
        statement = " ".join(lines[name][one["line"] : one["line_end"] + 1])
        table = TABLE.search(statement)
        if table and table[1] not in existing:
            continue  # New: no release uses it yet.
        if table and table[1] in SMALL_TABLES and rule in READS_ALL_ROWS:
            continue
        if rule == "adding-foreign-key-constraint" and EMPTY_REFERENCE.search(statement):
            continue
        subject = CHANGED.search(statement)
        found[f"{name} {subject[1] if subject else rule}"] = f"{name}: {one['message']} {one['help']}\n    {statement}"
    return found


def _run_squawk(files: list[Path]) -> list[dict[str, Any]]:
    if not files:
        return []
    command = [Path(sys.executable).parent / "squawk", "--pg-version=15", "--assume-in-transaction", "--reporter=json"]
    result = subprocess.run(
        [*command, *(f"--exclude={rule}" for rule in NOT_USED), *files], capture_output=True, text=True, check=False
    )
    assert result.returncode in (0, 1), result.stderr
    return list(json.loads(result.stdout or "[]"))


def states() -> tuple[ProjectState, ProjectState]:
    """Return the models of the last release and today's, as the migrations have them."""
    loader = MigrationLoader(None)
    return loader.project_state(split_migrations(loader)[0]), loader.project_state()


def old_code_problems(before: ProjectState, after: ProjectState) -> dict[str, str]:
    """Return a sentence for each change that code which knows only ``before`` cannot work with, by its subject."""
    found = {}
    tables = _tables(after)
    for table, model in _tables(before).items():
        if table not in tables:
            found[table] = f"The table {table} is gone or renamed. Stop using it now, and drop it a release later."
            continue
        found |= _column_problems(table, _columns(model), _columns(tables[table]))
        old, new = _constraints(model), _constraints(tables[table])
        for name in new:
            if new[name] != old.get(name):
                found[f"{table}.{name}"] = (
                    f"{table} has a new constraint, {name}, which its rows or the last release's code may break. Check "
                    "it in forms and commands now, and add it a release later."
                )
    return found


def _column_problems(
    table: str, old: dict[str, models.Field], new: dict[str, models.Field]
) -> Iterator[tuple[str, str]]:
    for name in sorted({*old, *new}):
        subject = f"{table}.{name}"
        if name not in new:
            yield subject, f"{subject} is gone or renamed. Stop using it now, and drop it a release later."
        elif name not in old:
            if not new[name].null and not new[name].has_db_default() and not new[name].generated:
                yield (
                    subject,
                    f"{subject} is new and NOT NULL: the last release cannot insert rows. Give it a db_default.",
                )
        elif old[name].null and not new[name].null:
            yield (
                subject,
                f"{subject} may no longer be NULL, which the last release may write. Do that a release later.",
            )
        elif old[name].has_db_default() and not new[name].has_db_default():
            yield subject, f"{subject} lost its db_default, which the last release may need. Do that a release later."
        elif not _holds_all_values(old[name], new[name]):
            yield subject, f"{subject} changes its type. Add a column, fill both, and drop the old one a release later."
        elif new[name].unique and not old[name].unique:
            yield (
                subject,
                f"{subject} becomes unique, which rows or the last release may break. Do that a release later.",
            )


def _holds_all_values(old: models.Field, new: models.Field) -> bool:
    if old.db_type(connection) == new.db_type(connection):
        return True
    is_text = {old.get_internal_type(), new.get_internal_type()} == {"CharField"}
    return is_text and (new.max_length or sys.maxsize) >= (old.max_length or sys.maxsize)


def _tables(state: ProjectState) -> dict[str, type[models.Model]]:
    every = state.apps.get_models(include_auto_created=True)
    return {one._meta.db_table: one for one in every if one._meta.app_label in APPS and one._meta.managed}


def _columns(model: type[models.Model]) -> dict[str, models.Field]:
    return {field.column: field for field in model._meta.local_concrete_fields}


def _constraints(model: type[models.Model]) -> dict[str, Any]:
    found = {}
    for constraint in model._meta.constraints:
        path, args, options = constraint.deconstruct()
        found[constraint.name] = (path, args, {name: options[name] for name in options if "violation" not in name})
    return found


def unexplained(problems: dict[str, str]) -> list[str]:
    """Return the sentences of the problems that are not in EXCEPTIONS."""
    return [sentence for subject, sentence in problems.items() if subject not in EXCEPTIONS]
