"""Database constraints of our own: ``NoOverlap`` in time, and ``AppendOnly`` tables. And ``AddIndexConcurrently``.

PostgreSQL has an exclusion constraint and a trigger for them, SQLite triggers, so they also apply to raw SQL,
``bulk_create()``, ``update()``, ``delete()`` and the admin.
"""

from booking.constraints.append_only import AppendOnly
from booking.constraints.concurrent_index import AddIndexConcurrently
from booking.constraints.no_overlap import NoOverlap

__all__ = ["AddIndexConcurrently", "AppendOnly", "NoOverlap"]
