"""Ask PostgreSQL in one call, and let its server keep planned what is asked again.

psycopg sends a query and fetches its answer in several steps, so that others may have their turn in
between. In a process of several threads each step gives Python's lock away and waits for it, and on
a busy site that takes longer than the answer. Here a thread gives the lock away once.
"""

from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

from psycopg import OperationalError, capabilities, errors
from psycopg.adapt import PyFormat, Transformer
from psycopg.pq import ConnStatus, ExecStatus

ASKED_ONCE_OR_TWICE = 2  # What comes more often is kept planned: making the plan takes longer than most answers.
MOST_KEPT = 300  # The site asks some 150 queries again and again. The server holds 20 to 100 KB for each.

Kind = tuple[bytes, tuple[int, ...]]  # The words and the types of the values: each has a plan of its own.
Row = tuple[Any, ...]


class Planned:
    """What one connection asks. Not for two threads at once, as no connection of Django's is."""

    def __init__(self, connection: Any) -> None:
        self._pg = connection.pgconn
        self._transformer = Transformer(connection)
        self._times_asked: OrderedDict[Kind, int] = OrderedDict()
        self._names: OrderedDict[Kind, bytes] = OrderedDict()
        self._made = 0

    def begin(self) -> bool:
        """Begin a transaction, as psycopg does before the first query of one."""
        self._answered(self._pg.exec_(b"BEGIN"))
        return True

    def ask(self, words: bytes, values: Sequence[Any] = ()) -> Any:
        """libpq's answer to a query with $1, $2 for its values. What the server refuses is psycopg's error for it."""
        dumped: Sequence[Any] = ()
        types: tuple[int, ...] = ()
        formats = None
        if values:
            dumped = self._transformer.dump_sequence(values, [PyFormat.AUTO] * len(values))
            types, formats = self._transformer.types or (), self._transformer.formats
        name = self._name((words, types))
        if name:
            return self._answered(self._pg.exec_prepared(name, dumped, formats))
        return self._answered(self._pg.exec_params(words, dumped, types, formats))

    def rows(self, answer: Any) -> list[Row]:
        """The rows of an answer, each value as Django expects it of psycopg."""
        self._transformer.set_pgresult(answer)
        return self._transformer.load_rows(0, answer.ntuples, tuple)

    def forget(self) -> None:
        """Tables have changed, so what is planned may not fit any more."""
        while self._names:
            self._forget_the_oldest()

    def _name(self, kind: Kind) -> bytes:
        """Under which name the server keeps it; none while it has come too seldom."""
        if name := self._names.get(kind):
            self._names.move_to_end(kind)
            return name
        times = self._times_asked.pop(kind, 0) + 1
        if times <= ASKED_ONCE_OR_TWICE:
            self._times_asked[kind] = times
            if len(self._times_asked) > MOST_KEPT:
                self._times_asked.popitem(last=False)
            return b""
        self._made += 1
        name = b"asked_%d" % self._made
        self._answered(self._pg.prepare(name, *kind))
        self._names[kind] = name
        if len(self._names) > MOST_KEPT:
            self._forget_the_oldest()
        return name

    def _forget_the_oldest(self) -> None:
        _, name = self._names.popitem(last=False)
        if capabilities.has_send_close_prepared():  # A pooler has names of its own, and understands only this.
            self._answered(self._pg.close_prepared(name))
        else:
            self._answered(self._pg.exec_(b"DEALLOCATE " + name))

    def _answered(self, answer: Any) -> Any:
        if answer.status in {ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK}:
            return answer
        if self._pg.status == ConnStatus.BAD:  # The server has gone, and nobody told us a reason as SQLSTATE.
            raise OperationalError(answer.get_error_message())
        raise errors.error_from_result(answer)
