"""``NoOverlap``: rows with the same key must not overlap in time."""

from typing import Any, cast

from django.core.exceptions import ValidationError
from django.db import DEFAULT_DB_ALIAS, NotSupportedError
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.backends.ddl_references import Statement, Table
from django.db.models import BaseConstraint, Field, Model, Q
from django.db.models.sql import Query

_POSTGRESQL = "EXCLUDE USING gist (%(key)s WITH =, tstzrange(%(start)s, %(end)s, '[)') WITH &&) WHERE (%(condition)s)"

# AFTER, not BEFORE: only then does NEW contain the row's own primary key. The condition's columns are
# unqualified, so they resolve to the table of the enclosing subquery. SQLite compares datetimes as
# text, so the triggers also reject any value that is not in Django's format.
_SQLITE = """CREATE TRIGGER %(name)s_%(event)s AFTER %(event)s ON %(table)s
WHEN EXISTS (SELECT 1 FROM %(table)s WHERE %(pk)s = NEW.%(pk)s AND (%(condition)s))
 AND (%(start_is_malformed)s OR %(end_is_malformed)s OR EXISTS (
  SELECT 1 FROM %(table)s
  WHERE %(key)s = NEW.%(key)s AND %(pk)s <> NEW.%(pk)s
  AND %(end)s > NEW.%(start)s AND %(start)s < NEW.%(end)s AND (%(condition)s)
))
BEGIN SELECT RAISE(ABORT, 'NoOverlap constraint failed: %(plain_name)s'); END"""

_TWO_DIGITS = "[0-9][0-9]"
_DJANGO_DATETIME = "{2}{2}-{2}-{2} {2}:{2}:{2}".replace("{2}", _TWO_DIGITS)


def _is_not_in_django_format(column: str) -> str:
    """SQL condition: the datetime is not written as 2026-11-24 17:00:00, with optional microseconds."""
    whole, decimals = f"GLOB '{_DJANGO_DATETIME}'", f"GLOB '{_DJANGO_DATETIME}.{_TWO_DIGITS * 3}'"
    return f"NOT (NEW.{column} {whole} OR NEW.{column} {decimals})"


