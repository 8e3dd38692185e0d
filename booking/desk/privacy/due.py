"""/desk/privacy/due/: patients whose period is over; look at what would go, then remove their details."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_POST, require_safe

from booking.models import AccessLogEntry, Disposal, Patient
from booking.privacy.access_log import log_view
from booking.privacy.disposal import (
    DisposalChanged,
    DisposalRefused,
    dispose,
    due_patients,
    kind_rows,
    review,
)
from booking.privacy.retention import current_periods
from booking.scheduling import Actor
from booking.staff.access import desk_page, staff_page
from booking.text_cleaning import is_plain_digits

SHOWN = 100  # Patients on a page; more are listed once these are gone.
PEOPLE = Disposal.Kind.PEOPLE


@require_safe
@staff_page("booking.add_disposal")
def due(request: HttpRequest) -> HttpResponse:
    return _show_due(request)


@require_POST
@staff_page("booking.add_disposal")
def review_due(request: HttpRequest) -> HttpResponse:
    """What would go. Nothing is changed."""
    chosen = _chosen(request)
    if not chosen:
        return _show_due(request, problem=gettext("Choose at least one person."), status=422)
    return _show_review(request, chosen)


@require_POST
@staff_page("booking.add_disposal")
def dispose_due(request: HttpRequest) -> HttpResponse:
    chosen = _chosen(request)
    if request.POST.get("sure") != "yes":
        return _show_review(request, chosen, problem=gettext("Tick the box to confirm."), status=422)
    try:
        certificate = dispose(
            patients=chosen,
            by=Actor.staff(request.user),
            now=timezone.now(),
            kind=PEOPLE,
            rule=_rule(),
            seen=request.POST.get("seen", ""),
            session=request.session,
        )
    except DisposalChanged as error:
        return _show_review(request, chosen, problem=error.message, status=409)
    except DisposalRefused as error:
        return _show_due(request, problem=error.message, status=409)
    return redirect("desk:disposal", certificate.pk)


def _show_due(request: HttpRequest, *, problem: str = "", status: int = 200) -> HttpResponse:
    rows = due_patients(now=timezone.now())
    shown = rows[:SHOWN]
    log_view(request, AccessLogEntry.Kind.LIST, [row.patient for row in shown])
    context = {
        "section": "privacy",
        "rows": shown,
        "count": len(rows),
        "periods": current_periods(),
        "problem": problem,
    }
    return desk_page(request, "desk/privacy/due.html", context, status=status)


def _show_review(request: HttpRequest, chosen: list[int], *, problem: str = "", status: int = 200) -> HttpResponse:
    """The review of those who are still due; the list if nobody is."""
    now = timezone.now()
    rows = due_patients(now=now, among=chosen)
    try:
        found = review(patients=[row.patient.pk for row in rows], by=Actor.staff(request.user), now=now, kind=PEOPLE)
    except DisposalRefused as error:
        return _show_due(request, problem=problem or error.message, status=409)
    log_view(request, AccessLogEntry.Kind.LIST, [row.patient for row in rows])
    button = ngettext("Remove the details of %(n)s person", "Remove the details of %(n)s people", len(rows))
    context: dict[str, Any] = {
        "section": "privacy",
        "rows": rows,
        "review": found,
        "kinds": kind_rows(found.counts),
        "problem": problem,
        "button": button % {"n": len(rows)},
        "periods": current_periods(),
    }
    return desk_page(request, "desk/privacy/review.html", context, status=status)


def _chosen(request: HttpRequest) -> list[int]:
    """The ticked patients; at most as many as one page lists."""
    values = [value for value in request.POST.getlist("patient") if is_plain_digits(value) and len(value) <= 18]
    keys = Patient.objects.current().filter(pk__in=list(map(int, values[:SHOWN])))
    return list(keys.order_by("pk").values_list("pk", flat=True))


def _rule() -> str:
    """The period in words, for the certificate."""
    periods = current_periods()
    rule = f"{periods.patients_years} years after the last appointment"
    return f"{rule}; for minors from age {periods.minors_until_age}" if periods.minors_until_age else rule
