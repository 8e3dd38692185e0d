"""Fake Twilio server with real sockets: the parts of the Messages resource that the site uses, and its failures.

Responses follow the documentation of API version 2010-04-01: 201 and the message as JSON, or an error status with
``code``, ``message``, ``more_info`` and ``status``.
"""

import base64
import itertools
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

ACCOUNT, TOKEN = "AC" + "0" * 32, "a/secret:token"
NUMBER = "+15875550123"
MESSAGES = f"/2010-04-01/Accounts/{ACCOUNT}/Messages"


@dataclass
class TextService:
    """``bad_day`` maps each request's form to a failure: "refuse 400 21211", "lose" (accept, then hang up) etc."""

    port: int = 0
    bad_day: Callable[[dict[str, str]], str] = lambda form: ""
    status_of: Callable[[dict[str, Any]], str] = lambda message: ""  # A failure in answer to a question of status.
    taken: list[dict[str, Any]] = field(default_factory=list)
    requests: list[tuple[str, str, dict[str, str], dict[str, str]]] = field(default_factory=list)
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ending: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"twilio+http://{ACCOUNT}:a%2Fsecret%3Atoken@127.0.0.1:{self.port}/{NUMBER}"

    def take(self, form: dict[str, str]) -> dict[str, Any]:
        message = {
            "sid": f"SM{len(self.taken):032x}",
            "to": form["To"],
            "from": form.get("From"),
            "body": form["Body"],
            "status": "queued",
            "error_code": None,
            "date_created": format_datetime(self.now()),
        }
        self.taken.append(message)
        return message


class _Handler(BaseHTTPRequestHandler):
    service: TextService
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        form = self._parse(self.rfile.read(int(self.headers["Content-Length"])).decode())
        if not self._is_authorized():
            return
        behaviour, *args = (self.service.bad_day(form) or "take").split()
        match behaviour:
            case "take":
                self._respond(201, self.service.take(form))
            case "refuse":
                self._respond_error(int(args[0]), int(args[1]))
            case "redirect":
                self._respond(307, {}, Location="http://127.0.0.1:1/elsewhere")
            case "lose":  # Accepted, but without a response.
                self.service.take(form)
                self._hang_up()
            case "drop":  # Not accepted.
                self._hang_up()
            case "fail":  # Accepted, but with status 500.
                self.service.take(form)
                self._respond_error(500, 20500)
            case "hang":
                self.service.ending.wait(30)
                self._hang_up()
            case "trickle":
                self.send_response(201)
                self.end_headers()
                with suppress(OSError):
                    for _ in itertools.repeat(None):
                        self.wfile.write(b" ")
                        self.wfile.flush()
                        if self.service.ending.wait(0.05):
                            break
            case "gibberish":
                self.wfile.write(b"\x00\xff not http at all\r\n\r\n")
                self.close_connection = True
            case "html":
                self.send_response(200)
                self.send_header("Content-Length", "6")
                self.end_headers()
                self.wfile.write(b"<html>")

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        if url.path != MESSAGES + ".json":
            self._answer_status(url.path)
            return
        query = self._parse(url.query)
        if self._is_authorized():
            messages = [message for message in self.service.taken if message["to"] == query["To"]]
            self._respond(200, {"messages": messages[::-1], "page": 0, "page_size": 50, "next_page_uri": None})

    def _answer_status(self, path: str) -> None:
        """One message by its sid, as GET .../Messages/SM....json answers it."""
        self.service.requests.append((self.command, path, {}, dict(self.headers)))
        if not self._is_authorized():
            return
        by_path = {f"{MESSAGES}/{message['sid']}.json": message for message in self.service.taken}
        message = by_path.get(path)
        behaviour, *args = ((message and self.service.status_of(message)) or "answer").split()
        if message is None:
            self._respond_error(404, 20404)
        elif behaviour == "refuse":
            self._respond_error(int(args[0]), int(args[1]))
        elif behaviour == "drop":
            self._hang_up()
        else:
            self._respond(200, message)

    def _parse(self, form: str) -> dict[str, str]:
        params = {name: values[0] for name, values in parse_qs(form, strict_parsing=True).items()}
        path = urlsplit(self.path).path
        self.service.requests.append((self.command, path, params, dict(self.headers)))
        assert path == f"{MESSAGES}.json"
        return params

    def _is_authorized(self) -> bool:
        expected = "Basic " + base64.b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode()
        if self.headers["Authorization"] == expected:
            return True
        self._respond_error(401, 20003)
        return False

    def _respond_error(self, status: int, code: int) -> None:
        info = f"https://www.twilio.com/docs/errors/{code}"
        self._respond(status, {"code": code, "message": "No: " + NUMBER, "more_info": info, "status": status})

    def _respond(self, status: int, content: dict[str, Any], **headers: str) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", "Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _hang_up(self) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, *args: Any) -> None:
        """Write no access log."""


@contextmanager
def running() -> Iterator[TextService]:
    service = TextService()
    handler = type("Handler", (_Handler,), {"service": service})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    service.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield service
    finally:
        service.ending.set()
        server.shutdown()
        server.server_close()
        thread.join()
        time.sleep(0)
