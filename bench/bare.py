"""Bare WSGI applications, to measure the cost of the server itself."""

import os
import time
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any


def processor_time(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """Respond with the CPU time of this worker so far, in seconds."""
    body = repr(time.process_time()).encode()
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]


def page(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """Respond with the file in BENCH_BODY."""
    body = _file(os.environ["BENCH_BODY"])
    start_response("200 OK", [("Content-Type", "text/html; charset=utf-8"), ("Content-Length", str(len(body)))])
    return [body]


@cache
def _file(path: str) -> bytes:
    return Path(path).read_bytes()
