"""Yardsticks of the desk's calendar: a plain template with as many rows, fields and links; rows kept, or queried."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any

from django.http import HttpRequest, HttpResponse

from bench.plain_pages import from_string, sections

ROWS_TEMPLATE = """<!doctype html>
<html lang="en"><head><title>{{ title }}</title></head><body><h1>{{ title }}</h1>
{% for column in columns %}<section aria-labelledby="column-{{ forloop.counter }}">
<h2 id="column-{{ forloop.counter }}">{{ column.name }}</h2>
<ul>{% for visit in column.visits %}
<li class="item {{ visit.rows }} {{ visit.lane }}">
<a id="{{ visit.reference }}" class="block block--{{ visit.status }}"
 href="/?day={{ visit.local_on|date:'Y-m-d' }}&amp;visit={{ visit.reference }}">
<span class="line"><span class="time">{{ visit.starts_at|time:"g:i" }}</span>
<strong>{{ visit.patient.name }}</strong></span>
<span class="line">{% if visit.status == "fulfilled" %}<span class="status">Done</span>{% endif %}
<span class="service">{{ visit.service.name }}</span></span>
<span class="line">to {{ visit.ends_at|time:"g:i" }}</span>
</a>
</li>
{% endfor %}</ul>
</section>
{% endfor %}
{% for section in sections %}<h2>{{ section.heading }}</h2>
{% for paragraph in section.paragraphs %}<p>{{ paragraph }}</p>
{% endfor %}{% endfor %}</body></html>"""


@dataclass(frozen=True)
class Name:
    name: str


@dataclass(frozen=True)
class Visit:
    """What a block of the calendar prints."""

    reference: str
    patient: Name
    service: Name
    starts_at: datetime
    ends_at: datetime
    local_on: date
    status: str = "fulfilled"
    rows: str = "r12 s9"
    lane: str = "n1l1"


def rows(request: HttpRequest) -> HttpResponse:
    """``?columns=`` of ``?visits=`` each that are in memory, filled up with paragraphs to ``?bytes=``. No queries."""
    columns = _columns(int(request.GET["columns"]), int(request.GET["visits"]))
    return _render(request, columns)


def queried(request: HttpRequest) -> HttpResponse:
    """The same template, with the visits of the days from ``?first=`` to ``?last=`` and of ``?person=``, if named.

    A login is looked up, and the visits with their people and services are one query.
    """
    from booking.models import Appointment

    found = Appointment.objects.filter(local_on__range=(request.GET["first"], request.GET["last"]))
    if person := request.GET.get("person"):
        found = found.filter(practitioner__slug=person)
    columns: dict[tuple[str, date], list[Appointment]] = {}
    if request.user.is_staff:
        for visit in found.select_related("patient", "practitioner", "service"):
            columns.setdefault((visit.practitioner.name, visit.local_on), []).append(visit)
    return _render(request, [{"name": name, "visits": visits} for (name, _on), visits in columns.items()])


def _render(request: HttpRequest, columns: Sequence[dict[str, Any]]) -> HttpResponse:
    template = from_string(ROWS_TEMPLATE)
    context = {"title": "A plain calendar", "columns": columns}
    size = int(request.GET["bytes"]) - _row_bytes(sum(len(column["visits"]) for column in columns))
    return HttpResponse(template.render({**context, "sections": sections(max(size, 0))}, request))


@cache
def _columns(columns: int, visits: int) -> list[dict[str, Any]]:
    return [
        {"name": f"Person {number}", "visits": [_visit(number, hour) for hour in range(visits)]}
        for number in range(columns)
    ]


def _visit(column: int, hour: int) -> Visit:
    start = datetime(2026, 11, 30, 14, tzinfo=UTC) + timedelta(hours=hour)
    return Visit(
        f"7K{column:03}{hour:03}",
        Name(f"Patient {column} {hour}"),
        Name("Visit for the bench"),
        start,
        start + timedelta(minutes=45),
        start.date(),
    )


@cache
def _row_bytes(visits: int) -> int:
    """How many bytes the template makes of so many visits."""
    return len(from_string(ROWS_TEMPLATE).render({"columns": _columns(1, visits)}))
