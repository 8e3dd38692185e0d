"""Bulk actions on a practitioner's day: ask patients to move, hand the visits on, or cancel them.

Two pages: the day's visits with checkboxes, then a confirmation. Each visit runs its own command, so an error for one
does not stop the others.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.widgets import AdminTextInputWidget
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from booking import scheduling
from booking.admin import diary_pages, patient_news
from booking.admin.diary_forms import StaffCancelForm
from booking.admin.diary_steps import appointment_label
from booking.admin.read_only import admin_context
from booking.formatting import full_stop
from booking.forms.fields import LineField
from booking.models import AccessLogEntry, Appointment, Message, Practitioner
from booking.privacy.access_log import log_view
from booking.scheduling import Actor, NotBookable, SchedulingError
from booking.staff.conflict_list import ConflictRow, day_url
from booking.staff.formats import colour_mark, day


class AskToMoveForm(forms.Form):
    note = LineField(
        max_length=200,
        required=False,
        widget=AdminTextInputWidget,
        help_text=_("For the clinic's records, such as: sick. Patients don't see the reason."),
    )

    def get_fieldsets(self) -> list[tuple[str | None, dict[str, Any]]]:
        return [(None, {"fields": list(self.fields)})]


class HandOnForm(forms.Form):
    """Choose a practitioner who is free for at least one of the visits."""

    def __init__(self, *args: Any, substitutes: dict[Practitioner, set[int]], count: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [
            (str(person.pk), f"{person}, free for {len(free)} of {count}") for person, free in substitutes.items()
        ]
        self.fields["to"] = forms.TypedChoiceField(
            label="To",
            choices=[("", "Choose a practitioner"), *choices],
            coerce=int,
            error_messages={"required": "Choose a practitioner.", "invalid_choice": "Choose a practitioner."},
            help_text=gettext(
                "Visits at times when this person isn't free stay where they are. You'll see which ones."
            ),
        )

    def get_fieldsets(self) -> list[tuple[str | None, dict[str, Any]]]:
        return [(None, {"fields": ["to"]})]


@dataclass(frozen=True)
class BulkAction:
    """A bulk action: its labels, the command that it runs for each visit, and the messages that this queues."""

    title: str | Promise
    button: str | Promise
    done: str | Promise
    run: Callable[..., Any]
    news: frozenset[Message.Kind]
    is_drastic: bool = False


def _ask(visit: Appointment, by: Actor, now: datetime, form: Any, substitutes: dict[Practitioner, set[int]]) -> None:
    scheduling.ask_to_move(appointment=visit, by=by, now=now, note=form.cleaned_data["note"])


def _cancel(visit: Appointment, by: Actor, now: datetime, form: Any, substitutes: dict[Practitioner, set[int]]) -> None:
    scheduling.cancel(appointment=visit, by=by, now=now, reason=form.cleaned_data["reason"])


def _hand_on(
    visit: Appointment, by: Actor, now: datetime, form: Any, substitutes: dict[Practitioner, set[int]]
) -> None:
    to, free = next((person, free) for person, free in substitutes.items() if person.pk == form.cleaned_data["to"])
    if visit.pk not in free:
        raise NotBookable(f"{to} isn't free then, so it stays as it was.")
    scheduling.reschedule(appointment=visit, starts_at=visit.starts_at, practitioner=to, by=by, now=now)


ACTIONS = {
    "ask": BulkAction(
        "Ask these patients to choose another time", "Ask {count}", "Asked to move", _ask, patient_news.ASKED
    ),
    "hand-on": BulkAction(
        "Reassign these visits at the same times",
        "Reassign {count}",
        "Reassigned",
        _hand_on,
        patient_news.MOVED,
    ),
    "cancel": BulkAction(
        "Cancel these visits", "Cancel {count}", "Cancelled", _cancel, patient_news.CANCELLED, is_drastic=True
    ),
}


def page(model_admin: Any, request: HttpRequest, practitioner: int, on: str) -> HttpResponse:
    """Show the day; on POST confirm and run a bulk action."""
    if not model_admin.has_keep_diary_permission(request):
        raise PermissionDenied
    try:
        chosen_day = date.fromisoformat(on)
    except ValueError as error:
        raise Http404 from error
    if on != chosen_day.isoformat():
        raise Http404  # fromisoformat also accepts 20261124 and 2026-W48-2, which are not our URLs.
    person = get_object_or_404(Practitioner, pk=practitioner)
    visits = _visits_on(person, chosen_day)
    action = ACTIONS.get(request.POST.get("do", ""))
    if request.method != "POST" or action is None:
        return _show_day(model_admin, request, person, chosen_day, visits)
    selected = set(request.POST.getlist("visit"))
    chosen = [visit for visit in visits if str(visit.pk) in selected]
    if not chosen:
        messages.warning(request, gettext("Tick the visits first."))
        return _show_day(model_admin, request, person, chosen_day, visits, status=422)
    return _run_action(model_admin, request, action, chosen, day_url(person, chosen_day))


def _visits_on(person: Practitioner, on: date) -> list[Appointment]:
    """The visits that have not begun, which can still be moved or cancelled."""
    queryset = Appointment.objects.upcoming(now=timezone.now()).filter(practitioner=person, local_on=on)
    return list(queryset.select_related("patient", "practitioner", "service", "location", "room").order_by("starts_at"))


def _show_day(
    model_admin: Any, request: HttpRequest, person: Practitioner, on: date, visits: list[Appointment], status: int = 200
) -> HttpResponse:
    log_view(request, AccessLogEntry.Kind.DAY, visits)
    now = timezone.now()
    conflicting_pks = (
        {conflict.appointment.pk for conflict in scheduling.find_conflicts(now=now, practitioner=person)}
        if visits
        else set()
    )
    time_off_url = reverse("admin:booking_timeoff_add") + f"?practitioner={person.pk}&starts_on={on}&ends_on={on}"
    context = {
        **admin_context(model_admin, request),
        "title": f"{person}, {day(on)}",
        "practitioner": person,
        "mark": colour_mark(person.colour),
        "heading": day(on),
        "diary": reverse("admin:booking_appointment_changelist") + f"?day={on}",
        "rows": [ConflictRow(visit) for visit in visits],
        "to_call": sum(patient_news.needs_call(visit, now=now) for visit in visits),
        # Without time off, patients who are asked to move would be offered the same day.
        "time_off": time_off_url if any(visit.pk not in conflicting_pks for visit in visits) else "",
        "may_add_time_off": request.user.has_perm("booking.add_timeoff"),
    }
    return TemplateResponse(request, "admin/booking/outside/day.html", context, status=status)


def _run_action(
    model_admin: admin.ModelAdmin, request: HttpRequest, action: BulkAction, chosen: list[Appointment], back: str
) -> HttpResponse:
    """Ask for confirmation and the action's input; then run it for each visit and report."""
    substitutes = scheduling.substitutes(chosen, now=timezone.now()) if action.run is _hand_on else {}
    if action.run is _hand_on and not substitutes:
        messages.warning(request, gettext("No one else is free at any of these times."))
        return HttpResponseRedirect(back)
    data = request.POST if "is_sure" in request.POST else None
    if action.run is _hand_on:
        form: Any = HandOnForm(data, substitutes=substitutes, count=len(chosen))
    else:
        form = StaffCancelForm(data) if action.is_drastic else AskToMoveForm(data)
    if not form.is_valid():
        log_view(request, AccessLogEntry.Kind.LIST, chosen)
        count = "1 visit" if len(chosen) == 1 else f"{len(chosen)} visits"
        context = {
            "title": action.title,
            "button": str(action.button).format(
                count=count.replace("visit", "patient") if action.run is _ask else count
            ),
            "is_drastic": action.is_drastic,
            "visits": [diary_pages.appointment_line(visit) for visit in chosen],
            "carried": [("do", request.POST["do"]), ("is_sure", "1"), *(("visit", visit.pk) for visit in chosen)],
            "back": back,
        }
        return diary_pages.render_page(model_admin, request, form, context, status=422 if form.errors else 200)
    done = [visit for visit in chosen if _run_for(request, action, visit, form, substitutes)]
    _report(request, action, done)
    return HttpResponseRedirect(back)


def _run_for(
    request: HttpRequest, action: BulkAction, visit: Appointment, form: Any, substitutes: dict[Practitioner, set[int]]
) -> bool:
    try:
        action.run(visit, Actor.staff(request.user), timezone.now(), form, substitutes)
    except SchedulingError as error:
        messages.error(request, f"{appointment_label(visit)}: {error.message}")
        return False
    return True


def _report(request: HttpRequest, action: BulkAction, done: list[Appointment]) -> None:
    """Add messages: the visits done, and the patients without an email address, to be called."""
    now = timezone.now()
    rows = Appointment.objects.filter(pk__in=[visit.pk for visit in done]).order_by("starts_at", "pk")
    done = list(rows.select_related("patient", "practitioner", "service", "location"))  # As the commands left them.
    if done:
        sentence = patient_news.news_of_several(done, action.news, now=now)
        visits = full_stop("; ".join(appointment_label(visit) for visit in done))
        messages.success(request, f"{action.done}: {visits} {sentence}")
    numbers = patient_news.calls_to_make(done, now=now)
    if numbers:
        messages.warning(request, f"No email address, so please call: {numbers}.")
