"""What tells this database from a copy of it, without anything that an operator has to remember.

PostgreSQL: the cluster's system identifier, the timeline (a promoted standby and a point-in-time recovery begin a new
one), the database's oid, and the oid of our table, which a dump that is restored into the same database makes anew.
SQLite: the inode of the file, and when the file was made.
"""

import os
from dataclasses import dataclass

from django.conf import settings
from django.db import NotSupportedError, ProgrammingError, connection, transaction

from booking.models import SiteIdentity
from booking.site_identity.birth_time import birth_time

# pg_control_checkpoint() names the new timeline only after the first checkpoint of a promoted standby.
_CLUSTER = """
    SELECT system_identifier::text || ' timeline ' || left(pg_walfile_name(pg_current_wal_lsn()), 8)
    FROM pg_control_system()
"""
_DATABASE = "SELECT oid::bigint, %s::regclass::oid::bigint FROM pg_database WHERE datname = current_database()"


@dataclass(frozen=True)
class Place:
    """``site_url`` is empty where only the machine itself can reach the site: the address then says nothing."""

    database: str
    site_url: str

    def __str__(self) -> str:
        return f"{self.database} {self.site_url}".strip()


def current_place() -> Place:
    """Return where this process finds its database. Raises OperationalError if the database is away."""
    database = _postgresql() if connection.vendor == "postgresql" else file_identity(connection.settings_dict["NAME"])
    return Place(database, "" if settings.IS_LOCAL else settings.SITE_URL)


def _postgresql() -> str:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_DATABASE, [SiteIdentity._meta.db_table])
        database, table = cursor.fetchone()
    return f"postgresql {_cluster()} database {database} table {table}"


def _cluster() -> str:
    """The cluster, or, where a managed server refuses these functions, the address at which we connect to it."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_CLUSTER)
            (cluster,) = cursor.fetchone()
    except (ProgrammingError, NotSupportedError):
        address = connection.settings_dict
        return f"at {address['HOST'] or 'localhost'}:{address['PORT'] or 5432}/{address['NAME']}"
    return str(cluster)


def file_identity(name: str) -> str:
    """Return what tells a SQLite file from a copy of it. Nothing of the device: its number may change in a restart."""
    try:
        return f"sqlite {os.stat(name).st_ino} {birth_time(name)}"
    except OSError:
        return f"sqlite {name}"  # In memory.
