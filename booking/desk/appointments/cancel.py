"""?do=cancel and POST /desk/appointments/<reference>/cancel/, and taking a cancellation back."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.http import require_POST

from booking import scheduling
from booking.desk.appointments import told
from booking.desk.appointments.changes import has_changed, last_change
from booking.desk.appointments.find import panel_visit, visit_to_change, visits_to_change
from booking.desk.appointments.form_address import panel_or_form
from booking.desk.appointments.visit import SeriesPlace, series_place, visit_panel
from booking.desk.calendar.page import CalendarPage, Panel, back_url, page_behind, render_page
from booking.desk.waitlist.freed_time import can_get_offer, offer_to_first, people_for
from booking.desk.waitlist.gap import GapPerson
from booking.formatting import full_stop
from booking.forms.fields import LineField
from booking.models import Appointment, CancelReason, Status
from booking.scheduling import Actor, SchedulingError
from booking.staff.access import staff_page
from booking.staff.undo import offer_undo

CANCELLABLE = (Status.BOOKED, Status.ARRIVED)
THIS, LATER = "this", "later"
MOST_RESTORED = 60  # Visits of one undo.


class VisitCancelForm(forms.Form):
    """Why, whether the patient is told and the time is offered, and in a series, how many visits."""

    use_required_attribute = False

    category = forms.ModelChoiceField(
        CancelReason.objects.filter(is_active=True),
        label=gettext_lazy("Reason"),
        required=False,
        empty_label=gettext_lazy("Not said"),
        widget=forms.RadioSelect,
    )
    reason = LineField(label=gettext_lazy("In words"), max_length=200, required=False)
    scope = forms.ChoiceField(label=gettext_lazy("Which visits"), required=False, widget=forms.RadioSelect)
    tell_patient = forms.BooleanField(required=False)
    offer_time = forms.BooleanField(required=False)

    def __init__(
        self, *args: Any, visit: Appointment, place: SeriesPlace | None, offerable: int = 0, **kwargs: Any
    ) -> None:
        """``offerable``: how many people on the waitlist could be offered the time."""
        super().__init__(*args, **{"label_suffix": "", **kwargs})
        self.fields["category"].empty_label = gettext("Not said")  # type: ignore[attr-defined]
        if place and place.later:
            later = gettext("This and all later ones (%(count)d)") % {"count": place.later + 1}
            self.fields["scope"].choices = [(THIS, gettext("This one")), (LATER, later)]  # type: ignore[attr-defined]
            self.fields["scope"].initial = THIS
        else:
            del self.fields["scope"]
        if visit.patient and visit.patient.email:
            self.fields["tell_patient"].label = gettext("Email %(name)s") % {"name": visit.patient.given_names}
            self.fields["tell_patient"].initial = True
        else:
            del self.fields["tell_patient"]
        if offerable:
            self.fields["offer_time"].label = gettext("Offer to the waitlist (%(count)d)") % {"count": offerable}
        else:
            del self.fields["offer_time"]
        for name in self.fields if self.is_bound else ():
            if name in self.errors:
                self.fields[name].widget.attrs["autofocus"] = True
                break


def cancel_panel(
    page: CalendarPage, visit: Appointment | None = None, form: VisitCancelForm | None = None
) -> Panel | None:
    visit = panel_visit(page, visit)
    if visit is None or visit.status not in CANCELLABLE or not page.may("change_appointment"):
        return None
    place = series_place(visit)
    people = people_for(page, visit)
    context = {
        "visit": visit,
        "form": form or VisitCancelForm(visit=visit, place=place, offerable=_offerable(page, people)),
        "series_place": place,
        "is_late": visit.changes_until < page.now < visit.starts_at,
        "has_begun": visit.starts_at <= page.now,
        "waiting_count": len(people),
        "today": page.today,
    }
    return Panel("desk/appointments/_cancel.html", context, [visit])


def _offerable(page: CalendarPage, people: Sequence[GapPerson]) -> int:
    """How many of these the user may offer the time to."""
    return sum(map(can_get_offer, people)) if page.may("change_waitlistentry") else 0


@staff_page("booking.change_appointment")
@panel_or_form("cancel")
def cancel(request: HttpRequest, reference: str) -> HttpResponse:
    """Cancel the visit, or it and all later ones of its series."""
    visit = visit_to_change(request, reference)
    page = page_behind(request)
    people = people_for(page, visit)
    form = VisitCancelForm(request.POST, visit=visit, place=series_place(visit), offerable=_offerable(page, people))
    if not form.is_valid():
        return _refuse(page, visit, form, status=422)
    if has_changed(request, visit):
        form.add_error(None, last_change(visit))
        return _refuse(page, visit, form, status=409)
    command = scheduling.cancel_later if form.cleaned_data.get("scope") == LATER else _cancel_one
    try:
        cancelled = command(
            appointment=visit,
            by=Actor.staff(request.user),
            now=timezone.now(),
            reason=form.cleaned_data["reason"],
            category=form.cleaned_data["category"],
            tell_patient=form.cleaned_data.get("tell_patient", False),
        )
    except SchedulingError as error:
        form.add_error(None, error.message)
        return _refuse(page, visit, form, status=409)
    _offer_undo(request, cancelled, page)
    if form.cleaned_data.get("offer_time") and offer_to_first(request, visit, people):
        return redirect(back_url(request, appointment="", do="", with_=None, at=None))
    if people and len(cancelled) == 1:
        gap = {"with_": visit.practitioner, "at": visit.local_start.time()}
        return redirect(back_url(request, day=visit.local_on, appointment="", do="", **gap))
    return redirect(back_url(request, appointment="", do="", with_=None, at=None))


def _cancel_one(**arguments: Any) -> list[Appointment]:
    return [scheduling.cancel(**arguments)]


def _refuse(page: CalendarPage, visit: Appointment, form: VisitCancelForm, *, status: int) -> HttpResponse:
    panel = cancel_panel(page, visit, form)
    if panel is None:  # Somebody else cancelled it, or it is over.
        for sentence in form.non_field_errors():
            messages.error(page.request, str(sentence))
        panel = visit_panel(page, visit)
    assert panel is not None
    return render_page(page, panel, status=status)


def _offer_undo(request: HttpRequest, cancelled: list[Appointment], page: CalendarPage) -> None:
    first = cancelled[0]
    words = {"patient": first.patient, "time": told.when(first.local_start, page.today), "count": len(cancelled)}
    sentence = full_stop(gettext("Cancelled: %(patient)s, %(time)s") % words)
    if len(cancelled) > 1:
        sentence = gettext("Cancelled: %(patient)s, %(count)d visits from %(time)s on.") % words
    sentence = f"{sentence} {told.is_told(first, told.CANCELLED, now=timezone.now())}".strip()
    references = " ".join(visit.reference for visit in cancelled[:MOST_RESTORED])
    offer_undo(request, sentence, reverse("desk:restore", args=[first.reference]), {"visits": references})


@require_POST
@staff_page("booking.change_appointment")
def restore(request: HttpRequest, reference: str) -> HttpResponse:
    """Take back the cancellation of this visit, and of those in the field ``visits``."""
    first = visit_to_change(request, reference)
    references = {reference, *request.POST.get("visits", "").split(" ")[:MOST_RESTORED]}
    visits = visits_to_change(request).filter(reference__in=[name for name in references if name.isalnum()])
    restored = []
    for visit in visits.order_by("starts_at"):
        try:
            restored.append(scheduling.restore(appointment=visit, by=Actor.staff(request.user), now=timezone.now()))
        except SchedulingError as error:
            time = told.when(visit.local_start, timezone.localdate())
            messages.error(request, f"{visit.patient}, {time}: {error.message}")
    if restored:
        words = {"patient": first.patient, "time": told.when(restored[0].local_start, timezone.localdate())}
        sentence = full_stop(gettext("%(patient)s is booked again: %(time)s") % words)
        if len(restored) > 1:
            words["count"] = str(len(restored))
            sentence = gettext("%(patient)s is booked again: %(count)s visits from %(time)s on.") % words
        news = told.is_told(restored[0], told.BOOKED, now=timezone.now())
        messages.success(request, f"{sentence} {news}".strip())
    return redirect(back_url(request, day=first.local_on, appointment=reference, do="", with_=None, at=None))
