"""Two patients side by side: which values stay, what moves, and one press that makes them one."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.core import signing
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone

from booking import scheduling
from booking.admin.words import clock, moment, phone_in_words, short_day
from booking.models import Appointment, Patient
from booking.scheduling import MERGED_FIELDS, Actor, Refused
from booking.scheduling.merging import values_of
from booking.text import is_plain_digits
from booking.words import date_in_words

SALT = "booking.admin.merging"
MOST = 5  # visits shown of each


def address(one: int, other: int) -> str:
    """The page that shows two patients side by side; the one written down first is the one that stays."""
    keep, merged = sorted((one, other))
    return f"{reverse('admin:booking_patient_merge')}?{urlencode({'keep': keep, 'merged': merged})}"


@dataclass(frozen=True)
class Choice:
    """One line of the comparison: a field, what each has, and which of the two is chosen."""

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
class Side:
    """One of the two, with what belongs to them."""

    patient: Patient
    visits: list[Appointment]

    @property
    def since(self) -> str:
        return moment(self.patient.created_at)

    @property
    def latest(self) -> list[str]:
        lines = [
            f"{short_day(visit.local_start)}, {clock(visit.local_start)}, {visit.get_status_display().lower()}"
            for visit in self.visits[:MOST]
        ]
        more = len(self.visits) - MOST
        return [*lines, f"and {more} earlier"] if more > 0 else lines


def page(office: Any, request: HttpRequest) -> HttpResponse:
    """GET: side by side. POST: the result to look at, and with ``sure`` the merge itself."""
    if not office.has_merge_permission(request):
        raise PermissionDenied
    asked = request.POST if request.method == "POST" else request.GET
    keep, merged = (_find(office, request, asked.get(name, "")) for name in ("keep", "merged"))
    if keep == merged:
        messages.warning(request, "This is one and the same patient. Tick two to merge.")
        return HttpResponseRedirect(reverse("admin:booking_patient_changelist"))
    if request.method != "POST":
        return _compare(office, request, keep, merged)
    shown = _read_shown(request)
    if shown != {"keep": values_of(keep), "merged": values_of(merged)}:
        messages.error(request, "Somebody has changed one of these patients meanwhile. Look at both again.")
        return _compare(office, request, keep, merged, status=409)
    if "sure" not in request.POST:
        return _look(office, request, keep, merged)
    try:
        record = scheduling.merge(
            keep=keep,
            merged=merged,
            take=_taken(request),
            by=Actor.staff(request.user),
            now=timezone.now(),
            shown=shown,
            renew="renew" in request.POST,
        )
    except Refused as refused:
        messages.error(request, refused.message)
        return _compare(office, request, keep, merged, status=409)
    office.log_change(request, record.kept, f"Merged with {merged} (patient {merged.pk}).")
    count = len(record.moved.get("appointment", []))
    messages.success(request, f"Merged: {count} visit{'' if count == 1 else 's'} moved. {record.kept} stands.")
    return HttpResponseRedirect(reverse("admin:booking_patient_change", args=[keep.pk]))


def _find(office: admin.ModelAdmin, request: HttpRequest, typed: str) -> Patient:
    """A patient who stands. What cannot be a row's number never gets to the database."""
    if not is_plain_digits(typed) or len(typed) > 18:
        raise Http404
    found = office.get_queryset(request).filter(pk=int(typed)).first()
    if found is None:
        raise Http404("No such patient, or one who was merged already.")
    return found


def _taken(request: HttpRequest) -> list[str]:
    return [name for name in MERGED_FIELDS if request.POST.get(f"take-{name}") == "merged"]


def _stamp(keep: Patient, merged: Patient) -> str:
    """Both rows as they are shown, so that a merge is of what somebody saw."""
    return signing.dumps({"keep": values_of(keep), "merged": values_of(merged)}, salt=SALT)


def _read_shown(request: HttpRequest) -> Any:
    try:
        return signing.loads(request.POST.get("shown", ""), salt=SALT)
    except signing.BadSignature:
        return None


def _in_words(patient: Patient, name: str) -> str:
    value = getattr(patient, name)
    if name == "phone":
        return phone_in_words(value)
    return date_in_words(value) if name == "date_of_birth" and value else str(value or "")


def _choices(keep: Patient, merged: Patient, taken: list[str] | None) -> list[Choice]:
    """What stays if nobody says otherwise: what the one that stays has, or the other's where it has nothing."""
    lines = []
    for name in MERGED_FIELDS:
        both = _in_words(keep, name), _in_words(merged, name)
        takes = (name in taken) if taken is not None else (not both[0] and bool(both[1]))
        label = str(Patient._meta.get_field(name).verbose_name).capitalize()  # type: ignore[union-attr]
        lines.append(Choice(name, {"Email": "E-mail"}.get(label, label), *both, takes))
    return lines


def _sides(keep: Patient, merged: Patient) -> list[Side]:
    visits = Appointment.objects.agreed().filter(patient__in=[keep, merged]).select_related("location")
    rows = list(visits.order_by("-starts_at"))
    return [Side(patient, [row for row in rows if row.patient_id == patient.pk]) for patient in (keep, merged)]


def _compare(
    office: admin.ModelAdmin, request: HttpRequest, keep: Patient, merged: Patient, *, status: int = 200
) -> HttpResponse:
    taken = _taken(request) if request.method == "POST" and status == 200 else None
    page = {
        "title": "Merge two patients",
        "choices": _choices(keep, merged, taken),
        "sides": _sides(keep, merged),
    }
    return _show(office, request, keep, merged, "merge", page, status)


def _look(office: admin.ModelAdmin, request: HttpRequest, keep: Patient, merged: Patient) -> HttpResponse:
    choices = _choices(keep, merged, _taken(request))
    sides = _sides(keep, merged)
    ahead = [visit for side in sides for visit in side.visits if visit.status == "booked"]
    coming = [visit for visit in ahead if visit.starts_at > timezone.now()]
    email = next(choice for choice in choices if choice.name == "email")
    page = {
        "title": "Merge these two?",
        "choices": choices,
        "sides": sides,
        "taken": [choice.name for choice in choices if choice.takes_merged],
        "address_goes": email.chosen and email.keep.lower() != email.merged.lower() and coming,
        "coming": len(coming),
    }
    return _show(office, request, keep, merged, "merge_look", page)


def _show(
    office: admin.ModelAdmin,
    request: HttpRequest,
    keep: Patient,
    merged: Patient,
    template: str,
    page: dict[str, Any],
    status: int = 200,
) -> HttpResponse:
    context = {
        **office.admin_site.each_context(request),
        "opts": office.opts,
        "subtitle": None,
        "keep": keep,
        "merged": merged,
        "shown": _stamp(keep, merged),
        "back": address(keep.pk, merged.pk),
        **page,
    }
    return TemplateResponse(request, f"admin/booking/patient/{template}.html", context, status=status)
