"""What does a booking cost, and how long does the last of a hundred wait?

Sixteen connections to four worker processes, on a clinic with years of visits behind it. The three
forms of a booking (hold, details, confirm) are sent in turn with as many forms to a view that keeps
nothing, under the same server and the same middleware: read the ratio. Then whole bookings, with
every page between the forms, as patients make them.

The processor time of the servers is told beside the clock's: on a busy machine it is the ratio to trust.
"""

import os
import tempfile
import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any

from bench.load import Journey, Told, drive
from bench.serving import HOST, database_server, free_port, gunicorn, processor_seconds, resident_megabytes, town
from bench.tables import Goal, in_columns, p50, p99
from bench.visitor import PEOPLE, TYPING_SECONDS, Visitor, said, visitors

NEEDS = ()
WORKERS, CONNECTIONS = 4, 16
HISTORY = {"full": 10_000, "short": 1_000, "tiny": 0}
ROUNDS = {"full": 5, "short": 3, "tiny": 1}
BOOKINGS = {"full": 240, "short": 120, "tiny": 2}  # in a round
PLAIN_TIMES = 12  # as many, so that both are about as long at it: a busy machine favours whoever is quickly done
FORMS = ("hold", "details", "confirm")
PAGES = ("times", "details page", "check page", "done page")
LEAST = {"sqlite": 0.20, "postgresql": 0.30}


def measure(size: str) -> dict[str, Any]:
    site, plain = free_port(), free_port()
    with tempfile.TemporaryDirectory(prefix="clinic-bench-booking-") as name, ExitStack() as stack:
        folder = Path(name)
        (folder / "page.html").write_text("Without a page.")
        shared = {
            "DATABASE_URL": town(folder, people=PEOPLE, history=HISTORY[size]),
            "SITE_URL": f"http://{HOST}:{site}",
            "VAR_DIR": name,
            "TRUSTED_PROXIES": HOST,
            "WEB_WORKERS": str(WORKERS),
        }
        process = stack.enter_context(gunicorn("clinic.wsgi", site, **shared))
        bare = {"BENCH_BODY": str(folder / "page.html"), "DJANGO_SETTINGS_MODULE": "bench.plain"}
        other = stack.enter_context(gunicorn("django.core.wsgi:get_wsgi_application()", plain, **shared | bare))
        servers = {site: [process, *filter(None, [database_server()])], plain: [other]}
        town_of_patients = visitors(f"{HOST}:{site}")
        rounds = [
            one_round(site, plain, list(islice(town_of_patients, BOOKINGS[size])), servers)
            for _ in range(ROUNDS[size] + 1)
        ]
        whole = [
            drive(site, (one.whole() for one in islice(town_of_patients, BOOKINGS[size])), connections=CONNECTIONS)
            for _ in range(ROUNDS[size])
        ]
        return summed_up(rounds[1:], whole) | {"megabytes": resident_megabytes(process), "engine": engine()}


@dataclass
class Round:
    """What was told of each kind of request, and what it cost the servers in seconds of processor time."""

    told: dict[str, Told] = field(default_factory=dict)
    computed: dict[str, float] = field(default_factory=dict)


def one_round(site: int, plain: int, people: list[Visitor], servers: dict[int, list[int]]) -> Round:
    """The same people hold, type and confirm; between their forms, as many forms to the plain view."""
    found = Round()

    def go(what: str, port: int, journeys: Iterable[Journey]) -> None:
        before = sum(map(processor_seconds, servers[port]))
        found.told[what] = drive(port, journeys, connections=CONNECTIONS)
        found.computed[what] = sum(map(processor_seconds, servers[port])) - before

    def all_do(what: str, request: Callable[[Visitor], Any]) -> None:
        go(what, site, map(request, people))

    def without_database(before: str) -> None:
        journeys = (said(f"{HOST}:{site}") for _ in range(PLAIN_TIMES * len(people)))
        go(f"plain {before}", plain, journeys)

    without_database("hold")
    all_do("hold", Visitor.hold)
    all_do("details page", Visitor.open_details)
    time.sleep(TYPING_SECONDS)
    without_database("details")
    all_do("details", Visitor.send_details)
    all_do("check page", Visitor.open_check)
    without_database("confirm")
    all_do("confirm", Visitor.confirm)
    return found


