"""Measure the CPU time of requests within one process, alternating with the yardsticks. Prints JSON.

python -m bench.in_process page|times|desk|booking rounds [people]
"""

import gzip
import json
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from functools import partial
from itertools import islice
from statistics import median
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.wsgi import get_wsgi_application
from django.db import connection
from django.test import Client as DjangoClient
from django.test import override_settings

from bench import yardsticks
from bench.clients import Client, HTTPClient, Response, WSGIClient, cached_page
from bench.clinics import LONG_PAGE, SERVICE, SHORT_PAGE, TREATMENT, WORKING_HOURS
from bench.patients import TYPING_SECONDS, Patient, send_form, wishes
from bench.serving import free_port, gunicorn

WARM_UP = 3  # rounds, or bookings
PEOPLE = 5  # who can be booked
ALBERTA = timezone(-timedelta(hours=6))  # Not ZoneInfo, which would read the system's data before the settings.
BARE_REQUESTS = 20  # a round


def uncached_site() -> WSGIClient:
    with override_settings(PAGE_CACHE=False):
        return WSGIClient(get_wsgi_application())


def page(rounds: int) -> dict[str, Any]:
    from clinic.wsgi import application

    site, uncached, yardstick = WSGIClient(application), uncached_site(), WSGIClient(yardsticks.application())
    cached = cached_page(site)
    if_changed = {"If-None-Match": cached.header("ETag")}
    short, long = f"/treatments/{SHORT_PAGE}/", f"/treatments/{LONG_PAGE}/"
    port = free_port()
    with gunicorn("bench.bare:processor_time", port, WEB_WORKERS="1"):
        bare = HTTPClient(port, keep_open=True)
        times = take_turns(
            rounds,
            {
                "ok": lambda: get(yardstick, "/ok/").seconds,
                "kept": lambda: get(site, TREATMENT, 304, if_changed).seconds,
                "anew": lambda: get(uncached, TREATMENT).seconds,
                "anew, 5 blocks": lambda: get(uncached, short).seconds,
                "anew, 25 blocks": lambda: get(uncached, long).seconds,
                "gunicorn": lambda: bare_request(bare),
            },
        )
    queries = [count_queries(partial(get, uncached, path)) for path in (short, long)]
    return {"seconds": times, "queries": queries, "bytes": len(cached.body)}


def choose_a_time(rounds: int) -> dict[str, Any]:
    from clinic.wsgi import application

    site, yardstick = WSGIClient(application), WSGIClient(yardsticks.application())
    today = datetime.now(tz=UTC).date()
    monday = today + timedelta(days=7 - today.weekday())
    path = f"/book/{SERVICE}/?day={monday}"
    whole = get(site, path)
    plain = f"/plain/?bytes={len(whole.body)}"
    times = take_turns(
        rounds, {"times": lambda: get(site, path).seconds, "plain": lambda: get(yardstick, plain).seconds}
    )
    return {
        "seconds": times,
        "queries": count_queries(lambda: get(site, path)),
        "bytes": len(whole.body),
        "path": path,
        "starts": whole.body.count(b'name="start"'),
    }


def desk(rounds: int, people: int) -> dict[str, Any]:
    """The day before today, on which everyone's hours are booked, and its week; both as a staff member."""
    from clinic.wsgi import application

    site, yardstick = WSGIClient(application), WSGIClient(yardsticks.application())
    headers = staff_headers()
    day = datetime.now(tz=ALBERTA).date() - timedelta(days=1)
    monday = day - timedelta(days=day.weekday())
    paths = {"day": f"/desk/?day={day}", "week": f"/desk/week/?day={day}&with=person-0"}
    columns = {"day": people, "week": day.weekday() + 1}  # With visits; none are ahead of ``day``.
    queries = {"day": f"first={day}&last={day}", "week": f"first={monday}&last={day}&person=person-0"}
    pages = {view: get(site, path, headers=headers).body for view, path in paths.items()}
    tasks = {}
    for view, path in paths.items():
        size = len(pages[view])
        tasks[view] = partial(seconds_of, site, path, headers)
        tasks[f"plain {view}"] = partial(seconds_of, yardstick, f"/plain/?bytes={size}")
        rows = f"/rows/?bytes={size}&columns={columns[view]}&visits={WORKING_HOURS}"
        tasks[f"rows {view}"] = partial(seconds_of, yardstick, rows)
        tasks[f"queried {view}"] = partial(seconds_of, yardstick, f"/queried/?bytes={size}&{queries[view]}", headers)
    return {
        "seconds": take_turns(rounds, tasks),
        "queries": {view: count_queries(partial(get, site, path, 200, headers)) for view, path in paths.items()},
        "bytes": {view: len(page) for view, page in pages.items()},
        "compressed": {view: len(gzip.compress(page)) for view, page in pages.items()},
        "visits": {view: page.count(b'class="block ') for view, page in pages.items()},
    }


