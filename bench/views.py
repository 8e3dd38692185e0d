"""What is compared over HTTP: ours and a bare view, equally bare around the edges; and the parts of ours.

Each view answers with a number, so that neither is helped by the cost of writing a long page.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from time import perf_counter_ns, thread_time_ns
from typing import Any

from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path

from bench.sample import NOW, TODAY
from booking import availability, scheduling
from booking.availability.search import blocks_of, hours_of
from booking.models import Service
from booking.scheduling import openings

_DAY = timedelta(days=1)
_SERVICE: list[Service] = []  # Asked for once: both views are told their service.


def service() -> Service:
    if not _SERVICE:
        _SERVICE.append(Service.objects.get())
    return _SERVICE[0]


def span(request: HttpRequest) -> tuple[date, date]:
    return TODAY, TODAY + timedelta(days=int(request.GET["days"]) - 1)


def ours(request: HttpRequest) -> HttpResponse:
    """``scheduling.open_starts`` with every rule."""
    first, last = span(request)
    return HttpResponse(str(len(scheduling.open_starts(service=service(), now=NOW, first_on=first, last_on=last))))


def next_free_each(request: HttpRequest) -> HttpResponse:
    return HttpResponse(str(len(scheduling.next_free_each(service=service(), now=NOW))))


def next_free(request: HttpRequest) -> HttpResponse:
    return HttpResponse(str(scheduling.next_free(service=service(), now=NOW)))


def bare(request: HttpRequest) -> HttpResponse:
    """One range query over the same rows, as raw as they come, and a sweep without any rule."""
    first, last = span(request)
    people = [int(person) for person in request.GET["people"].split(",")]
    opens = datetime.combine(first, time(14), tzinfo=UTC)
    days = [opens + _DAY * number for number in range((last - first).days + 1)]
    hours = [(day, day + timedelta(hours=9)) for day in days if day.weekday() < 5]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT practitioner_id, starts_at, ends_at FROM booking_appointment WHERE practitioner_id IN (PEOPLE)"
            " AND ends_at > %s AND starts_at < %s ORDER BY practitioner_id, starts_at".replace(
                "PEOPLE", ", ".join(["%s"] * len(people))
            ),
            [*people, opens, opens + _DAY * len(days)],
        )
        rows = cursor.fetchall()
    if connection.vendor == "sqlite":  # Its raw instants say no zone.
        hours = [(opens.replace(tzinfo=None), closes.replace(tzinfo=None)) for opens, closes in hours]
    busy: dict[int, list[tuple[datetime, datetime]]] = {person: [] for person in people}
    for person, start, end in rows:
        busy[person].append((start, end))
    found = [bare_sweep(hours, busy[person], service().duration, service().step) for person in people]
    return HttpResponse(str(sum(map(len, found))))


def bare_sweep(
    hours: Iterable[tuple[datetime, datetime]],
    busy: Sequence[tuple[datetime, datetime]],
    duration: timedelta,
    step: timedelta,
) -> list[datetime]:
    """Every start in ``hours`` that no busy interval touches: one pass over both, and nothing else."""
    found = []
    index = 0
    for opens, closes in hours:
        start = opens
        end = start + duration
        while end <= closes:
            while index < len(busy) and busy[index][1] <= start:
                index += 1
            if index == len(busy) or end <= busy[index][0]:
                found.append(start)
            start += step
            end = start + duration
    return found


def parts(request: HttpRequest) -> JsonResponse:
    """The queries of one call, and the pure part beside a bare sweep over the same intervals, turn by turn."""
    first, last = span(request)
    rounds = int(request.GET["rounds"])
    asked = {"service": service(), "now": NOW, "first_on": first, "last_on": last}
    statements: list[str] = []

    def count(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        statements.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(count):
        scheduling.open_starts(**asked)
    facts = openings.gather(openings.Search(service(), NOW), first, last)
    intervals = same_intervals(facts, first, last)
    candidates = sum(
        max(0, (closes - opens - request.duration) // request.step + 1)
        for request, hours, _ in intervals
        for opens, closes in hours
    )
    whole, pure, sweep = [], [], []
    for _ in range(rounds):
        began = perf_counter_ns()
        scheduling.open_starts(**asked)
        whole.append(perf_counter_ns() - began)
        # What only computes is timed by this thread's own clock: a busy machine does not stretch it.
        began = thread_time_ns()
        openings.openings_of(facts, first, last)
        pure.append(thread_time_ns() - began)
        began = thread_time_ns()
        for wanted, hours, busy in intervals:
            bare_sweep(hours, busy, wanted.duration, wanted.step)
        sweep.append(thread_time_ns() - began)
    return JsonResponse(
        {"queries": len(statements), "candidates": candidates, "whole": whole, "pure": pure, "sweep": sweep}
    )


def same_intervals(facts: openings.Facts, first: date, last: date) -> list[tuple[Any, list[Any], list[Any]]]:
    """For each practitioner the merged hours and blocks that the rules make, as plain pairs."""
    found = []
    for place in facts.places.values():
        for person, request in facts.requests.items():
            schedule = facts.schedules[person]
            hours, blocks = hours_of(schedule, place, first, last), blocks_of(schedule, place, request, first, last)
            found.append((request, as_instants(hours), as_instants(blocks)))
    return found


def as_instants(stretches: Iterable[availability.Stretch]) -> list[tuple[datetime, datetime]]:
    return [(availability.instant(start), availability.instant(end)) for start, end in stretches]


urlpatterns = [
    path("ours/", ours),
    path("bare/", bare),
    path("parts/", parts),
    path("next-free/", next_free),
    path("next-free-each/", next_free_each),
]
