"""A booking: the cost of its three forms, 16 concurrent patients, and 64 who race for one slot."""

import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import islice
from threading import Barrier

from bench.clients import HTTPClient, Response
from bench.clinics import Clinics
from bench.patients import TYPING_SECONDS, Failed, Patient, wishes
from bench.serving import free_port, gunicorn, worker_megabytes
from bench.sizes import Size
from bench.tables import Row, at_most, p50, p99

MOST_FORMS = 50
MOST_TAIL = 7
MOST_MEGABYTES = 120
WORKERS, WRITERS = 4, 16
PEOPLE = 5


def measure(clinics: Clinics, size: Size) -> list[Row]:
    clinic = clinics.clinic(people=PEOPLE, visits=size.visits)
    times = json.loads(clinic.python("-m", "bench.in_process", "booking", str(size.bookings)))
    first = datetime.now(tz=UTC).date() + timedelta(days=40)  # after the slots that were booked in that process
    port = free_port()
    with gunicorn("clinic.wsgi", port, **clinic.environ, WEB_WORKERS=str(WORKERS)) as master:
        patients = [Patient(HTTPClient(port), *wish) for wish in islice(wishes(PEOPLE, first), size.load)]
        load = measure_load(patients, size.load)
        last = first + timedelta(days=80)
        winners = [race(port, size.racers, start) for start, _ in islice(wishes(1, last), size.races)]
        megabytes = worker_megabytes(master)
    return [
        in_forms("A booking's three forms", times["seconds"]),
        in_forms("  on a day that unverified visitors fill", times["on full days"]),
        *load,
        only_one(winners, size.racers),
        at_most("Memory of a worker, after bookings", megabytes, MOST_MEGABYTES, " MB"),
    ]


def in_forms(what: str, seconds: dict[str, dict[str, float]]) -> Row:
    """Compare a booking with a plain form, by medians: bookings differ, so the fastest would be the easiest one."""
    median = {name: 1000 * times["median"] for name, times in seconds.items()}
    more = ", ".join(f"{name} {median[name]:.1f}" for name in ("hold", "details", "confirm"))
    more = f"{median['booking']:.1f} ms: {more}; a form {median['form']:.2f}"
    return at_most(what, median["booking"] / median["form"], MOST_FORMS, " forms", more, **median)


def measure_load(patients: list[Patient], number: int) -> list[Row]:
    """Book with 16 concurrent patients: all hold, then all send their details, then all confirm."""
    times: dict[str, list[float]] = {}
    seconds, errors = 0.0, 0
    steps: list[tuple[str, Callable[[Patient], Response]]] = [
        ("hold", Patient.hold),
        ("", Patient.open_details),
        ("details", Patient.send_details),
        ("", Patient.open_check),
        ("confirm", Patient.confirm),
    ]
    with ThreadPoolExecutor(WRITERS) as pool:
        for name, step in steps:
            if name == "details":
                time.sleep(TYPING_SECONDS)
            began = time.perf_counter()
            answers = list(pool.map(lambda patient, step=step: attempt(step, patient), patients))
            took = time.perf_counter() - began
            patients = [patient for patient, answer in zip(patients, answers, strict=True) if answer]
            errors += answers.count(None)
            if name:
                seconds += took
                times[name] = [answer.seconds for answer in answers if answer]
    tails = {name: p99(each) / p50(each) for name, each in times.items()}
    worst = max(tails, key=lambda name: tails[name])
    each = ", ".join(f"{name} {1000 * p50(took):.0f}/{1000 * p99(took):.0f}" for name, took in times.items())
    rate = len(patients) / seconds
    more = f"{worst}; p50/p99 in ms: {each}; {rate:.0f} bookings/s"
    return [
        at_most(f"  p99 beside p50 at {WRITERS} writers", tails[worst], MOST_TAIL, "x", more, rate=rate, **tails),
        Row("  errors", f"{errors} in {number} bookings", "none", errors == 0),
    ]


def attempt(step: Callable[[Patient], Response], patient: Patient) -> Response | None:
    try:
        return step(patient)
    except (Failed, OSError) as failure:
        print(failure)
        return None


def race(port: int, racers: int, start: datetime) -> int:
    """Let ``racers`` patients hold one slot at once, and return how many succeed."""
    barrier = Barrier(racers)

    def hold(patient: Patient) -> bool:
        barrier.wait(timeout=120)
        return patient.hold(expected=(302, 409)).status == 302

    patients = [Patient(HTTPClient(port), start, "person-0") for _ in range(racers)]
    with ThreadPoolExecutor(racers) as pool:
        return sum(pool.map(hold, patients))


def only_one(winners: list[int], racers: int) -> Row:
    exactly_one = winners.count(1)
    measured = f"one got it in {exactly_one} of {len(winners)} races"
    return Row(f"  {racers} people race for one time", measured, "exactly one gets it", exactly_one == len(winners))
