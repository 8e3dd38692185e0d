"""The site without its locks, for the control runs of the race test.

Commands check and write as always, but without a transaction or row locks around them: a write between a command's
check and its own write goes unnoticed.
"""

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from clinic.wsgi import application

# After clinic.wsgi, because models need the settings.
from booking import scheduling  # isort: skip
from django.db.models import QuerySet  # isort: skip

__all__ = ["application"]


@contextmanager
def unlocked(practitioners: Iterable[int], location: object, turn: object = None) -> Iterator[None]:
    yield


def without_lock(rows: QuerySet, *args: object, **kwargs: object) -> QuerySet:
    return rows


_COMMANDS = [module for name, module in sys.modules.items() if name.startswith(f"{scheduling.__name__}.")]
_LOCKING = [module for module in _COMMANDS if hasattr(module, "locked")]
assert _LOCKING, "No command asks for a lock under this name any more: the control would prove nothing."
for module in _LOCKING:
    module.locked = unlocked  # type: ignore[attr-defined]
QuerySet.select_for_update = without_lock  # type: ignore[method-assign]
