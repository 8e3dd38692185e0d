"""How fast are the starts of 14 and 60 days found, and how much of that is the price of the rules?

Each cell is one clinic in a database of its own, served by one gunicorn worker on the loopback. Ours
and the bare view are asked turn by turn over the same kept-open connection, so that a busy machine
slows both alike: read the ratios, not the milliseconds. Gunicorn, because the site runs on it; its
cost, and Django's, is in both.
"""

import json
import os
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.client import HTTPConnection
from typing import Any

from bench.tables import Goal

PRACTITIONERS, DAYS, APPOINTMENTS = (1, 5, 20), (14, 60), (1_000, 10_000, 50_000)
ROUNDS = 40
WARM_UP = 5
NEEDS = ()
MOST_FOR_HISTORY = 1.2


def measure(size: str) -> dict[str, Any]:
    sizes = APPOINTMENTS if size == "full" else APPOINTMENTS[:1]
    cells = []
    for practitioners in PRACTITIONERS[:1] if size == "tiny" else PRACTITIONERS:
        for appointments in sizes:
            # Half lie ahead, or as many as two months hold; the rest is history.
            url = make_database(practitioners, appointments, appointments // 2)
            with served(url) as port:
                cells += [measure_cell(port, practitioners, days, appointments) for days in DAYS]
    return {"cells": cells, "next": measure_next(url), "history": measure_history(sizes[-1])}


def goals(found: dict[str, Any]) -> list[Goal]:
    history = found["history"]["much_to_little"]
    return [Goal("much history beside little", history, MOST_FOR_HISTORY, at_most=True)]


def make_database(practitioners: int, appointments: int, upcoming: int) -> str:
    """A database of its own, filled; its URL."""
    name = f"bench_{practitioners}_{appointments}_{upcoming}"
    base = os.environ["DATABASE_URL"]
    folder, _, _ = base.rpartition("/")
    if base.startswith("postgres"):
        import psycopg

        with psycopg.connect(base, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")  # type: ignore[arg-type]
        url = f"{folder}/{name}"
    else:
        url = f"{folder}/{name}.sqlite3"
    print(f"{practitioners} practitioners, {appointments} appointments", file=sys.stderr, flush=True)
    sizes = [str(number) for number in (practitioners, appointments, upcoming)]
    subprocess.run([sys.executable, "-m", "bench.sample", *sizes], env=environment(url, "clinic"), check=True)
    return url


def environment(url: str, package: str = "bench") -> dict[str, str]:
    """With the settings of the two views, or of the site, as what is stored needs all its addresses."""
    return os.environ | {"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": f"{package}.settings"}


@contextmanager
def served(url: str) -> Iterator[int]:
    """One gunicorn worker with one thread, and the port it listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = [sys.executable, "-m", "gunicorn", "--config", "python:bench.gunicorn", "--bind", f"127.0.0.1:{port}"]
    server = subprocess.Popen([*command, "django.core.wsgi:get_wsgi_application()"], env=environment(url))
    try:
        for _ in range(300):
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                time.sleep(0.1)
        yield port
    finally:
        server.terminate()
        server.wait(timeout=30)


class Asker:
    """Asks one page again and again, and keeps how long each answer took (nanoseconds)."""

    def __init__(self, port: int, address: str) -> None:
        self.connection = HTTPConnection("127.0.0.1", port, timeout=60)
        self.address = address
        self.times: list[int] = []

    def ask(self) -> bytes:
        began = time.perf_counter_ns()
        self.connection.request("GET", self.address)
        answer = self.connection.getresponse()
        body = answer.read()
        self.times.append(time.perf_counter_ns() - began)
        if answer.status != 200:
            raise RuntimeError(f"{self.address} answered {answer.status}")
        return body


def turn_by_turn(*askers: Asker) -> list[list[int]]:
    """The times of each, asked A B A B, without the first few that only warm up."""
    for _ in range(WARM_UP + ROUNDS):
        for asker in askers:
            asker.ask()
    return [asker.times[WARM_UP:] for asker in askers]


def measure_cell(port: int, practitioners: int, days: int, appointments: int) -> dict[str, Any]:
    people = ",".join(str(number + 1) for number in range(practitioners))
    ours, bare = turn_by_turn(Asker(port, f"/ours/?days={days}"), Asker(port, f"/bare/?days={days}&people={people}"))
    parts = json.loads(Asker(port, f"/parts/?days={days}&rounds={ROUNDS}").ask())
    return {
        "practitioners": practitioners,
        "days": days,
        "appointments": appointments,
        "queries": parts["queries"],
        "candidates": parts["candidates"],
        "ours_ms": in_ms(ours),
        "bare_ms": in_ms(bare),
        "call_ms": in_ms(parts["whole"]),
        "pure_ms": in_ms(parts["pure"]),
        "sweep_ms": in_ms(parts["sweep"]),
        "ours_to_bare": ratio(ours, bare),
        "pure_to_sweep": ratio(parts["pure"], parts["sweep"]),
        "pure_ns_a_candidate": statistics.median(parts["pure"]) / parts["candidates"],
    }


def measure_next(url: str) -> dict[str, Any]:
    """The next free time, for anyone and for each, beside the starts of 14 days, in the largest clinic."""
    with served(url) as port:
        one, each, fortnight = turn_by_turn(
            Asker(port, "/next-free/"), Asker(port, "/next-free-each/"), Asker(port, "/ours/?days=14")
        )
    return {"next_free_ms": in_ms(one), "next_free_each_ms": in_ms(each), "14_days_ms": in_ms(fortnight)}


def measure_history(most: int) -> dict[str, Any]:
    """The same 400 appointments ahead, with little and with much history behind them."""
    little, much = make_database(5, 1_000, 400), make_database(5, max(most, 2_000), 400)
    with served(little) as port, served(much) as other_port:
        short, long = turn_by_turn(Asker(port, "/ours/?days=60"), Asker(other_port, "/ours/?days=60"))
    return {"little_ms": in_ms(short), "much_ms": in_ms(long), "much_to_little": ratio(long, short)}


def in_ms(times: Sequence[int]) -> dict[str, float]:
    ordered = sorted(times)
    return {"median": statistics.median(ordered) / 1e6, "p95": ordered[(len(ordered) - 1) * 95 // 100] / 1e6}


def ratio(ours: Sequence[int], theirs: Sequence[int]) -> float:
    return statistics.median(ours) / statistics.median(theirs)


def table(results: dict[str, Any]) -> str:
    """The cells as lines: milliseconds as median/p95, and the ratios that are to be kept."""
    head = (
        "people",
        "days",
        "rows",
        "queries",
        "call",
        "over HTTP",
        "bare view",
        "x",
        "pure",
        "sweep",
        "x",
        "ns/start",
    )
    lines = [head]
    for cell in results["cells"]:
        times = {name: f"{cell[name]['median']:.2f}/{cell[name]['p95']:.2f}" for name in cell if name.endswith("_ms")}
        lines.append(
            (
                *(str(cell[name]) for name in ("practitioners", "days", "appointments", "queries")),
                *(times[name] for name in ("call_ms", "ours_ms", "bare_ms")),
                f"{cell['ours_to_bare']:.2f}",
                *(times[name] for name in ("pure_ms", "sweep_ms")),
                f"{cell['pure_to_sweep']:.2f}",
                f"{cell['pure_ns_a_candidate']:.0f}",
            )
        )
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    text = ["  ".join(word.rjust(width) for word, width in zip(line, widths, strict=True)) for line in lines]
    history, soon = results["history"], results["next"]
    text.append(f"history: much takes {history['much_to_little']:.2f} times as long as little")
    text.append("; ".join(f"{name}: {soon[name]['median']:.2f}/{soon[name]['p95']:.2f}" for name in soon))
    return "\n".join(text)
