"""Who saw what: the access log by date, by staff member, by patient, and the people whom one entry showed."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import tzinfo
from typing import Any

from django.contrib.auth import get_user_model
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from booking.desk.privacy.filters import AccessLogFilterForm, last_days
from booking.models import AccessLogEntry, AccessLogPerson, Patient, WaitlistEntry
from booking.privacy.access_log import Kind, log_view
from booking.privacy.csv_file import csv_response
from booking.privacy.identities import identities_of, name_in_words
from booking.privacy.unusual_looks import EXPLANATIONS, Unusual, unusual_looks, within
from booking.staff.access import desk_page, staff_page
from booking.staff.formats import staff_name

PAGE_SIZE = 50
_CSV_CHUNK = 1000
_HEADER = (
    "time", "login", "name", "role", "kind", "page", "network address", "people shown", "patients",
    "waitlist entries", "reason",
)  # fmt: skip


@require_safe
@staff_page("booking.view_accesslogentry")
def by_date(request: HttpRequest) -> HttpResponseBase:
    """Everyone's looks, of the last 30 days unless the address names others."""
    context = {"heading": gettext("Who saw what, by date")}
    return show_log(request, AccessLogEntry.objects.all(), context, default=last_days(timezone.localdate()))


@require_safe
@staff_page("booking.view_accesslogentry")
def by_staff(request: HttpRequest, pk: int) -> HttpResponseBase:
    """What one login was shown."""
    member = get_object_or_404(get_user_model(), pk=pk)
    heading = gettext("What %(name)s saw") % {"name": staff_name(member)}
    context = {"heading": heading, "member": member}
    return show_log(
        request, AccessLogEntry.objects.filter(staff=member), context, default=last_days(timezone.localdate())
    )


@require_safe
@staff_page("booking.view_accesslogentry")
def by_patient(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Who saw a patient, with the rows that were merged into theirs. Of all time, unless the address names days."""
    identities = identities_of(get_object_or_404(Patient, pk=pk))
    context = {
        "heading": gettext("Who saw %(name)s") % {"name": name_in_words(identities[0])},
        "patient": identities[0],
        "merged": identities[1:],
    }
    return show_log(request, entries_about(identities), context, shown=identities)


def entries_about(identities: Iterable[Patient]) -> QuerySet[AccessLogEntry]:
    """The entries that showed these patients, or what they wait for."""
    waiting = WaitlistEntry.objects.filter(patient__in=identities)
    people = AccessLogPerson.objects.filter(Q(patient__in=identities) | Q(waitlist_entry__in=waiting))
    return AccessLogEntry.objects.filter(pk__in=people.values("entry"))


def show_log(
    request: HttpRequest,
    entries: QuerySet[AccessLogEntry],
    context: Mapping[str, Any],
    *,
    shown: Iterable[Patient] = (),
    default: Mapping[str, str] | None = None,
) -> HttpResponseBase:
    """The page or the CSV file of these entries. Itself a look at the log, with the patients whom the page names."""
    form = AccessLogFilterForm({**(default or {}), **request.GET.dict()})
    rows = filter_entries(entries, form) if form.is_valid() else entries.none()
    if form.is_valid() and request.GET.get("format") == "csv":
        log_view(request, Kind.EXPORT, shown)
        return _csv(rows, timezone.get_current_timezone())
    log_view(request, Kind.LOG, shown)
    rows = rows.select_related("staff").order_by("-at", "-pk")
    page = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    unusual = form.cleaned_data.get("unusual", "") if form.is_valid() else ""
    explanation = EXPLANATIONS[Unusual(unusual)] if unusual else ""
    return desk_page(
        request,
        "desk/privacy/access_log.html",
        {"section": "privacy", "form": form, "page": page, "explanation": explanation, **context},
        status=200 if form.is_valid() else 422,
    )


def filter_entries(entries: QuerySet[AccessLogEntry], form: AccessLogFilterForm) -> QuerySet[AccessLogEntry]:
    """The entries that a valid form selects."""
    if kind := form.cleaned_data["kind"]:
        entries = entries.filter(kind=kind)
    if unusual := form.cleaned_data["unusual"]:
        return unusual_looks(entries, unusual, form.period)
    return within(entries, form.period)


@require_safe
@staff_page("booking.view_accesslogentry")
def entry(request: HttpRequest, pk: int) -> HttpResponse:
    """One entry with the names of the people whom it showed."""
    found = get_object_or_404(AccessLogEntry.objects.select_related("staff"), pk=pk)
    people = list(found.people.select_related("patient", "waitlist_entry").order_by("pk"))
    log_view(request, Kind.LOG, [person.patient or person.waitlist_entry for person in people])
    context = {"section": "privacy", "entry": found, "people": people}
    return desk_page(request, "desk/privacy/access_log_entry.html", context)


@require_safe
@staff_page("booking.view_accesslogentry")
def staff_list(request: HttpRequest) -> HttpResponse:
    """Every login that is or was one of the staff."""
    members = get_user_model().objects.filter(
        Q(is_staff=True) | Q(pk__in=AccessLogEntry.objects.order_by().values("staff"))
    )
    members = members.order_by("-is_active", "last_name", "first_name", "username").prefetch_related("groups")
    return desk_page(request, "desk/privacy/staff.html", {"section": "privacy", "members": members})


def _csv(rows: QuerySet[AccessLogEntry], zone: tzinfo) -> HttpResponseBase:
    """People by the number of their row, not by name: a file leaves the office more easily than a page."""
    rows = rows.select_related("staff").prefetch_related("people").order_by("-at", "-pk")
    return csv_response(f"access-log-{timezone.localdate().isoformat()}.csv", _HEADER, _csv_rows(rows, zone))


def _csv_rows(rows: QuerySet[AccessLogEntry], zone: tzinfo) -> Iterator[list[Any]]:
    for row in rows.iterator(chunk_size=_CSV_CHUNK):
        people = list(row.people.all())
        yield [
            row.at.astimezone(zone).isoformat(timespec="seconds"),
            row.staff.get_username() if row.staff else "",
            staff_name(row.staff),
            row.role,
            row.get_kind_display(),
            row.page,
            row.address,
            row.count,
            " ".join(str(person.patient_id) for person in people if person.patient_id),
            " ".join(str(person.waitlist_entry_id) for person in people if person.waitlist_entry_id),
            row.reason,
        ]
