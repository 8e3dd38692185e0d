"""The page to choose a time, with years of appointments, compared with a plain template of the same size."""

import json
import shutil
from contextlib import ExitStack
from statistics import median
from typing import Any

from bench.clinics import Clinic, Clinics
from bench.serving import free_port, gunicorn, requests_a_second
from bench.sizes import Size
from bench.tables import Row, at_most, same_queries

MOST = (24, 36)  # for the smaller and the larger clinic; the page counts six weeks
MOST_QUERIES = 16


def measure(clinics: Clinics, size: Size) -> list[Row]:
    rows, queries = [], []
    for (people, visits), bound in zip(size.clinics, MOST, strict=True):
        clinic = clinics.clinic(people=people, visits=visits)
        result = json.loads(clinic.python("-m", "bench.in_process", "times", str(size.rounds)))
        queries.append(result["queries"])
        rates = measure_rates(clinic, result, size.rate_rounds)
        rows.append(ratio_to_plain(f"Choose a time, {people} people, {visits:,} visits", bound, result, rates))
    names = " and ".join(str(people) for people, _ in size.clinics)
    return [*rows, same_queries(f"  its queries, with {names} people", queries, MOST_QUERIES)]


def ratio_to_plain(what: str, bound: float, result: dict[str, Any], rates: dict[str, float]) -> Row:
    seconds = {name: times["quickest"] for name, times in result["seconds"].items()}
    more = (
        f"{1000 * seconds['times']:.1f} ms, plain {1000 * seconds['plain']:.2f}; "
        f"{result['starts']} times, {result['bytes'] / 1024:.0f} KB"
    )
    if rates:
        more += f"; {rates['times']:,.0f}/s, plain {rates['plain']:,.0f}/s"
    numbers = {f"{name} {kind}": value for name, times in result["seconds"].items() for kind, value in times.items()}
    ratio = seconds["times"] / seconds["plain"]
    return at_most(what, ratio, bound, " plain", more, **numbers, bytes=result["bytes"], queries=result["queries"])


def measure_rates(clinic: Clinic, result: dict[str, Any], rounds: int) -> dict[str, float]:
    if not shutil.which("wrk"):
        return {}
    site, plain = free_port(), free_port()
    with ExitStack() as stack:
        stack.enter_context(gunicorn("clinic.wsgi", site, **clinic.environ))
        stack.enter_context(gunicorn("bench.yardsticks:application()", plain, **clinic.environ))
        targets = {"times": (site, result["path"]), "plain": (plain, f"/plain/?bytes={result['bytes']}")}
        rates: dict[str, list[float]] = {name: [] for name in targets}
        for _ in range(1 + rounds):
            for name, target in targets.items():
                rates[name].append(requests_a_second(*target))
    return {name: median(values[1:]) for name, values in rates.items()}