def summed_up(found: list[Round], whole: list[Told]) -> dict[str, Any]:
    rounds = [one.told for one in found]
    computed = [sum(one.computed[form] for form in FORMS) for one in found]
    plain_computed = [sum(one.computed[f"plain {form}"] for form in FORMS) for one in found]
    ours = [sum(told[form].seconds for form in FORMS) for told in rounds]
    plain = [sum(told[f"plain {form}"].seconds for form in FORMS) for told in rounds]
    bookings = [told["hold"].journeys for told in rounds]
    pooled = {form: [took for told in rounds for took in told[form].times[form]] for form in FORMS}
    without = [took for told in rounds for form in FORMS for took in told[f"plain {form}"].times[_PLAIN]]
    mixed = {what: [took for told in whole for took in told.times[what]] for what in (*FORMS, *PAGES)}
    return {
        "ratio": median(theirs / PLAIN_TIMES / mine for mine, theirs in zip(ours, plain, strict=True)),
        "ratio_of_processor_time": median(
            theirs / PLAIN_TIMES / mine for mine, theirs in zip(computed, plain_computed, strict=True) if mine
        )
        if any(computed)
        else 0.0,
        "computed_ms": {
            "a booking's three forms": 1000 * sum(computed) / sum(bookings),
            "as many without a database": 1000 * sum(plain_computed) / PLAIN_TIMES / sum(bookings),
        },
        "bookings_a_second": median(number / took for number, took in zip(bookings, ours, strict=True)),
        "plain_forms_a_second": median(
            len(FORMS) * PLAIN_TIMES * number / took for number, took in zip(bookings, plain, strict=True)
        ),
        "whole_bookings_a_second": median(told.journeys / told.seconds for told in whole),
        "forms": {form: _spread(times) for form, times in pooled.items()},
        "plain": _spread(without),
        "in_a_whole_booking": {what: _spread(times) for what, times in mixed.items()},
    }


_PLAIN = "a POST without a database"


def _spread(times: list[float]) -> dict[str, float]:
    return {"p50_ms": 1000 * p50(times), "p99_ms": 1000 * p99(times), "tail": p99(times) / p50(times)}


def engine() -> str:
    return "postgresql" if os.environ["DATABASE_URL"].startswith("postgres") else "sqlite"


def goals(found: dict[str, Any]) -> list[Goal]:
    worst = max(form["tail"] for form in found["forms"].values())
    return [
        Goal("bookings against as many POSTs without a database", found["ratio"], LEAST[found["engine"]]),
        Goal(f"p99 against p50 of each form, {CONNECTIONS} connections", worst, 4, at_most=True),
        Goal("a worker's memory after the run", max(found["megabytes"]), 120, at_most=True, unit=" MB"),
    ]


def table(found: dict[str, Any]) -> str:
    lines = [("", "p50 ms", "p99 ms", "p99/p50")]
    kinds = [(f"POST {form}", spread) for form, spread in found["forms"].items()]
    kinds.append((_PLAIN, found["plain"]))
    kinds += [(f"in a whole booking: {what}", spread) for what, spread in found["in_a_whole_booking"].items()]
    for what, spread in kinds:
        lines.append((what, f"{spread['p50_ms']:.1f}", f"{spread['p99_ms']:.1f}", f"{spread['tail']:.1f}"))
    computed = ", ".join(f"{cost:.1f} ms ({what})" for what, cost in found["computed_ms"].items())
    memory = ", ".join(f"{size:.0f}" for size in found["megabytes"])
    return (
        f"{in_columns(lines)}\n"
        f"{found['bookings_a_second']:.0f} bookings a second (three POSTs each), {found['ratio']:.2f}x as many POSTs "
        f"without a database ({found['plain_forms_a_second']:.0f} a second)\n"
        f"by processor time {found['ratio_of_processor_time']:.2f}x: the servers computed for {computed}\n"
        f"{found['whole_bookings_a_second']:.0f} whole bookings a second (seven requests each); "
        f"a worker holds {memory} MB after the run"
    )
