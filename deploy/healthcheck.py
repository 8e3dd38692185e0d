"""Ask the site on this machine whether its process answers: exit with 0, or with 1 and the reason.

For the Dockerfile's HEALTHCHECK, every ten seconds: it imports nothing but Python's own HTTP client. It asks /livez,
which needs no database: a container that is restarted because the database is away would only come back later.
"""

import http.client
import os
import socket
import sys

TIMEOUT = 4  # Seconds, below the Dockerfile's --timeout.


class UnixConnection(http.client.HTTPConnection):
    """An HTTP connection to a unix socket."""

    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=TIMEOUT)
        self.path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(TIMEOUT)
        self.sock.connect(self.path)


def connection_to(bind: str) -> http.client.HTTPConnection:
    """Return a connection to gunicorn's BIND: ``unix:/path`` or ``address:port``."""
    if bind.startswith("unix:"):
        return UnixConnection(bind.removeprefix("unix:"))
    host, _, port = bind.rpartition(":")
    host = host.strip("[]")
    if host in {"", "0.0.0.0", "::"}:  # noqa: S104  (every address of this machine: ask on its loopback)
        host = "127.0.0.1"
    return http.client.HTTPConnection(host, int(port), timeout=TIMEOUT)


def main() -> int:
    connection = connection_to(os.environ.get("BIND") or "127.0.0.1:8000")
    try:
        connection.request("GET", "/livez")
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as problem:
        print(f"no answer: {problem!r}")
        return 1
    finally:
        connection.close()
    print(status)
    return 0 if status == 200 else 1


if __name__ == "__main__":
    sys.exit(main())
