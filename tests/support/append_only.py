"""Empty append-only tables after a test that commits: Django's flush deletes rows, which SQLite's triggers refuse."""

from django.apps import apps
from django.db import connection

from booking.constraints import AppendOnly


def empty_append_only_tables() -> None:
    guarded = [
        (model, constraint)
        for model in apps.get_models()
        for constraint in model._meta.constraints
        if isinstance(constraint, AppendOnly)
    ]
    with connection.schema_editor() as editor:
        for model, constraint in guarded:
            constraint.remove_sql(model, editor)
        for model, _constraint in reversed(guarded):
            editor.execute(f"DELETE FROM {editor.quote_name(model._meta.db_table)}")
        for model, constraint in guarded:
            constraint.create_sql(model, editor)
