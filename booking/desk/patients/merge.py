"""/desk/patients/merge/: compare two patients side by side, preview the result, merge."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext, ngettext

from booking import scheduling
from booking.desk.patients.load import compare_url
from booking.formatting import date_in_words
from booking.models import AccessLogEntry, Appointment, Patient
from booking.privacy.access_log import log_view
from booking.scheduling import MERGED_FIELDS, Actor, SchedulingError, merge_values
from booking.staff.access import desk_page, staff_page
from booking.staff.formats import clock, format_instant, format_phone, short_day
from booking.staff.history import log_change
from booking.text_cleaning import is_plain_digits

SALT = "booking.desk.merge"
MAX_VISITS = 5  # shown for each patient


@dataclass(frozen=True)
class FieldChoice:
    """A field of both patients, and which value is chosen."""

    name: str
    label: str
    keep: str
    merged: str
    takes_merged: bool

    @property
    def differs(self) -> bool:
        return self.keep != self.merged

    @property
    def chosen(self) -> str:
        return self.merged if self.takes_merged else self.keep


@dataclass(frozen=True)
class MergeSide:
    """One of the two patients, with their appointments."""

    patient: Patient
    visits: list[Appointment]

    @property
    def since(self) -> str:
        return format_instant(self.patient.created_at)

    @property
    def latest(self) -> list[str]:
        lines = [
            f"{short_day(visit.local_start)}, {clock(visit.local_start)}, {visit.get_status_display().lower()}"
            for visit in self.visits[:MAX_VISITS]
        ]
        more = len(self.visits) - MAX_VISITS
        return [*lines, f"and {more} earlier"] if more > 0 else lines


@staff_page("booking.merge_patient")
def merge_patients(request: HttpRequest) -> HttpResponse:
    """GET: the comparison. POST: a preview of the result; with ``sure``, the merge."""
    params = request.POST if request.method == "POST" else request.GET
    keep, merged = (_get_patient(params.get(name, "")) for name in ("keep", "merged"))
    if keep == merged:
        messages.warning(request, gettext("This is the same patient twice. Choose two different ones to merge."))
        return redirect("desk:patients")
    if request.method != "POST":
        return _compare(request, keep, merged)
    signed_values = _read_signed_values(request)
    if signed_values != {"keep": merge_values(keep), "merged": merge_values(merged)}:
        messages.error(
            request, gettext("Someone changed one of these patients in the meantime. Please look at both again.")
        )
        return _compare(request, keep, merged, status=409)
    if "sure" not in request.POST:
        return _preview(request, keep, merged)
    try:
        record = scheduling.merge(
            keep=keep,
            merged=merged,
            take=_taken_fields(request),
            by=Actor.staff(request.user),
            now=timezone.now(),
            shown=signed_values,
            renew="renew" in request.POST,
        )
    except SchedulingError as error:
        messages.error(request, error.message)
        return _compare(request, keep, merged, status=409)
    log_change(request.user, record.kept, f"Merged with {merged} (patient {merged.pk}).")
    count = len(record.moved.get("appointment", []))
    sentence = ngettext("Merged: %(n)d visit moved to %(name)s.", "Merged: %(n)d visits moved to %(name)s.", count)
    messages.success(request, sentence % {"n": count, "name": record.kept})
    return redirect("desk:patient", keep.pk)


def _get_patient(pk: str) -> Patient:
    """An unmerged patient. Raises Http404; a value that cannot be a primary key never reaches the database."""
    patient = Patient.objects.current().filter(pk=int(pk)).first() if is_plain_digits(pk) and len(pk) <= 18 else None
    if patient is None:
        raise Http404(gettext("There's no such patient, or they were already merged."))
    return patient


def _taken_fields(request: HttpRequest) -> list[str]:
    return [name for name in MERGED_FIELDS if request.POST.get(f"take-{name}") == "merged"]


def _sign_values(keep: Patient, merged: Patient) -> str:
    """Sign both patients' values, so that the merge can detect a change since the page was rendered."""
    return signing.dumps({"keep": merge_values(keep), "merged": merge_values(merged)}, salt=SALT)


def _read_signed_values(request: HttpRequest) -> Any:
    try:
        return signing.loads(request.POST.get("shown", ""), salt=SALT)
    except signing.BadSignature:
        return None


def _format_value(patient: Patient, name: str) -> str:
    value = getattr(patient, name)
    if name == "phone":
        return format_phone(value)
    return date_in_words(value) if name == "date_of_birth" and value else str(value or "")


def _choices(keep: Patient, merged: Patient, taken_fields: list[str] | None) -> list[FieldChoice]:
    """The choices of all fields. By default the kept patient's value, or the other's where it is empty."""
    choices = []
    for name in MERGED_FIELDS:
        values = _format_value(keep, name), _format_value(merged, name)
        takes_merged = (name in taken_fields) if taken_fields is not None else (not values[0] and bool(values[1]))
        label = str(Patient._meta.get_field(name).verbose_name).capitalize()  # type: ignore[union-attr]
        choices.append(FieldChoice(name, label, *values, takes_merged))
    return choices


def _sides(keep: Patient, merged: Patient) -> list[MergeSide]:
    visits = Appointment.objects.agreed().filter(patient__in=[keep, merged]).select_related("location")
    rows = list(visits.order_by("-starts_at"))
    return [MergeSide(patient, [row for row in rows if row.patient_id == patient.pk]) for patient in (keep, merged)]


def _compare(request: HttpRequest, keep: Patient, merged: Patient, *, status: int = 200) -> HttpResponse:
    taken_fields = _taken_fields(request) if request.method == "POST" and status == 200 else None
    context = {
        "title": gettext("Merge two patients"),
        "choices": _choices(keep, merged, taken_fields),
        "sides": _sides(keep, merged),
    }
    return _show(request, keep, merged, "merge", context, status)


def _preview(request: HttpRequest, keep: Patient, merged: Patient) -> HttpResponse:
    choices = _choices(keep, merged, _taken_fields(request))
    sides = _sides(keep, merged)
    booked = [visit for side in sides for visit in side.visits if visit.status == "booked"]
    upcoming = [visit for visit in booked if visit.starts_at > timezone.now()]
    email = next(choice for choice in choices if choice.name == "email")
    context = {
        "title": gettext("Merge these two?"),
        "choices": choices,
        "sides": sides,
        "email": email.chosen,
        "taken": [choice.name for choice in choices if choice.takes_merged],
        "address_goes": email.chosen and email.keep.lower() != email.merged.lower() and upcoming,
        "coming": len(upcoming),
    }
    return _show(request, keep, merged, "merge_look", context)


def _show(
    request: HttpRequest, keep: Patient, merged: Patient, template: str, extra: dict[str, Any], status: int = 200
) -> HttpResponse:
    log_view(request, AccessLogEntry.Kind.RECORD, [keep, merged])
    context = {
        "section": "patients",
        "keep": keep,
        "merged": merged,
        "shown": _sign_values(keep, merged),
        "back": compare_url(keep.pk, merged.pk),
        **extra,
    }
    return desk_page(request, f"desk/patients/{template}.html", context, status=status)
