"""/desk/reports/: the clinic's numbers as a page, and each of its tables as a CSV file. For the owner."""

from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from booking.privacy.csv_file import csv_response
from booking.reports.forms import ReportForm
from booking.reports.page import TABLES, period_in_words, sections_of
from booking.reports.periods import ReportPeriod
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
    form = _form(request)
    if not form.is_valid():
        return desk_page(request, PAGE, {"section": "reports", "form": form}, status=422)
    scope = _scope(form)
    report, today = Report(scope), timezone.localdate()
    context: dict[str, Any] = {
        "section": "reports",
        "form": form,
        "period": scope.period,
        "in_words": period_in_words(scope.period),
        "compared_with": period_in_words(report.before),
        "tiles": tiles_of(report),
        "sections": sections_of(report),
        "query": urlencode(_query(form, scope.period)),
        "previous": _url(form, scope.period.previous),
        "following": _url(form, scope.period.following) if scope.period.last_on < today else "",
    }
    return desk_page(request, PAGE, context)


@require_safe
@staff_page(PERMISSION)
def table(request: HttpRequest, name: str) -> HttpResponseBase:
    """One table of the page as a CSV file, with the same numbers."""
    form = _form(request)
    if name not in TABLES or not form.is_valid():
        raise Http404
    scope = _scope(form)
    found = TABLES[name](Report(scope))
    days = f"{scope.period.first_on.isoformat()}-to-{scope.period.last_on.isoformat()}"
    return csv_response(f"{name}-{days}.csv", found.columns, found.rows)


def _form(request: HttpRequest) -> ReportForm:
    return ReportForm(request.GET.dict(), locations=request.locations)  # type: ignore[attr-defined]


def _scope(form: ReportForm) -> Scope:
    today = timezone.localdate(timezone=form.chosen_location.zone if form.chosen_location else None)
    return Scope(form.chosen(today), form.chosen_location, timezone.get_current_timezone())


def _query(form: ReportForm, period: ReportPeriod) -> dict[str, str]:
    days = {"from": period.first_on.isoformat(), "to": period.last_on.isoformat()}
    return days | ({"location": form.chosen_location.slug} if form.chosen_location else {})


def _url(form: ReportForm, period: ReportPeriod) -> str:
    return f"{reverse('desk:reports')}?{urlencode(_query(form, period))}"
