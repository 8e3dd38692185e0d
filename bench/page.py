"""A treatment page: cached, rendered and behind nginx, compared with an "ok" view and with nginx serving a file."""

import json
import shutil
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from bench.clients import HTTPClient, cached_page
from bench.clinics import TREATMENT, Clinic, Clinics
from bench.serving import (
    free_port,
    gunicorn,
    nginx,
    requests_a_second,
    shipped_nginx_config,
    worker_megabytes,
)
from bench.sizes import Size
from bench.tables import Row, at_least, at_most, same_queries

MOST_KEPT = {"sqlite": 1.5, "postgresql": 2.2}
MOST_ANEW, MOST_QUERIES = 50, 20
LEAST_NGINX = 0.8
MOST_MEGABYTES = 120


def measure(clinics: Clinics, size: Size) -> list[Row]:
    clinic = clinics.clinic(people=5, visits=size.visits)
    times = json.loads(clinic.python("-m", "bench.in_process", "page", str(size.rounds)))
    rates, megabytes = measure_rates(clinic, size.rate_rounds)
    most_kept = MOST_KEPT["postgresql" if clinics.is_postgresql else "sqlite"]
    rows = [
        ratio_to_ok("Kept treatment page, 304", "kept", most_kept, times, rates),
        ratio_to_ok("Treatment page made anew", "anew", MOST_ANEW, times, rates),
        same_queries("  its queries, with 5 and with 25 blocks", times["queries"], MOST_QUERIES),
    ]
    if "nginx" in rates:
        more = f"{rates['nginx']:,.0f}/s beside {rates['file']:,.0f}/s"
        rows.append(
            at_least(
                "nginx with the site beside nginx with a file", rates["nginx"] / rates["file"], LEAST_NGINX, "x", more
            )
        )
    else:
        rows.append(Row("nginx with the site beside nginx with a file", "not measured: needs nginx and wrk"))
    rows.append(at_most("Memory of a worker, after pages", megabytes, MOST_MEGABYTES, " MB"))
    return rows


def ratio_to_ok(what: str, name: str, bound: float, result: dict, rates: dict[str, float]) -> Row:
    """Return the ratio of a request's cost to that of "ok", with gunicorn's own cost added to both."""
    seconds = {each: times["quickest"] for each, times in result["seconds"].items()}
    ratio = (seconds[name] + seconds["gunicorn"]) / (seconds["ok"] + seconds["gunicorn"])
    more = f"{1000 * seconds[name]:.2f} ms, ok {1000 * seconds['ok']:.2f}, gunicorn {1000 * seconds['gunicorn']:.2f}"
    if name in rates:
        more += f"; {rates[name]:,.0f}/s, ok {rates['ok']:,.0f}/s"
    numbers = {f"{each} {kind}": value for each, times in result["seconds"].items() for kind, value in times.items()}
    return at_most(
        what, ratio, bound, " ok", more, **numbers, **{f"{each} a second": rate for each, rate in rates.items()}
    )


def measure_rates(clinic: Clinic, rounds: int) -> tuple[dict[str, float], float]:
    """Return the requests per second by wrk, as medians of alternating rounds, and a worker's memory afterwards."""
    site, uncached, ok, file, front = (free_port() for _ in range(5))
    with TemporaryDirectory(prefix="clinic-bench-") as name, ExitStack() as stack:
        folder = Path(name)
        folder.chmod(0o755)  # For nginx's workers.
        master = stack.enter_context(gunicorn("clinic.wsgi", site, **clinic.environ))
        stack.enter_context(gunicorn("clinic.wsgi", uncached, **clinic.environ, PAGE_CACHE="off"))
        stack.enter_context(gunicorn("bench.yardsticks:application()", ok, **clinic.environ))
        page = cached_page(HTTPClient(site))
        tag = {"If-None-Match": page.header("ETag")}
        targets = {"ok": (ok, "/ok/", {}), "kept": (site, TREATMENT, tag), "anew": (uncached, TREATMENT, {})}
        if shutil.which("nginx"):
            (folder / "page.html").write_bytes(page.body)
            stack.enter_context(nginx(folder / "file", file, f"root {folder};"))
            stack.enter_context(nginx(folder / "front", front, *shipped_nginx_config(site, folder)))
            targets |= {"file": (file, "/page.html", {}), "nginx": (front, TREATMENT, {})}
        for _ in range(10):  # Until every worker has rendered each page once.
            for port, path, _headers in targets.values():
                HTTPClient(port).request("GET", path)
        rates: dict[str, list[float]] = {name: [] for name in targets} if shutil.which("wrk") else {}
        for _ in range(rounds):
            for name in rates:
                rates[name].append(requests_a_second(*targets[name]))
        return {name: median(values) for name, values in rates.items()}, worker_megabytes(master)
