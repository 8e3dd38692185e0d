"""/desk/appointments/<reference>/same-source/: everything booked from one network, to cancel what is abuse."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods

from booking import scheduling
from booking.desk.appointments.sources import from_source
from booking.desk.calendar.params import CalendarParams
from booking.forms.fields import LineField
from booking.models import PENDING, AccessLogEntry, Appointment, CancelReason, Status
from booking.privacy.access_log import log_view
from booking.scheduling import Actor, SchedulingError
from booking.staff.access import desk_page, staff_page

MAX_ROWS = 200


class CancelTickedForm(forms.Form):
    """Which visits, why, and whether their patients are told. ``choices``: the references of those on the page."""

    use_required_attribute = False

    visits = forms.MultipleChoiceField(
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": gettext_lazy("Tick at least one."),
            "invalid_choice": gettext_lazy("One of these has changed. Look at the list again."),
        },
    )
    category = forms.ModelChoiceField(
        CancelReason.objects.filter(is_active=True),
        label=gettext_lazy("Reason"),
        required=False,
        empty_label=gettext_lazy("Not said"),
    )
    reason = LineField(label=gettext_lazy("In words"), max_length=200, required=False)
    tell_patient = forms.BooleanField(label=gettext_lazy("Email the patients"), required=False)

    def __init__(self, *args: Any, references: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **kwargs})
        self.fields["visits"].choices = [(name, name) for name in references]  # type: ignore[attr-defined]
        self.fields["category"].empty_label = gettext("Not said")  # type: ignore[attr-defined]


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page("booking.view_appointment")
def same_source(request: HttpRequest, reference: str) -> HttpResponse:
    """The bookings and holds of a week; POST cancels those that are ticked."""
    user: Any = request.user
    visit = get_object_or_404(
        Appointment.objects.filter(patient__isnull=False).select_related("patient", "location"), reference=reference
    )
    now = timezone.now()
    rows = _load(visit, now)
    references = [row.reference for row in rows if is_cancellable(row, now)]
    if request.method != "POST":
        return _show(request, visit, rows, CancelTickedForm(references=references), now)
    if not user.has_perm("booking.change_appointment"):
        raise PermissionDenied
    form = CancelTickedForm(request.POST, references=references)
    if not form.is_valid():
        return _show(request, visit, rows, form, now, status=422)
    ticked = set(form.cleaned_data["visits"])
    _cancel(request, [row for row in rows if row.reference in ticked], form, now)
    return redirect("desk:same_source", reference)


def is_cancellable(row: Appointment, now: datetime) -> bool:
    """Whether it still takes time or can still be confirmed."""
    return (row.status == Status.BOOKED and row.starts_at > now) or (row.status in PENDING and not row.has_ended(now))


def _load(visit: Appointment, now: datetime) -> list[Appointment]:
    rows = from_source(visit, now=now).select_related("patient", "practitioner", "service", "location")
    return list(rows.order_by("-created_at", "-pk")[:MAX_ROWS])


def _cancel(request: HttpRequest, rows: Sequence[Appointment], form: CancelTickedForm, now: datetime) -> None:
    """Each in a transaction of its own: one that has changed meanwhile keeps no other."""
    by, count = Actor.staff(request.user), 0
    for row in rows:
        try:
            if row.status in PENDING:
                scheduling.release(appointment=row, by=by, now=now)
            else:
                words = {name: form.cleaned_data[name] for name in ("category", "reason", "tell_patient")}
                scheduling.cancel(appointment=row, by=by, now=now, **words)
            count += 1
        except SchedulingError as error:
            messages.error(request, f"{row.reference}: {error.message}")
    if count:
        messages.success(request, ngettext("%(n)d cancelled.", "%(n)d cancelled.", count) % {"n": count})


def _show(
    request: HttpRequest,
    visit: Appointment,
    rows: Sequence[Appointment],
    form: CancelTickedForm,
    now: datetime,
    *,
    status: int = 200,
) -> HttpResponse:
    log_view(request, AccessLogEntry.Kind.LIST, [visit, *rows])
    ticked = set(form.data.getlist("visits")) if form.is_bound else set()  # type: ignore[attr-defined]
    lines = [(row, is_cancellable(row, now), row.reference in ticked) for row in rows]
    context = {
        "section": "calendar",
        "visit": visit,
        "back_url": CalendarParams(visit.local_on, appointment=visit.reference).url(),
        "lines": lines,
        "form": form,
        "can_cancel": any(can_cancel for _row, can_cancel, _ticked in lines),
    }
    return desk_page(request, "desk/appointments/same_source.html", context, status=status)
