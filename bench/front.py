"""How old can a page be that nginx gives, with the configuration the project ships?

A page is published again and again while a reader asks nginx for it all the time. What counts is
how long after the change was in the database an old page was still given to somebody who asked.
"""

import http.client
import os
import re
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from bench.pages import HOST, TREATMENT, shipped
from bench.serving import ROOT, free_port, gunicorn, nginx, town
from bench.tables import Goal

NEEDS = ("nginx",)
CHANGES = {"full": 20, "short": 8, "tiny": 2}
BETWEEN = 2.3  # seconds: changes fall on all parts of a second.
_TITLE = re.compile(rb"Published (\d+)")


def measure(size: str) -> dict[str, Any]:
    site, front = free_port(), free_port()
    with tempfile.TemporaryDirectory(prefix="clinic-bench-front-") as name, ExitStack() as stack:
        folder = Path(name)
        folder.chmod(0o755)
        os.environ |= {"SITE_URL": f"http://{HOST}:{site}", "VAR_DIR": str(folder / "var"), "TRUSTED_PROXIES": HOST}
        os.environ["DATABASE_URL"] = town(folder / "var")
        stack.enter_context(gunicorn("clinic.wsgi", site))
        stack.enter_context(nginx(folder / "front", front, *shipped(site, folder)))
        publisher = subprocess.Popen(
            [sys.executable, "-m", "bench.publisher", str(CHANGES[size]), str(BETWEEN)],
            cwd=ROOT,
            env=os.environ | {"DJANGO_SETTINGS_MODULE": "clinic.settings"},
            stdout=subprocess.PIPE,
            text=True,
        )
        seen = watch(front, f"{HOST}:{site}", publisher)
        changes = [float(line) for line in (publisher.stdout or ())]
        return {"stale_seconds": [staleness(number, at, seen) for number, at in enumerate(changes, start=1)]}


def watch(port: int, host: str, publisher: "subprocess.Popen[str]") -> list[tuple[float, int]]:
    """When somebody asked, and which publication they were given, until two seconds after the last."""
    seen = []
    connection = http.client.HTTPConnection(HOST, port, timeout=30)
    end = None
    while end is None or time.time() < end:
        if end is None and publisher.poll() is not None:
            end = time.time() + 2
        asked_at = time.time()
        connection.request("GET", TREATMENT, headers={"Host": host})
        found = _TITLE.search(connection.getresponse().read())
        seen.append((asked_at, int(found[1]) if found else 0))
        time.sleep(0.005)
    return seen


def staleness(number: int, published_at: float, seen: list[tuple[float, int]]) -> float:
    """For how many seconds after a publication those who asked were still given what was before it."""
    return max([asked_at - published_at for asked_at, given in seen if given < number] + [0.0])


def goals(found: dict[str, Any]) -> list[Goal]:
    return [Goal("the oldest page that nginx gave", max(found["stale_seconds"]), 1, at_most=True, unit=" s")]


def table(found: dict[str, Any]) -> str:
    stale = sorted(found["stale_seconds"])
    return (
        f"{len(stale)} publications: old pages were given for {stale[0]:.2f} to {stale[-1]:.2f} s afterwards, "
        f"{stale[len(stale) // 2]:.2f} s in the middle"
    )
