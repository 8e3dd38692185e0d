"""Clients of the site: within this process, measured in CPU time, and over HTTP, measured in wall-clock time."""

import re
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.client import HTTPConnection
from io import BytesIO
from itertools import cycle
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

from bench.clinics import TREATMENT
from bench.serving import HOST, SITE_HOST

_HIDDEN_FIELD = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')


@dataclass(frozen=True)
class Response:
    status: int
    headers: list[tuple[str, str]]
    body: bytes
    seconds: float  # CPU or wall-clock time, depending on the client

    def header(self, name: str) -> str:
        return next((value for header, value in self.headers if header.lower() == name.lower()), "")

    @property
    def cookies(self) -> dict[str, str]:
        pairs = [value.partition(";")[0] for name, value in self.headers if name.lower() == "set-cookie"]
        return {name: value for name, _, value in (pair.partition("=") for pair in pairs)}

    @property
    def hidden_fields(self) -> dict[str, str]:
        return dict(_HIDDEN_FIELD.findall(self.body.decode()))


class Client(Protocol):
    def request(
        self, method: str, url: str, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> Response: ...


class WSGIClient:
    """Calls a WSGI application as gunicorn would; ``seconds`` are this process's CPU time.

    Each call starts from another stack depth. CPython 3.11 allocates frames in chunks of 16 KB, and a loop whose calls
    happen to cross a chunk boundary makes a page up to twice as slow.
    """

    def __init__(self, application: Callable[..., Any]) -> None:
        self.application = application
        self.depths = cycle(range(0, 128, 9))  # A frame of at_depth takes slightly more than 100 bytes.

    def request(self, method: str, url: str, headers: Mapping[str, str] | None = None, body: bytes = b"") -> Response:
        parts = urlsplit(url)
        environ: dict[str, Any] = {
            "REQUEST_METHOD": method,
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote(parts.path),
            "QUERY_STRING": parts.query,
            "SERVER_NAME": HOST,
            "SERVER_PORT": "8000",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": HOST,
            "HTTP_HOST": SITE_HOST,
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": BytesIO(body),
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": True,
            "wsgi.run_once": False,
        }
        environ |= {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in (headers or {}).items()}
        if body:
            environ |= {"CONTENT_TYPE": "application/x-www-form-urlencoded", "CONTENT_LENGTH": str(len(body))}
        return at_depth(next(self.depths), lambda: self._call(environ))

    def _call(self, environ: dict[str, Any]) -> Response:
        started: list[Any] = []
        began = time.process_time()
        chunks = self.application(environ, lambda *arguments: started.extend(arguments[:2]))
        answer = b"".join(chunks)
        if hasattr(chunks, "close"):
            chunks.close()
        seconds = time.process_time() - began
        return Response(int(started[0].split()[0]), started[1], answer, seconds)


def at_depth(depth: int, call: Callable[[], Response]) -> Response:
    return call() if depth == 0 else at_depth(depth - 1, call)


class HTTPClient:
    """Sends requests to a server on this machine; ``seconds`` are wall-clock time. By default with a new connection."""

    def __init__(self, port: int, *, keep_open: bool = False) -> None:
        self.connection = HTTPConnection(HOST, port, timeout=120)
        self.keep_open = keep_open

    def request(self, method: str, url: str, headers: Mapping[str, str] | None = None, body: bytes = b"") -> Response:
        headers = {"Host": SITE_HOST, **(headers or {})}
        if body:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        began = time.perf_counter()
        self.connection.request(method, url, body or None, headers)
        response = self.connection.getresponse()
        answer = response.read()
        seconds = time.perf_counter() - began
        if not self.keep_open:
            self.connection.close()
        return Response(response.status, response.getheaders(), answer, seconds)


def cached_page(client: Client, tries: int = 20) -> Response:
    """Return the treatment page once the site answers its ETag with 304: the first page may differ from the next."""
    for _ in range(tries):
        page = client.request("GET", TREATMENT)
        if client.request("GET", TREATMENT, {"If-None-Match": page.header("ETag")}).status == 304:
            return page
        time.sleep(0.1)
    raise RuntimeError(f"{TREATMENT} is never answered with 304.")
