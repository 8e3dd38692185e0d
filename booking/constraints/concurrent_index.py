"""A migration operation that adds an index without making writes wait, on both databases."""

from typing import Any

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


class AddIndexConcurrently(migrations.AddIndex):
    """``AddIndex`` with CREATE INDEX CONCURRENTLY on PostgreSQL; on SQLite, ``AddIndex`` as it is.

    ``django.contrib.postgres`` has an operation of this name, which cannot run on SQLite. The migration needs
    ``atomic = False`` and should hold nothing else. Stopped half-way, it can run again: it first drops an
    invalid index.
    """

    atomic = False

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        connection = schema_editor.connection
        if connection.vendor != "postgresql":
            super().database_forwards(app_label, schema_editor, from_state, to_state)
            return
        model = to_state.apps.get_model(app_label, self.model_name)
        if self.allow_migrate_model(connection.alias, model):
            name = connection.ops.quote_name(self.index.name)
            schema_editor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
            schema_editor.add_index(model, self.index, concurrently=True)  # type: ignore[call-arg]
