"""Who changed what: the change log with the history of appointments, by date, staff member, patient and kind."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from itertools import islice
from typing import Any

from django.contrib.auth import get_user_model
from django.core.paginator import Paginator
from django.db.models import CharField, Q, QuerySet, Value
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from booking.desk.privacy.change_words import EVENT, ChangeRow, kind_in_words, row_of_entry, row_of_event
from booking.desk.privacy.filters import ChangeLogFilterForm, last_days
from booking.models import AppointmentEvent, ChangeLogEntry, Patient
from booking.privacy.access_log import Kind, log_view
from booking.privacy.csv_file import csv_response
from booking.privacy.date_range import DateRange
from booking.privacy.event_states import names_in
from booking.privacy.identities import identities_of, name_in_words
from booking.staff.access import desk_page, staff_page
from booking.staff.formats import staff_name

PAGE_SIZE = 50
_CSV_CHUNK = 500
_HEADER = ("time", "who", "action", "data", "row", "patient", "field", "before", "after", "reason")
_ENTRY, _EVENT = "entry", "event"
Key = tuple[datetime, int, str]


@dataclass(frozen=True)
class Changes:
    """Entries of the change log, and events of appointments that a patient has booked."""

    entries: QuerySet[ChangeLogEntry]
    events: QuerySet[AppointmentEvent]

    @classmethod
    def where(cls, entries: Q, events: Q) -> "Changes":
        booked = AppointmentEvent.objects.filter(events, appointment__patient__isnull=False)
        return cls(ChangeLogEntry.objects.filter(entries), booked)

    def kinds(self) -> list[tuple[str, str]]:
        """The kinds of data that were changed, and the history of appointments. One query."""
        models = self.entries.order_by("model").values_list("model", flat=True).distinct()
        kinds = [(model, kind_in_words(model)) for model in models]
        return [*sorted(kinds, key=lambda kind: kind[1]), (EVENT, kind_in_words(EVENT))]

    def filtered(self, kind: str, period: DateRange) -> "Changes":
        entries, events = self.entries, self.events
        if kind:
            entries = entries.filter(model=kind)
            events = events if kind == EVENT else events.none()
        days = _within(period)
        return Changes(entries.filter(days), events.filter(days))

    def keys(self) -> QuerySet[Any, Key]:
        """Time, primary key and table of all, newest first."""
        entries, events = (
            rows.order_by().annotate(table=Value(table, output_field=CharField())).values_list("at", "id", "table")
            for table, rows in ((_ENTRY, self.entries), (_EVENT, self.events))
        )
        return entries.union(events, all=True).order_by("-at", "-table", "-id")  # type: ignore[no-any-return]

    def people(self) -> QuerySet[Patient]:
        """Whose data was changed."""
        of_entries = self.entries.order_by().values("patient")
        of_events = self.events.order_by().values("appointment__patient")
        return Patient.objects.filter(Q(pk__in=of_entries) | Q(pk__in=of_events))


@require_safe
@staff_page("booking.view_changelogentry")
def by_date(request: HttpRequest) -> HttpResponseBase:
    """Everyone's changes, of the last 30 days unless the address names others."""
    context = {"heading": gettext("Who changed what, by date")}
    return _show(request, Changes.where(Q(), Q()), context, default=last_days(timezone.localdate()))


@require_safe
@staff_page("booking.view_changelogentry")
def by_staff(request: HttpRequest, pk: int) -> HttpResponseBase:
    member = get_object_or_404(get_user_model(), pk=pk)
    heading = gettext("What %(name)s changed") % {"name": staff_name(member)}
    changes = Changes.where(Q(actor=member), Q(actor=member))
    context = {"heading": heading, "member": member}
    return _show(request, changes, context, default=last_days(timezone.localdate()))


@require_safe
@staff_page("booking.view_changelogentry")
def by_patient(request: HttpRequest, pk: int) -> HttpResponseBase:
    """What was changed about a patient, with the rows that were merged into theirs. Of all time by default."""
    identities = identities_of(get_object_or_404(Patient, pk=pk))
    changes = Changes.where(Q(patient__in=identities), Q(appointment__patient__in=identities))
    context = {
        "heading": gettext("What was changed about %(name)s") % {"name": name_in_words(identities[0])},
        "patient": identities[0],
        "merged": identities[1:],
    }
    return _show(request, changes, context, shown=identities)


def _show(
    request: HttpRequest,
    changes: Changes,
    context: Mapping[str, Any],
    *,
    shown: Sequence[Patient] = (),
    default: Mapping[str, str] | None = None,
) -> HttpResponseBase:
    form = ChangeLogFilterForm({**(default or {}), **request.GET.dict()}, kinds=changes.kinds())
    is_valid = form.is_valid()
    if is_valid:
        changes = changes.filtered(form.cleaned_data["kind"], form.period)
        if request.GET.get("format") == "csv":
            log_view(request, Kind.EXPORT, [*shown, *changes.people()])
            return _csv(changes, timezone.get_current_timezone())
    page = Paginator(changes.keys(), PAGE_SIZE).get_page(request.GET.get("page")) if is_valid else None
    rows = load_rows(page.object_list) if page else []
    log_view(request, Kind.LOG, [*shown, *(row.patient for row in rows)])
    return desk_page(
        request,
        "desk/privacy/changes.html",
        {"section": "privacy", "form": form, "page": page, "rows": rows, **context},
        status=200 if is_valid else 422,
    )


def load_rows(keys: Iterable[Key]) -> list[ChangeRow]:
    """The rows in the order of their keys, with a constant number of queries."""
    keys = list(keys)
    entries = ChangeLogEntry.objects.select_related("actor", "patient").in_bulk(
        [pk for _at, pk, table in keys if table == _ENTRY]
    )
    events = AppointmentEvent.objects.select_related("actor", "appointment__patient").in_bulk(
        [pk for _at, pk, table in keys if table == _EVENT]
    )
    names = names_in(events.values())
    return [
        row_of_entry(entries[pk]) if table == _ENTRY else row_of_event(events[pk], names) for _at, pk, table in keys
    ]


def _within(period: DateRange) -> Q:
    days = Q()
    if starts_at := period.starts_at:
        days &= Q(at__gte=starts_at)
    if ends_at := period.ends_at:
        days &= Q(at__lt=ends_at)
    return days


def _csv(changes: Changes, zone: tzinfo) -> HttpResponseBase:
    """A line for each changed field, with the values as they are stored."""
    return csv_response(f"changes-{timezone.localdate().isoformat()}.csv", _HEADER, _csv_rows(changes.keys(), zone))


def _csv_rows(keys: QuerySet[Any, Key], zone: tzinfo) -> Iterator[list[Any]]:
    """The keys come from one query: with a query for each page, what is written meanwhile would repeat rows."""
    remaining = keys.iterator(chunk_size=_CSV_CHUNK)
    while chunk := list(islice(remaining, _CSV_CHUNK)):
        for row in load_rows(chunk):
            first = [row.at.astimezone(zone).isoformat(timespec="seconds"), row.who, row.action, row.what, row.label]
            first.append(str(row.patient_key or ""))
            for change in row.fields:
                yield [*first, change.label, change.raw_before, change.raw_after, row.reason]
            if not row.fields:
                yield [*first, "", "", gettext("removed on disposal") if row.is_removed else "", row.reason]
