"""Whose data a staff member saw: each person once, to know whom an incident concerns."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth import get_user_model
from django.core.paginator import Paginator
from django.db.models import Count, Max, Min, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from booking.desk.privacy.access_log import filter_entries
from booking.desk.privacy.filters import AccessLogFilterForm, last_days
from booking.models import AccessLogEntry, AccessLogPerson, Patient, WaitlistEntry
from booking.privacy.access_log import Kind, log_view
from booking.staff.access import desk_page, staff_page
from booking.staff.formats import staff_name

PAGE_SIZE = 100


@dataclass(frozen=True)
class ShownPerson:
    """A patient or a waitlist entry, None if the row is gone, and how often they were shown."""

    patient_id: int | None
    waitlist_entry_id: int | None
    patient: Patient | None
    waitlist_entry: WaitlistEntry | None
    times: int
    first_at: datetime
    last_at: datetime


@require_safe
@staff_page("booking.view_accesslogentry")
def by_staff(request: HttpRequest, pk: int) -> HttpResponse:
    """Of the last 30 days unless the address names others."""
    member = get_object_or_404(get_user_model(), pk=pk)
    form = AccessLogFilterForm({**last_days(timezone.localdate()), **request.GET.dict()})
    entries: QuerySet[AccessLogEntry] = AccessLogEntry.objects.filter(staff=member)
    entries = filter_entries(entries, form) if form.is_valid() else entries.none()
    page = Paginator(_people_in(entries), PAGE_SIZE).get_page(request.GET.get("page"))
    people = _load(page.object_list)
    log_view(request, Kind.LOG, [person.patient or person.waitlist_entry for person in people])
    context = {
        "section": "privacy",
        "heading": gettext("Whose data %(name)s saw") % {"name": staff_name(member)},
        "member": member,
        "form": form,
        "page": page,
        "people": people,
    }
    return desk_page(request, "desk/privacy/people_shown.html", context, status=200 if form.is_valid() else 422)


def _people_in(entries: QuerySet[AccessLogEntry]) -> QuerySet[Any, dict[str, Any]]:
    """Each person once, those who were shown most often first."""
    people = AccessLogPerson.objects.filter(entry__in=entries.order_by().values("pk")).order_by()
    counted = people.values("patient", "waitlist_entry").annotate(
        times=Count("pk"), first_at=Min("entry__at"), last_at=Max("entry__at")
    )
    return counted.order_by("-times", "patient", "waitlist_entry")  # type: ignore[return-value]


def _load(rows: Iterable[Mapping[str, Any]]) -> list[ShownPerson]:
    rows = list(rows)
    patients = Patient.objects.in_bulk([row["patient"] for row in rows if row["patient"]])
    waiting = WaitlistEntry.objects.in_bulk([row["waitlist_entry"] for row in rows if row["waitlist_entry"]])
    return [
        ShownPerson(
            patient_id=row["patient"],
            waitlist_entry_id=row["waitlist_entry"],
            patient=patients.get(row["patient"]),
            waitlist_entry=waiting.get(row["waitlist_entry"]),
            times=row["times"],
            first_at=row["first_at"],
            last_at=row["last_at"],
        )
        for row in rows
    ]
