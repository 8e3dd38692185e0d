"""Let the database itself refuse two rows that overlap in time.

``NoOverlap`` becomes an exclusion constraint on PostgreSQL and a pair of triggers on SQLite, so
that raw SQL, ``bulk_create``, ``update()`` and the admin are refused as the commands are.
"""

from typing import Any, cast

from django.core.exceptions import ValidationError
from django.db import DEFAULT_DB_ALIAS, NotSupportedError
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.backends.ddl_references import Statement, Table
from django.db.models import BaseConstraint, Field, Model, Q
from django.db.models.sql import Query

_POSTGRESQL = "EXCLUDE USING gist (%(key)s WITH =, tstzrange(%(start)s, %(end)s, '[)') WITH &&) WHERE (%(condition)s)"

# AFTER, not BEFORE: only then does NEW hold the row's own primary key. The condition stands
# unqualified, so it always speaks of the one table named in its subquery. SQLite compares instants
# as text, so that only one way of writing them can be let in: Django's.
_SQLITE = """CREATE TRIGGER %(name)s_%(event)s AFTER %(event)s ON %(table)s
WHEN EXISTS (SELECT 1 FROM %(table)s WHERE %(pk)s = NEW.%(pk)s AND (%(condition)s))
 AND (%(start_is_odd)s OR %(end_is_odd)s OR EXISTS (
  SELECT 1 FROM %(table)s
  WHERE %(key)s = NEW.%(key)s AND %(pk)s <> NEW.%(pk)s
  AND %(end)s > NEW.%(start)s AND %(start)s < NEW.%(end)s AND (%(condition)s)
))
BEGIN SELECT RAISE(ABORT, 'NoOverlap constraint failed: %(plain_name)s'); END"""

_TWO_DIGITS = "[0-9][0-9]"
_AS_DJANGO_WRITES = "{2}{2}-{2}-{2} {2}:{2}:{2}".replace("{2}", _TWO_DIGITS)


def _is_odd(column: str) -> str:
    """SQL: whether an instant is not written as 2026-11-24 17:00:00, perhaps with six decimals."""
    whole, decimals = f"GLOB '{_AS_DJANGO_WRITES}'", f"GLOB '{_AS_DJANGO_WRITES}.{_TWO_DIGITS * 3}'"
    return f"NOT (NEW.{column} {whole} OR NEW.{column} {decimals})"


class NoOverlap(BaseConstraint):
    """Rows with the same ``key`` and a true ``condition`` never overlap in [start, end).

    ``key``, ``start`` and ``end`` are field names; rows whose key is null never collide.
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

    # What Django's schema editors call.

    def constraint_sql(  # type: ignore[override]  # Django itself lets it be None.
        self, model: type[Model] | None, schema_editor: BaseDatabaseSchemaEditor | None
    ) -> str | None:
        """The clause for CREATE TABLE; on SQLite, triggers to run once the table stands."""
        assert model is not None
        assert schema_editor is not None
        if self._vendor(schema_editor) == "postgresql":
            return f"CONSTRAINT {schema_editor.quote_name(self.name)} {self._exclusion(model, schema_editor)}"
        # A table rebuild makes the table anew under another name and renames it: the deferred
        # statements follow the renaming because they hold the table as a reference, not as text.
        schema_editor.deferred_sql.extend(self._triggers(model, schema_editor))
        return None

    def create_sql(self, model: type[Model] | None, schema_editor: BaseDatabaseSchemaEditor | None) -> Any:
        assert model is not None
        assert schema_editor is not None
        if self._vendor(schema_editor) == "postgresql":
            return Statement(
                "ALTER TABLE %(table)s ADD CONSTRAINT %(name)s %(exclusion)s",
                table=Table(model._meta.db_table, schema_editor.quote_name),
                name=schema_editor.quote_name(self.name),
                exclusion=self._exclusion(model, schema_editor),
            )
        for trigger in self._triggers(model, schema_editor):
            schema_editor.execute(trigger)
        return None

    def remove_sql(self, model: type[Model] | None, schema_editor: BaseDatabaseSchemaEditor | None) -> Any:
        assert model is not None
        assert schema_editor is not None
        if self._vendor(schema_editor) == "postgresql":
            return schema_editor._delete_constraint_sql(  # type: ignore[attr-defined]
                schema_editor.sql_delete_check, model, self.name
            )
        for trigger in self.trigger_names():
            schema_editor.execute(f"DROP TRIGGER IF EXISTS {schema_editor.quote_name(trigger)}")
        return None

    def trigger_names(self) -> list[str]:
        """The SQLite triggers that stand for this constraint."""
        return [f"{self.name}_insert", f"{self.name}_update"]

    # What full_clean() and the admin call.

    def validate(self, model: type[Model], instance: Model, exclude: Any = None, using: str = DEFAULT_DB_ALIAS) -> None:
        names = {self.key, self.start, self.end, *_fields_of(self.condition)}
        if exclude and names & set(exclude):
            return
        key = instance.serializable_value(self.key)
        start, end = getattr(instance, self.start), getattr(instance, self.end)
        if key is None or start is None or end is None:
            return
        against = {name: getattr(instance, name) for name in _fields_of(self.condition)}
        if not self.condition.check(against, using=using):
            return
        others = model._default_manager.using(using).filter(
            self.condition, **{self.key: key, f"{self.start}__lt": end, f"{self.end}__gt": start}
        )
        if not instance._state.adding:
            others = others.exclude(pk=instance.pk)
        if others.exists():
            raise ValidationError(self.get_violation_error_message(), code=self.violation_error_code)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, NoOverlap) and self.deconstruct() == other.deconstruct()

    __hash__ = None  # type: ignore[assignment]

    def deconstruct(self) -> Any:
        path, args, kwargs = super().deconstruct()
        kwargs |= {"key": self.key, "start": self.start, "end": self.end, "condition": self.condition}
        return path, args, kwargs

    # How the SQL is put together.

    @staticmethod
    def _vendor(schema_editor: BaseDatabaseSchemaEditor) -> str:
        vendor = schema_editor.connection.vendor
        if vendor not in {"postgresql", "sqlite"}:
            raise NotSupportedError(f"Appointments need PostgreSQL or SQLite to refuse overlaps, not {vendor}.")
        return vendor

    def _parts(self, model: type[Model], schema_editor: BaseDatabaseSchemaEditor) -> dict[str, str]:
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

    def _exclusion(self, model: type[Model], schema_editor: BaseDatabaseSchemaEditor) -> str:
        return _POSTGRESQL % self._parts(model, schema_editor)

    def _triggers(self, model: type[Model], schema_editor: BaseDatabaseSchemaEditor) -> list[Statement]:
        parts = self._parts(model, schema_editor)
        return [
            Statement(
                _SQLITE,
                table=Table(model._meta.db_table, schema_editor.quote_name),
                name=self.name,
                plain_name=self.name,
                event=event,
                start_is_odd=_is_odd(parts["start"]),
                end_is_odd=_is_odd(parts["end"]),
                **parts,
            )
            for event in ("insert", "update")
        ]


def _fields_of(condition: Q) -> set[str]:
    """The names of the fields that a flat condition looks at."""
    names: set[str] = set()
    for child in condition.children:
        names |= _fields_of(child) if isinstance(child, Q) else {str(cast(tuple, child)[0]).split("__")[0]}
    return names
