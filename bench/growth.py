"""Do pages stay as quick as years of visits and hundreds of pages pile up behind them?

The same sample clinic in several databases, each with its own worker: little and much history, few
and many pages. Each page is asked turn by turn from all of them, made anew each time (without the
cache of kept pages): read how much longer it takes where there is more.
"""

import tempfile
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import Any

from bench.availability import Asker
from bench.serving import HOST, free_port, gunicorn, town
from bench.tables import Goal, in_columns

NEEDS = ()
# What is behind the pages: visits that took place, treatments published.
TOWNS = {
    "full": {"1k": (1_000, 20), "10k": (10_000, 20), "100k": (100_000, 20), "200 pages": (1_000, 200)},
    "short": {"1k": (1_000, 20), "10k": (10_000, 20), "200 pages": (1_000, 200)},
    "tiny": {"1k": (20, 5), "200 pages": (20, 8)},
}
LITTLE = "1k"
ROUNDS = {"full": 40, "short": 20, "tiny": 2}
WARM_UP = 2
PATHS = (
    "/",
    "/treatments/dry-needling-for-back-pain/",
    "/team/",
    "/team/steve-hansen/",
    "/fees/",
    "/contact/",
    "/book/",
    "/book/back-assessment/?visit=new",
    "/book/bench-visit/?visit=new",
)
LISTS = ("/treatments/",)  # It names every page, so it grows with them by its nature.


def measure(size: str) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="clinic-bench-growth-") as name, ExitStack() as stack:
        ports = {}
        for called, (history, pages) in TOWNS[size].items():
            port = ports[called] = free_port()
            variables = {
                "DATABASE_URL": town(Path(name), history=history, pages=pages),
                "SITE_URL": f"http://{HOST}:{port}",
                "VAR_DIR": name,
                "WEB_WORKERS": "1",
                "TRUSTED_PROXIES": HOST,
            }
            stack.enter_context(gunicorn("clinic.wsgi:django", port, **variables))
        return {"p50_ms": {path: in_turn(ports, path, ROUNDS[size]) for path in (*PATHS, *LISTS)}}


def in_turn(ports: dict[str, int], path: str, rounds: int) -> dict[str, float]:
    askers = {called: Asker(port, path) for called, port in ports.items()}
    for _ in range(WARM_UP + rounds):
        for asker in askers.values():
            asker.ask()
    return {called: median(asker.times[WARM_UP:]) / 1e6 for called, asker in askers.items()}


def goals(found: dict[str, Any]) -> list[Goal]:
    grown = {path: growth(times) for path, times in found["p50_ms"].items() if path not in LISTS}
    return [
        Goal(f"p50 with {more} beside {LITTLE}, {worst}", grown[worst][more], 1.2, at_most=True)
        for more in next(iter(grown.values()))
        for worst in [max(grown, key=lambda path: grown[path][more])]
    ]


def growth(times: dict[str, float]) -> dict[str, float]:
    return {called: took / times[LITTLE] for called, took in times.items() if called != LITTLE}


def table(found: dict[str, Any]) -> str:
    towns = list(next(iter(found["p50_ms"].values())))
    lines = [("p50 ms", *towns, *(f"x {called}" for called in towns[1:]))]
    for path, times in found["p50_ms"].items():
        ratios = (f"{ratio:.2f}" for ratio in growth(times).values())
        lines.append((path, *(f"{times[called]:.1f}" for called in towns), *ratios))
    return in_columns(lines)
