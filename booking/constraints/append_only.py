"""``AppendOnly``: rows that can be inserted, but neither updated nor deleted."""

from typing import Any, cast

from django.db import DEFAULT_DB_ALIAS, NotSupportedError
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.backends.ddl_references import Statement, Table
from django.db.models import BaseConstraint, Field, Model

# A row of the table for disposals whose certificate is not written yet. Its foreign key to the certificate is checked
# at COMMIT, so such a row exists only inside the transaction that also writes the certificate.
_OPEN_DISPOSAL = """EXISTS (SELECT 1 FROM booking_disposalitem item WHERE %(match)s
  AND NOT EXISTS (SELECT 1 FROM booking_disposal certificate WHERE certificate.id = item.disposal_id))"""
_FUNCTION = """CREATE OR REPLACE FUNCTION %(name)s() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' THEN IF %(update)s THEN RETURN NEW; END IF; END IF;
  IF TG_OP = 'DELETE' THEN IF %(delete)s THEN RETURN OLD; END IF; END IF;
  RAISE EXCEPTION 'AppendOnly constraint failed: %(name)s' USING ERRCODE = 'integrity_constraint_violation';
END $$"""
_TRIGGER = """CREATE TRIGGER %(name)s BEFORE UPDATE OR DELETE ON %(table)s
FOR EACH ROW EXECUTE FUNCTION %(name)s()"""
_SQLITE_TRIGGER = """CREATE TRIGGER %(name)s_%(event)s BEFORE %(event)s ON %(table)s
WHEN NOT COALESCE(%(allowed)s, 0)
BEGIN SELECT RAISE(ABORT, 'AppendOnly constraint failed: %(name)s'); END"""
_NEVER = {"postgresql": "FALSE", "sqlite": "0"}


class AppendOnly(BaseConstraint):
    """Rows can be inserted, but neither updated nor deleted: both raise IntegrityError.

    Two exceptions, each only in a transaction that writes a disposal (``booking.models.privacy``):

    - ``redacts``: the fields that may be emptied while the person in the field ``person`` is disposed of. All others
      must stay as they are.
    - ``expires``: the date of a row, which may be deleted when its retention period is over.

    SQLite refuses to rename a table while a trigger refers to a table that is missing, as it is in the middle of a
    rebuild. So a migration that changes the tables of disposals removes the constraints with an exception first, and
    adds them again.

    Not refused: TRUNCATE and DROP of the whole table, and on SQLite INSERT OR REPLACE, which deletes a row without its
    trigger. No code of the site does any of them.
    """

    def __init__(self, *, name: str, redacts: tuple[str, ...] = (), person: str = "", expires: str = "") -> None:
        self.redacts, self.person, self.expires = tuple(redacts), person, expires
        super().__init__(name=name)

    def deconstruct(self) -> Any:
        path, args, kwargs = super().deconstruct()
        options = {"redacts": self.redacts, "person": self.person, "expires": self.expires}
        return path, args, kwargs | {key: value for key, value in options.items() if value}

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

    # SQL generation.

    def _statements(self, model: type[Model], schema_editor: BaseDatabaseSchemaEditor) -> list[Statement]:
        table = Table(model._meta.db_table, schema_editor.quote_name)
        vendor = schema_editor.connection.vendor
        if vendor not in _NEVER:
            raise NotSupportedError(f"Append-only tables need PostgreSQL or SQLite, not {vendor}.")
        allowed = {
            "update": self._is_redaction(model, schema_editor) if self.redacts else _NEVER[vendor],
            "delete": self._is_over(model, schema_editor) if self.expires else _NEVER[vendor],
        }
        if vendor == "postgresql":
            return [Statement(template, table=table, name=self.name, **allowed) for template in (_FUNCTION, _TRIGGER)]
        return [
            Statement(_SQLITE_TRIGGER, table=table, name=self.name, event=event, allowed=condition)
            for event, condition in allowed.items()
        ]

    def _is_redaction(self, model: type[Model], schema_editor: BaseDatabaseSchemaEditor) -> str:
        """SQL condition: the update empties ``redacts`` and nothing else, while the person is disposed of."""
        is_same = _same_sql(schema_editor)
        redacted = [_field(model, name) for name in self.redacts]
        kept = [_column(field, schema_editor) for field in model._meta.local_concrete_fields if field not in redacted]
        person = _column(_field(model, self.person), schema_editor)
        conditions = [
            *(f"NEW.{column} {is_same} OLD.{column}" for column in kept),
            *(f"NEW.{_column(field, schema_editor)} = {_empty_sql(field, schema_editor)}" for field in redacted),
            _OPEN_DISPOSAL % {"match": f"item.patient_id = OLD.{person}"},
        ]
        return f"({' AND '.join(conditions)})"

    def _is_over(self, model: type[Model], schema_editor: BaseDatabaseSchemaEditor) -> str:
        """SQL condition: the row's date is before the end of a retention period that is being applied."""
        when = _column(_field(model, self.expires), schema_editor)
        return _OPEN_DISPOSAL % {"match": f"item.log_before > OLD.{when}"}


def _field(model: type[Model], name: str) -> "Field[Any, Any]":
    return cast("Field[Any, Any]", model._meta.get_field(name))


def _column(field: "Field[Any, Any]", schema_editor: BaseDatabaseSchemaEditor) -> str:
    return schema_editor.quote_name(cast(str, field.column))


def _same_sql(schema_editor: BaseDatabaseSchemaEditor) -> str:
    return "IS NOT DISTINCT FROM" if schema_editor.connection.vendor == "postgresql" else "IS"


def _empty_sql(field: "Field[Any, Any]", schema_editor: BaseDatabaseSchemaEditor) -> str:
    """The literal of an empty value: an empty object or an empty text."""
    if field.get_internal_type() != "JSONField":
        return "''"
    return "'{}'::jsonb" if schema_editor.connection.vendor == "postgresql" else "'{}'"
