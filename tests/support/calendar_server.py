"""A real CalDAV server (Radicale) on this machine, for the tests of practitioners' own calendars."""

import base64
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.postgresql import free_port

LOGIN, PASSWORD = "steve", "wild roses 7"
_MAKE = b"""<?xml version="1.0" encoding="utf-8"?><C:mkcalendar xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav">
<D:set><D:prop><C:supported-calendar-component-set><C:comp name="VEVENT"/></C:supported-calendar-component-set>
</D:prop></D:set></C:mkcalendar>"""


@dataclass
class CalendarServer:
    """``address``: of the one calendar."""

    root: str

    @property
    def address(self) -> str:
        return f"{self.root}/{LOGIN}/home/"

    def request(self, method: str, url: str, body: bytes | None = None, kind: str = "application/xml") -> bytes:
        token = base64.b64encode(f"{LOGIN}:{PASSWORD}".encode()).decode()
        headers = {"Authorization": f"Basic {token}", "Content-Type": kind}
        asked = urllib.request.Request(url, body, headers, method=method)
        with urllib.request.urlopen(asked, timeout=10) as answer:
            return bytes(answer.read())

    def put(self, name: str, content: bytes) -> None:
        """Store an event."""
        self.request("PUT", f"{self.address}{name}.ics", content, "text/calendar; charset=utf-8")

    def delete(self, name: str) -> None:
        self.request("DELETE", f"{self.address}{name}.ics")


@contextmanager
def running_calendar_server(folder: Path) -> Iterator[CalendarServer]:
    port = free_port()
    users = folder / "users"
    users.write_text(f"{LOGIN}:{PASSWORD}\n")
    options = {
        "server-hosts": f"127.0.0.1:{port}",
        "storage-filesystem-folder": str(folder / "collections"),
        "auth-type": "htpasswd",
        "auth-htpasswd-filename": str(users),
        "auth-htpasswd-encryption": "plain",
        "auth-delay": "0",
    }
    given = [word for name, value in options.items() for word in (f"--{name}", value)]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([sys.executable, "-m", "radicale", "-C", "", *given], stdout=log, stderr=log)
    try:
        server = CalendarServer(f"http://127.0.0.1:{port}")
        _wait(server, process)
        server.request("MKCALENDAR", server.address, _MAKE)
        yield server
    finally:
        process.terminate()
        process.wait(10)


def _wait(server: CalendarServer, process: "subprocess.Popen[bytes]") -> None:
    for _attempt in range(200):
        if process.poll() is not None:
            break
        try:
            server.request("GET", f"{server.root}/.web/")
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError("Radicale did not start.")