class NoOverlap(BaseConstraint):
    """Rows with the same ``key`` that match ``condition`` must not overlap in [start, end).

    ``key``, ``start`` and ``end`` are field names; rows whose key is null never conflict.
    PostgreSQL needs the ``btree_gist`` extension first (see the first migration).
    """

    def __init__(
        self,
        *,
        key: str,
        start: str,
        end: str,
        condition: Q,
        name: str,
        violation_error_code: str | None = None,
        violation_error_message: str | None = None,
    ) -> None:
        self.key, self.start, self.end, self.condition = key, start, end, condition
        super().__init__(
            name=name, violation_error_code=violation_error_code, violation_error_message=violation_error_message
        )

    # Called by Django's schema editors.

    def constraint_sql(  # type: ignore[override]  # Django itself lets it be None.
        self, model: type[Model] | None, schema_editor: BaseDatabaseSchemaEditor | None
    ) -> str | None:
        """The clause for CREATE TABLE; on SQLite, queue the triggers as deferred SQL instead."""
        assert model is not None
        assert schema_editor is not None
        if self._vendor(schema_editor) == "postgresql":
            return f"CONSTRAINT {schema_editor.quote_name(self.name)} {self._exclusion_sql(model, schema_editor)}"
        # A table rebuild creates the table under a temporary name and renames it: the deferred statements
        # follow the rename because they refer to a Table object, not to text.
        schema_editor.deferred_sql.extend(self._trigger_statements(model, schema_editor))
        return None

    def create_sql(self, model: type[Model] | None, schema_editor: BaseDatabaseSchemaEditor | None) -> Any:
        assert model is not None
        assert schema_editor is not None
        if self._vendor(schema_editor) == "postgresql":
            return Statement(
                "ALTER TABLE %(table)s ADD CONSTRAINT %(name)s %(exclusion)s",
                table=Table(model._meta.db_table, schema_editor.quote_name),
                name=schema_editor.quote_name(self.name),
                exclusion=self._exclusion_sql(model, schema_editor),
            )
        for trigger in self._trigger_statements(model, schema_editor):
            schema_editor.execute(trigger)
        return None

    def remove_sql(self, model: type[Model] | None, schema_editor: BaseDatabaseSchemaEditor | None) -> Any:
        assert model is not None
        assert schema_editor is not None
        if self._vendor(schema_editor) == "postgresql":
            return Statement(
                "ALTER TABLE %(table)s DROP CONSTRAINT %(name)s",
                table=Table(model._meta.db_table, schema_editor.quote_name),
                name=schema_editor.quote_name(self.name),
            )
        for trigger in self.trigger_names():
            schema_editor.execute(f"DROP TRIGGER IF EXISTS {schema_editor.quote_name(trigger)}")
        return None

    def trigger_names(self) -> list[str]:
        """The names of the SQLite triggers that implement this constraint."""
        return [f"{self.name}_insert", f"{self.name}_update"]

    # Called by full_clean() and the admin.

    def validate(self, model: type[Model], instance: Model, exclude: Any = None, using: str = DEFAULT_DB_ALIAS) -> None:
        names = {self.key, self.start, self.end, *_fields_of(self.condition)}
        if exclude and names & set(exclude):
            return
        key = instance.serializable_value(self.key)
        start, end = getattr(instance, self.start), getattr(instance, self.end)
        if key is None or start is None or end is None:
            return
        values = {name: getattr(instance, name) for name in _fields_of(self.condition)}
        if not self.condition.check(values, using=using):
            return
        overlapping = model._default_manager.using(using).filter(
            self.condition, **{self.key: key, f"{self.start}__lt": end, f"{self.end}__gt": start}
        )
        if not instance._state.adding:
            overlapping = overlapping.exclude(pk=instance.pk)
        if overlapping.exists():
            raise ValidationError(self.get_violation_error_message(), code=self.violation_error_code)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, NoOverlap) and self.deconstruct() == other.deconstruct()

    __hash__ = None  # type: ignore[assignment]

    def deconstruct(self) -> Any:
        path, args, kwargs = super().deconstruct()
        kwargs |= {"key": self.key, "start": self.start, "end": self.end, "condition": self.condition}
        return path, args, kwargs

    # SQL generation.

    @staticmethod
    def _vendor(schema_editor: BaseDatabaseSchemaEditor) -> str:
        vendor = schema_editor.connection.vendor
        if vendor not in {"postgresql", "sqlite"}:
            raise NotSupportedError(f"Appointments need PostgreSQL or SQLite to refuse overlaps, not {vendor}.")
        return vendor

    def _sql_parts(self, model: type[Model], schema_editor: BaseDatabaseSchemaEditor) -> dict[str, str]:
        def column(name: str) -> str:
            return schema_editor.quote_name(cast(Field, model._meta.get_field(name)).column or name)

        compiler = Query(model, alias_cols=False).get_compiler(connection=schema_editor.connection)
        where = compiler.query.build_where(self.condition)
        sql, params = where.as_sql(compiler, schema_editor.connection)
        assert model._meta.pk is not None
        return {
            "key": column(self.key),
            "start": column(self.start),
            "end": column(self.end),
            "pk": column(model._meta.pk.name),
            "condition": sql % tuple(schema_editor.quote_value(value) for value in params),
        }

    def _exclusion_sql(self, model: type[Model], schema_editor: BaseDatabaseSchemaEditor) -> str:
        return _POSTGRESQL % self._sql_parts(model, schema_editor)

    def _trigger_statements(self, model: type[Model], schema_editor: BaseDatabaseSchemaEditor) -> list[Statement]:
        parts = self._sql_parts(model, schema_editor)
        return [
            Statement(
                _SQLITE,
                table=Table(model._meta.db_table, schema_editor.quote_name),
                name=self.name,
                plain_name=self.name,
                event=event,
                start_is_malformed=_is_not_in_django_format(parts["start"]),
                end_is_malformed=_is_not_in_django_format(parts["end"]),
                **parts,
            )
            for event in ("insert", "update")
        ]


def _fields_of(condition: Q) -> set[str]:
    """The names of the fields in a condition that spans no relations."""
    names: set[str] = set()
    for child in condition.children:
        names |= _fields_of(child) if isinstance(child, Q) else {str(cast(tuple, child)[0]).split("__")[0]}
    return names
