"""``AppendOnly``: a database constraint against updates and deletions.

It is a trigger on PostgreSQL and a pair of triggers on SQLite, so it also applies to raw SQL, ``update()``,
``delete()`` and the admin. TRUNCATE and DROP of a whole table are not refused; no code of the site does either.
"""

from typing import Any

from django.db import DEFAULT_DB_ALIAS, NotSupportedError
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.backends.ddl_references import Statement, Table
from django.db.models import BaseConstraint, Model

_POSTGRESQL_FUNCTION = """CREATE OR REPLACE FUNCTION %(name)s() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'AppendOnly constraint failed: %(name)s' USING ERRCODE = 'integrity_constraint_violation';
END $$"""
_POSTGRESQL_TRIGGER = """CREATE TRIGGER %(name)s BEFORE UPDATE OR DELETE ON %(table)s
FOR EACH ROW EXECUTE FUNCTION %(name)s()"""
_SQLITE = """CREATE TRIGGER %(name)s_%(event)s BEFORE %(event)s ON %(table)s
BEGIN SELECT RAISE(ABORT, 'AppendOnly constraint failed: %(name)s'); END"""


class AppendOnly(BaseConstraint):
    """Rows can be inserted, but neither updated nor deleted: both raise IntegrityError."""

    def __init__(self, *, name: str) -> None:
        super().__init__(name=name)

    # Called by Django's schema editors.

    def constraint_sql(  # type: ignore[override]  # Django itself lets it be None.
        self, model: type[Model] | None, schema_editor: BaseDatabaseSchemaEditor | None
    ) -> str | None:
        """Queue the triggers as deferred SQL: they cannot stand in CREATE TABLE.

        A table rebuild on SQLite creates the table under a temporary name and renames it: the deferred statements
        follow the rename because they refer to a Table object, not to text.
        """
        assert model is not None
        assert schema_editor is not None
        schema_editor.deferred_sql.extend(self._statements(model, schema_editor))
        return None

    def create_sql(self, model: type[Model] | None, schema_editor: BaseDatabaseSchemaEditor | None) -> Any:
        assert model is not None
        assert schema_editor is not None
        for statement in self._statements(model, schema_editor):
            schema_editor.execute(statement)
        return None

    def remove_sql(self, model: type[Model] | None, schema_editor: BaseDatabaseSchemaEditor | None) -> Any:
        assert model is not None
        assert schema_editor is not None
        table = schema_editor.quote_name(model._meta.db_table)
        for trigger in self.trigger_names(schema_editor.connection.vendor):
            on_table = f" ON {table}" if schema_editor.connection.vendor == "postgresql" else ""
            schema_editor.execute(f"DROP TRIGGER IF EXISTS {schema_editor.quote_name(trigger)}{on_table}")
        return None

    def trigger_names(self, vendor: str) -> list[str]:
        """The names of the triggers that implement this constraint on a database."""
        return [self.name] if vendor == "postgresql" else [f"{self.name}_update", f"{self.name}_delete"]

    # Called by full_clean() and the admin. Inserting is always valid.

    def validate(self, model: type[Model], instance: Model, exclude: Any = None, using: str = DEFAULT_DB_ALIAS) -> None:
        return None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, AppendOnly) and self.deconstruct() == other.deconstruct()

    __hash__ = None  # type: ignore[assignment]

    def _statements(self, model: type[Model], schema_editor: BaseDatabaseSchemaEditor) -> list[Statement]:
        table = Table(model._meta.db_table, schema_editor.quote_name)
        vendor = schema_editor.connection.vendor
        if vendor == "postgresql":
            templates = [(_POSTGRESQL_FUNCTION, ""), (_POSTGRESQL_TRIGGER, "")]
        elif vendor == "sqlite":
            templates = [(_SQLITE, "update"), (_SQLITE, "delete")]
        else:
            raise NotSupportedError(f"Append-only tables need PostgreSQL or SQLite, not {vendor}.")
        return [Statement(template, table=table, name=self.name, event=event) for template, event in templates]
