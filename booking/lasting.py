"""What has to outlive a power cut, and what need not.

A visit that was confirmed has to: its transaction ends only when the disk has it. What leads there
(which page somebody is on, a time held for ten minutes, how often somebody tried) is worth nothing
after a power cut, and waiting for the disk costs more than all else that a booking does.
"""

from contextlib import AbstractContextManager, nullcontext

from django.db import connection


def need_not_last() -> AbstractContextManager[None]:
    """Inside, a transaction ends without waiting for the disk, where the engine can be told so.

    A power cut may take the last of such transactions, each as a whole; the database stays in order, and
    all goes to disk with the next one that waits. Inside a transaction the outer one decides.
    """
    return getattr(connection, "unsynced", nullcontext)()
