"""/desk/reports/: the clinic's numbers as a page, and each of its tables as a CSV file. For the owner."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from booking.privacy.csv_file import csv_response
from booking.reports.forms import ReportForm
from booking.reports.page import TABLES, period_in_words, sections_of
from booking.reports.periods import Choice, ReportPeriod, chosen_period
from booking.reports.report import Report
from booking.reports.scope import Scope
from booking.reports.tiles import tiles_of
from booking.staff.access import desk_page, staff_page

PERMISSION = "booking.view_reports"
PAGE = "desk/reports/reports.html"


@require_safe
@staff_page(PERMISSION)
def reports(request: HttpRequest) -> HttpResponse:
    """The numbers of the days and the location in the query string; of this month, if it names no days."""
    form = _form(request, request.GET.dict())
    if not form.is_valid():
        return desk_page(request, PAGE, {"section": "reports", "form": form}, status=422)
    scope = _scope(form)
    report, today = Report(scope), _today(form)
    query = _query(form, scope.period)
    context: dict[str, Any] = {
        "section": "reports",
        "form": _form(request, query),
        "choices": _choices(form, scope.period, today),
        "period": scope.period,
        "in_words": period_in_words(scope.period),
        "compared_with": period_in_words(report.before),
        "tiles": tiles_of(report),
        "sections": sections_of(report),
        "query": urlencode(query),
        "previous": _url(_query(form, scope.period.previous)),
        "following": _url(_query(form, scope.period.following)) if scope.period.last_on < today else "",
    }
    return desk_page(request, PAGE, context)


@require_safe
@staff_page(PERMISSION)
def table(request: HttpRequest, name: str) -> HttpResponseBase:
    """One table of the page as a CSV file, with the same numbers."""
    form = _form(request, request.GET.dict())
    if name not in TABLES or not form.is_valid():
        raise Http404
    scope = _scope(form)
    found = TABLES[name](Report(scope))
    days = f"{scope.period.first_on.isoformat()}-to-{scope.period.last_on.isoformat()}"
    return csv_response(f"{name}-{days}.csv", found.columns, found.rows)


def _form(request: HttpRequest, data: Mapping[str, str]) -> ReportForm:
    return ReportForm(data, locations=request.locations)  # type: ignore[attr-defined]


def _scope(form: ReportForm) -> Scope:
    return Scope(form.chosen(_today(form)), form.chosen_location, timezone.get_current_timezone())


def _today(form: ReportForm) -> date:
    return timezone.localdate(timezone=form.chosen_location.zone if form.chosen_location else None)


def _choices(form: ReportForm, shown: ReportPeriod, today: date) -> list[tuple[str, str, bool]]:
    """The periods of one click: their names, their addresses, and whether they are shown."""
    return [
        (str(choice.label), _url(_place(form) | {"period": choice.value}), chosen_period(choice, today) == shown)
        for choice in Choice
    ]


def _query(form: ReportForm, period: ReportPeriod) -> dict[str, str]:
    return {"from": period.first_on.isoformat(), "to": period.last_on.isoformat()} | _place(form)


def _place(form: ReportForm) -> dict[str, str]:
    return {"location": form.chosen_location.slug} if form.chosen_location else {}


def _url(query: dict[str, str]) -> str:
    return f"{reverse('desk:reports')}?{urlencode(query)}"
