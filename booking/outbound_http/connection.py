"""An HTTP connection to an address that was checked, with a limit for its whole time."""

import contextlib
import http.client
import socket
import ssl
import threading

from booking.outbound_http.addresses import PORTS


class CheckedConnection(http.client.HTTPConnection):
    """Connects to ``target`` without another DNS lookup, and closes the socket after ``time_limit`` seconds.

    ``timeout``, also in seconds, is that of each operation: a response that trickles in never reaches it. Call
    ``finish()`` at the end: ``http.client`` itself calls ``close()`` before the body is read.
    """

    def __init__(
        self, host: str, port: int, target: tuple[str, int], *, is_tls: bool, timeout: float, time_limit: float
    ) -> None:
        self.default_port = PORTS["https"] if is_tls else PORTS["http"]  # type: ignore[misc]
        super().__init__(host, port, timeout=timeout)
        self.target, self.is_tls, self.time_limit = target, is_tls, time_limit
        self.deadline: threading.Timer | None = None

    def connect(self) -> None:
        self.sock = socket.create_connection(self.target, timeout=self.timeout)
        if self.is_tls:
            context = ssl.create_default_context()
            self.sock = context.wrap_socket(self.sock, server_hostname=self.host, do_handshake_on_connect=False)
        self.deadline = threading.Timer(self.time_limit, _shut_down, [self.sock])
        self.deadline.daemon = True
        self.deadline.start()
        if isinstance(self.sock, ssl.SSLSocket):
            self.sock.do_handshake()

    def finish(self) -> None:
        if self.deadline:
            self.deadline.cancel()
        self.close()


def _shut_down(sock: socket.socket) -> None:
    with contextlib.suppress(OSError):
        socket.socket.shutdown(sock, socket.SHUT_RDWR)
