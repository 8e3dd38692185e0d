"""How many pages a second, beside the least that the same bytes can cost on this machine?

Everything is asked turn by turn in one run, by wrk over the loopback, so that a busy machine slows
all alike: read the ratios. The site, a bare application and a plain Django view stand under the same
gunicorn set-up (``clinic/gunicorn.py``); nginx gives the same bytes as a file, and stands before the
site with the configuration in ``deploy/``.
"""

import os
import re
import statistics
import subprocess
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from bench.serving import ROOT, free_port, gunicorn, nginx, resident_megabytes, town
from bench.tables import Goal, in_columns

TREATMENT = "/treatments/dry-needling-for-back-pain/"
TIMES = "/book/back-assessment/?visit=new"
# Many short rounds: each opens its connections anew, and when one process happens to take them all, that round is lost.
ROUNDS, SECONDS, CONNECTIONS = {"full": 11, "short": 3, "tiny": 1}, {"full": 1, "short": 1, "tiny": 1}, 8
NEEDS = ("wrk", "nginx")
HOST = "127.0.0.1"
BESIDE = ("bare application", "plain Django view", "nginx, a file")


@dataclass
class Target:
    """One address on one server, and what wrk measured there, round by round."""

    name: str
    port: int
    path: str
    headers: dict[str, str] = field(default_factory=dict)
    rates: list[float] = field(default_factory=list)
    medians: list[float] = field(default_factory=list)
    tails: list[float] = field(default_factory=list)

    def measure(self, seconds: int) -> None:
        named = [f"-H{name}: {value}" for name, value in self.headers.items()]
        command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--latency", *named]
        said = subprocess.run(
            [*command, f"http://{HOST}:{self.port}{self.path}"], capture_output=True, text=True, check=True
        ).stdout
        if "Non-2xx" in said or "Socket errors" in said:
            raise RuntimeError(f"{self.name}: {said}")
        self.rates.append(float(re.findall(r"Requests/sec:\s+([\d.]+)", said)[0]))
        self.medians.append(_milliseconds(re.findall(r"50%\s+([\d.]+\w+)", said)[0]))
        self.tails.append(_milliseconds(re.findall(r"99%\s+([\d.]+\w+)", said)[0]))


def _milliseconds(said: str) -> float:
    number, unit = re.fullmatch(r"([\d.]+)(us|ms|s)", said).groups()  # type: ignore[union-attr]
    return float(number) * {"us": 0.001, "ms": 1.0, "s": 1000.0}[unit]


def measure(size: str) -> dict[str, Any]:
    site, cold, bare, plain, in_file, in_front = (free_port() for _ in range(6))
    with tempfile.TemporaryDirectory(prefix="clinic-bench-pages-") as name, ExitStack() as stack:
        folder = Path(name)
        folder.chmod(0o755)
        os.environ |= {"SITE_URL": f"http://{HOST}:{site}", "VAR_DIR": str(folder / "var"), "TRUSTED_PROXIES": HOST}
        os.environ["DATABASE_URL"] = town(folder / "var")
        process = stack.enter_context(gunicorn("clinic.wsgi", site))
        stack.enter_context(gunicorn("clinic.wsgi:django", cold))
        host = {"Host": f"{HOST}:{site}"}
        page, etag = whole(site, TREATMENT, host)
        for port, path in ((site, "/"), (site, TIMES), (cold, TREATMENT), (cold, "/")):
            whole(port, path, host)  # What is read and compiled once is no page's own.
        body = folder / "page.html"
        body.write_bytes(page)
        stack.enter_context(gunicorn("bench.bare:application", bare, BENCH_BODY=str(body)))
        with_plain = {"BENCH_BODY": str(body), "DJANGO_SETTINGS_MODULE": "bench.plain"}
        stack.enter_context(gunicorn("django.core.wsgi:get_wsgi_application()", plain, **with_plain))
        stack.enter_context(nginx(folder / "file", in_file, f"root {folder};"))
        stack.enter_context(nginx(folder / "front", in_front, *shipped(site, folder)))
        targets = [
            Target("nginx, a file", in_file, "/page.html"),
            Target("nginx before the site", in_front, TREATMENT, host),
            Target("bare application", bare, "/"),
            Target("plain Django view", plain, "/", host),
            Target("treatment, warm", site, TREATMENT, host),
            Target("treatment, 304", site, TREATMENT, host | {"If-None-Match": etag}),
            Target("treatment, cold", cold, TREATMENT, host),
            Target("home, warm", site, "/", host),
            Target("home, cold", cold, "/", host),
            Target("choose a time", site, TIMES, host),
        ]
        for _ in range(ROUNDS[size]):
            for target in targets:
                target.measure(SECONDS[size])
        return {
            "bytes": len(page),
            "targets": {target.name: vars(target) for target in targets},
            "megabytes": resident_megabytes(process),
        }


def whole(port: int, path: str, headers: dict[str, str]) -> tuple[bytes, str]:
    """The page and its tag, once each process had the time to make it."""
    for _ in range(20):
        connection = HTTPConnection(HOST, port, timeout=60)
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{path} answered {answer.status}")
        time.sleep(0.05)
    return body, answer.headers.get("ETag", "")


def shipped(port: int, folder: Path) -> tuple[str, str]:
    """The configuration in ``deploy/``, with this run's port and folder in place of a machine's own."""
    server = (ROOT / "deploy" / "nginx-server.conf").read_text()
    http = (ROOT / "deploy" / "nginx-http.conf").read_text()
    return server, http.replace("127.0.0.1:8000", f"{HOST}:{port}").replace("/var/cache/nginx/clinic", f"{folder}/kept")


def goals(found: dict[str, Any]) -> list[Goal]:
    rate = rates(found)
    bare, plain, in_file = (rate[beside] for beside in BESIDE)
    return [
        Goal("a warm treatment page beside a bare application", rate["treatment, warm"] / bare, 0.5),
        Goal("a 304 beside a bare application", rate["treatment, 304"] / bare, 0.6),
        Goal("a cold treatment page beside a plain Django view", rate["treatment, cold"] / plain, 0.5),
        Goal("nginx before the site beside nginx with a file", rate["nginx before the site"] / in_file, 0.7),
        Goal("a worker's memory after the run", max(found["megabytes"]), 120, at_most=True, unit=" MB"),
    ]


def rates(found: dict[str, Any]) -> dict[str, float]:
    """Requests a second at each target: the middle of its rounds."""
    return {name: statistics.median(target["rates"]) for name, target in found["targets"].items()}


def table(found: dict[str, Any]) -> str:
    """A line a target: requests a second, milliseconds at the middle and the end, and what it is to the bare ones."""
    rate = rates(found)
    lines = [("", "a second", "p50 ms", "p99 ms", "x bare", "x plain Django", "x nginx file")]
    for name, target in found["targets"].items():
        lines.append(
            (
                name,
                f"{rate[name]:.0f}",
                f"{statistics.median(target['medians']):.2f}",
                f"{statistics.median(target['tails']):.2f}",
                *(f"{rate[name] / rate[beside]:.2f}" for beside in BESIDE),
            )
        )
    memory = ", ".join(f"{size:.0f}" for size in found["megabytes"])
    return f"{in_columns(lines)}\n{found['bytes'] / 1024:.0f} KB a page; a worker holds {memory} MB after the run"
