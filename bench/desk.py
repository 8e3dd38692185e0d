"""The front desk's day and week on a full day of 12 practitioners, compared with plain templates of the same size."""

import json
from typing import Any

from bench.clinics import Clinics
from bench.sizes import Size
from bench.tables import Row, at_most, same_queries

SMALL, LARGE = (1, 12), (12, 1_500)  # Practitioners and past appointments; a day has 12 for each.
MOST, MOST_QUERIES, MOST_KILOBYTES = 2, 30, 60


def measure(clinics: Clinics, size: Size) -> list[Row]:
    found = [measure_clinic(clinics, people, visits, size.rounds) for people, visits in (SMALL, LARGE)]
    rows = []
    for view in ("day", "week"):
        large = found[-1]
        rows += [
            ratio_to_rows(view, large),
            at_most(f"  the {view}, compressed", large["compressed"][view] / 1024, MOST_KILOBYTES, " KB"),
            same_queries(
                f"  its queries, with {SMALL[0]} and {LARGE[0]} people", queries_of(view, found), MOST_QUERIES
            ),
        ]
    return rows


def measure_clinic(clinics: Clinics, people: int, visits: int, rounds: int) -> dict[str, Any]:
    clinic = clinics.clinic(people=people, visits=visits)
    result: dict[str, Any] = json.loads(clinic.python("-m", "bench.in_process", "desk", str(rounds), str(people)))
    return result


def ratio_to_rows(view: str, result: dict[str, Any]) -> Row:
    seconds = {name: times["quickest"] for name, times in result["seconds"].items()}
    own, rows, queried, plain = (seconds[f"{kind}{view}"] for kind in ("", "rows ", "queried ", "plain "))
    more = f"{1000 * own:.1f} ms, rows {1000 * rows:.2f}; {own / queried:.1f} queried, {own / plain:.0f} plain"
    more += f"; {result['visits'][view]} visits, {result['bytes'][view] / 1024:.0f} KB"
    return at_most(f"The desk's {view}, {LARGE[0]} people", own / rows, MOST, " rows", more)


def queries_of(view: str, results: list[dict[str, Any]]) -> list[int]:
    return [result["queries"][view] for result in results]