def staff_headers() -> dict[str, str]:
    """The cookie of a login that may see everything."""
    user = get_user_model().objects.create_superuser("bench")
    client = DjangoClient()
    client.force_login(user)
    return {"Cookie": f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"}


def seconds_of(client: Client, path: str, headers: dict[str, str] | None = None) -> float:
    return get(client, path, headers=headers).seconds


def booking(bookings: int) -> dict[str, Any]:
    """A booking on a usual day, and one on a day that unverified visitors fill.

    The first two of each practitioner's day that unverified visitors book need no comparison with the day's hours
    (``booking.scheduling.appointments.allowance``).
    """
    first = (datetime.now(tz=UTC) + timedelta(days=2)).date()
    full_days = first + timedelta(days=1 + (WARM_UP + bookings) // (2 * PEOPLE))
    return {
        "seconds": bookings_in(bookings, wishes(PEOPLE, first, hours=2)),
        "on full days": bookings_in(bookings, wishes(PEOPLE, full_days)),
    }


def bookings_in(bookings: int, slots: Iterator[tuple[datetime, str]]) -> dict[str, dict[str, float]]:
    """All patients hold a slot, then all send details, then all confirm; each request alternates with a plain form."""
    from clinic.wsgi import application

    site, yardstick = WSGIClient(application), WSGIClient(yardsticks.application())
    patients = [Patient(site, *slot) for slot in islice(slots, WARM_UP + bookings)]
    steps = {"hold": Patient.hold, "details": Patient.send_details, "confirm": Patient.confirm}
    times: dict[str, list[float]] = {step: [] for step in (*steps, "form")}
    for step, send in steps.items():
        for patient in patients:
            times[step].append(send(patient).seconds)
            times["form"].append(send_form(yardstick).seconds)
        if step == "hold":
            for patient in patients:
                patient.open_details()
            time.sleep(TYPING_SECONDS)
        elif step == "details":
            for patient in patients:
                patient.open_check()
    times["booking"] = [sum(parts) for parts in zip(*(times[step] for step in steps), strict=True)]
    return {name: summary(values[WARM_UP:]) for name, values in times.items()}


def get(client: Client, path: str, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    response = client.request("GET", path, headers)
    if response.status != status:
        raise RuntimeError(f"{path} answered {response.status}, not {status}.")
    return response


def take_turns(rounds: int, tasks: dict[str, Callable[[], float]]) -> dict[str, dict[str, float]]:
    times: dict[str, list[float]] = {name: [] for name in tasks}
    for _ in range(WARM_UP + rounds):
        for name, task in tasks.items():
            times[name].append(task())
    return {name: summary(values[WARM_UP:]) for name, values in times.items()}


def summary(times: list[float]) -> dict[str, float]:
    return {"quickest": min(times), "median": median(times)}


def bare_request(client: HTTPClient) -> float:
    """Return the CPU time of a bare WSGI request under gunicorn, whose worker responds with its total so far."""
    used = [float(client.request("GET", "/").body) for _ in range(BARE_REQUESTS + 1)]
    return (used[-1] - used[0]) / BARE_REQUESTS


def count_queries(work: Callable[[], object]) -> int:
    statements = []

    def count(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        statements.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(count):
        work()
    return len(statements)


def main() -> None:
    part: Callable[..., dict[str, Any]] = {"page": page, "times": choose_a_time, "desk": desk, "booking": booking}[
        sys.argv[1]
    ]
    print(json.dumps(part(*map(int, sys.argv[2:]))))


if __name__ == "__main__":
    main()
