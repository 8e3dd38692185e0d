"""The least that any answer costs: the same bytes from the same server, with nothing in between."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

BODY = Path(os.environ["BENCH_BODY"]).read_bytes()
HEADERS = [("Content-Type", "text/html; charset=utf-8"), ("Content-Length", str(len(BODY)))]


def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    start_response("200 OK", HEADERS)
    return [BODY]


def accepted(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """Reads a form and says yes: what a booking would cost without a database."""
    environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    start_response("302 Found", [("Location", "/"), ("Content-Length", "0")])
    return []
