"""gunicorn's threads, with slow visitors kept waiting where that costs nothing.

A thread that reads a request waits for its visitor. Who sends a line a minute, by bad luck or on
purpose, holds a thread for as long as they like, and a handful of them hold the whole site. So a
request is given a thread when all of it has come: until then it lies in the kernel's buffer, and the
worker's main loop only looks at it when there is more. An answer goes the other way: the buffer takes
a whole page, so that a thread need not wait for somebody who reads slowly.

A front server does the same, better (docs/deployment.md); this is for a site that has none.
"""

import re
import socket
import time
from functools import partial
from selectors import EVENT_READ
from typing import Any

from gunicorn.workers.gthread import TConn, ThreadWorker  # type: ignore[import-untyped]

REQUEST_SECONDS = 20  # A form on a bad line takes a few.
STOPPING_SECONDS = 2
# What a visitor may send (DATA_UPLOAD_MAX_MEMORY_SIZE) and its headers. More is only staff's, whose pictures a thread
# reads, and is refused to all others unread (clinic/refusals.py).
MOST_WAITED_FOR = 1024 * 1024 + 64 * 1024
PAGE_BYTES = 512 * 1024
_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d{1,12})[ \t]*\r\n", re.IGNORECASE)
_IN_CHUNKS = re.compile(rb"\r\ntransfer-encoding:", re.IGNORECASE)


class PatientWorker(ThreadWorker):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.arriving: dict[TConn, tuple[float, int]] = {}  # since when, and how much had come

    def enqueue_req(self, conn: TConn) -> None:
        """Called by the main loop when a connection may hold a request: new, kept open, or read ahead."""
        if not conn.initialized:
            conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, PAGE_BYTES)
        elif conn.parser.unreader.buf.getvalue():
            # Somebody who does not wait for answers. What is here already cannot be put back into the kernel.
            super().enqueue_req(conn)
            return
        self.arriving[conn] = time.monotonic(), 0
        self._look(conn)

    def _look(self, conn: TConn, is_registered: bool = False) -> None:
        since, had_come = self.arriving[conn]
        has_come, needed = _come(conn.sock)
        # Woken, but there is no more: they have hung up, or will send nothing else.
        is_over = is_registered and has_come <= had_come
        if needed <= has_come or is_over:
            if is_registered:
                self.poller.unregister(conn.sock)
            del self.arriving[conn]
            _wake_at(conn.sock, 1)
            conn.data_ready = True
            super().enqueue_req(conn)
            return
        self.arriving[conn] = since, has_come
        _wake_at(conn.sock, needed)
        if not is_registered:
            self.poller.register(conn.sock, EVENT_READ, partial(self._more, conn))

    def _more(self, conn: TConn, _sock: socket.socket) -> None:
        self._look(conn, is_registered=True)

    def murder_pending(self) -> None:
        """The main loop calls it about once a second: hang up on those who take too long."""
        super().murder_pending()
        patience = REQUEST_SECONDS if self.alive else STOPPING_SECONDS
        now = time.monotonic()
        for conn in [conn for conn, (since, _) in self.arriving.items() if since + patience <= now]:
            del self.arriving[conn]
            self.poller.unregister(conn.sock)
            self.nr_conns -= 1
            conn.close()


def _come(sock: socket.socket) -> tuple[int, int]:
    """How many bytes of a request have come, and how many there must be before it is worth another look."""
    try:
        seen = sock.recv(MOST_WAITED_FOR, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    except BlockingIOError:
        return 0, 1
    except OSError:
        return 0, 0  # A thread finds out what is wrong.
    come = len(seen)
    end = seen.find(b"\r\n\r\n")
    if not seen or come >= MOST_WAITED_FOR:
        return come, 0
    if end < 0:
        return come, come + 1
    head = seen[: end + 2]
    if _IN_CHUNKS.search(head):
        return come, come if seen.endswith(b"0\r\n\r\n") else come + 1
    length = _LENGTH.search(head)
    whole = end + 4 + (int(length[1]) if length else 0)
    return come, whole if whole <= MOST_WAITED_FOR else 0


def _wake_at(sock: socket.socket, size: int) -> None:
    """Let the socket count as readable when it holds so many bytes, or when there will be no more."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, size)
