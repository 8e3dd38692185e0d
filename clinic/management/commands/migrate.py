"""Django's ``migrate``, which first makes the folder of a SQLite database."""

from typing import Any

from django.core.management.commands.migrate import Command as DjangoCommand

from clinic.ops.folders import make_for_database


class Command(DjangoCommand):
    def execute(self, *args: Any, **options: Any) -> Any:
        make_for_database(options["database"])  # Before the system checks, which look into the database.
        return super().execute(*args, **options)
