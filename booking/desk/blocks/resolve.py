"""POST /desk/visits/resolve/: give visits to someone else, email their patients, or cancel them."""

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from booking.desk.blocks.inside import VisitInside, ask, cancel, give, report
from booking.desk.calendar.page import back_url
from booking.forms.fields import LineField
from booking.models import Appointment, Practitioner
from booking.staff.access import own_practitioner, staff_page, visible_visits
from booking.text_cleaning import is_plain_digits

CONFLICTS = "conflicts"  # The value of ``from``, on the page of visits outside hours.


@require_POST
@staff_page("booking.change_appointment", own="booking.keep_own_day")
def resolve(request: HttpRequest) -> HttpResponse:
    """What the pressed button says: ``give`` one visit, or ``ask`` or ``cancel`` those that are ticked."""
    now = timezone.now()
    may_change = own_practitioner(request) is None
    if may_change and "give" in request.POST:
        _give(request)
    elif "ask" in request.POST:
        if rows := _ticked(request):
            report(request, asked=ask(request, rows, now=now))
    elif may_change and "cancel" in request.POST:
        _cancel(request)
    return redirect("desk:conflicts" if request.POST.get("from") == CONFLICTS else back_url(request))


class CancelReasonForm(forms.Form):
    reason = LineField(label=_("Why"), max_length=200, required=False)


def _cancel(request: HttpRequest) -> None:
    form = CancelReasonForm(request.POST)
    if not form.is_valid():
        messages.error(request, " ".join([*form.errors["reason"], gettext("Nothing was cancelled.")]))
    elif rows := _ticked(request):
        count = cancel(request, rows, form.cleaned_data["reason"], now=timezone.now())
        report(request, cancelled=count)


def _give(request: HttpRequest) -> None:
    """``give`` is "visit-practitioner", as primary keys."""
    visit_pk, _sep, person_pk = request.POST["give"].partition("-")
    visits = _visits(request, [visit_pk])
    people = Practitioner.objects.active().filter(pk=_number(person_pk))
    to = people.first()
    if not visits or to is None:
        messages.warning(request, gettext("This visit or person is no longer there. Nothing was changed."))
        return
    (visit,) = visits
    if give(request, visit, to, now=timezone.now()):
        sentence = gettext("%(patient)s is now with %(person)s.") % {"patient": visit.patient, "person": to}
        if VisitInside(visit, (), "").can_be_emailed:
            sentence += " " + gettext("They will get an email.")
        messages.success(request, sentence)


def _ticked(request: HttpRequest) -> list[VisitInside]:
    rows = [VisitInside(visit, (), "") for visit in _visits(request, request.POST.getlist("visit"))]
    if not rows:
        messages.warning(request, gettext("Tick the visits first."))
    return rows


def _visits(request: HttpRequest, pks: list[str]) -> list[Appointment]:
    rows = visible_visits(request).upcoming(now=timezone.now()).filter(pk__in=[_number(pk) for pk in pks[:500]])
    return list(rows.select_related("patient", "practitioner", "service", "location", "room").order_by("starts_at"))


def _number(value: str) -> int:
    return int(value) if is_plain_digits(value) and len(value) < 19 else 0
