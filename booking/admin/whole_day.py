"""A practitioner's whole day, when they are ill, say: ask the patients to move, hand the day on, or cancel it.

Two pages: the day's visits with a tick each, then what is about to happen to those that are ticked.
Every visit goes through a command of its own; what one visit refuses stops none of the others.
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

from booking import scheduling
from booking.admin import diary_pages
from booking.admin.diary_forms import CancelForm
from booking.admin.diary_steps import name_of
from booking.admin.outside import Row, admin_context, day_address
from booking.admin.words import colour_mark, day, phone_in_words
from booking.models import Appointment, Practitioner
from booking.scheduling import Actor, NotOffered, Refused
from booking.text import LineField


class AskForm(forms.Form):
    note = LineField(
        max_length=200,
        required=False,
        widget=AdminTextInputWidget,
        help_text="For the clinic's record, such as: ill. Patients are not told the reason.",
    )

    def fieldsets_shown(self) -> list[tuple[str | None, dict[str, Any]]]:
        return [(None, {"fields": list(self.fields)})]


class HandOnForm(forms.Form):
    """Who takes the visits; only people who are free for at least one of them can be chosen."""

    def __init__(self, *args: Any, able: dict[Practitioner, set[int]], count: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered = [(str(person.pk), f"{person}, free for {len(free)} of {count}") for person, free in able.items()]
        self.fields["to"] = forms.TypedChoiceField(
            label="To",
            choices=[("", "Choose a practitioner"), *offered],
            coerce=int,
            error_messages={"required": "Choose a practitioner.", "invalid_choice": "Choose a practitioner."},
            help_text="Visits at times when this person is not free stay where they are, and you are told which.",
        )

    def fieldsets_shown(self) -> list[tuple[str | None, dict[str, Any]]]:
        return [(None, {"fields": ["to"]})]


@dataclass(frozen=True)
class Deed:
    """What can be done with the ticked visits: the words for it, its form, and the command."""

    title: str
    button: str
    done: str
    run: Callable[..., Any]
    is_drastic: bool = False


def _ask(visit: Appointment, by: Actor, now: datetime, form: Any, able: dict[Practitioner, set[int]]) -> None:
    scheduling.ask_to_move(appointment=visit, by=by, now=now, note=form.cleaned_data["note"])


def _cancel(visit: Appointment, by: Actor, now: datetime, form: Any, able: dict[Practitioner, set[int]]) -> None:
    scheduling.cancel(appointment=visit, by=by, now=now, reason=form.cleaned_data["reason"])


def _hand_on(visit: Appointment, by: Actor, now: datetime, form: Any, able: dict[Practitioner, set[int]]) -> None:
    to, free = next((person, free) for person, free in able.items() if person.pk == form.cleaned_data["to"])
    if visit.pk not in free:
        raise NotOffered(f"{to} is not free for it, so it stays as it was.")
    scheduling.reschedule(appointment=visit, starts_at=visit.starts_at, practitioner=to, by=by, now=now)


DEEDS = {
    "ask": Deed("Ask these patients to choose another time", "Ask {count}", "Asked to move", _ask),
    "hand-on": Deed("Hand these visits on at the same times", "Hand on {count}", "Handed on", _hand_on),
    "cancel": Deed("Cancel these visits", "Cancel {count}", "Cancelled", _cancel, is_drastic=True),
}


def page(office: Any, request: HttpRequest, practitioner: int, on: str) -> HttpResponse:
    """The day; or, once something was chosen, what is about to happen, and then that it has."""
    if not office.has_keep_diary_permission(request):
        raise PermissionDenied
    try:
        chosen_day = date.fromisoformat(on)
    except ValueError as odd:
        raise Http404 from odd
    if on != chosen_day.isoformat():
        raise Http404  # Weeks and days run together are dates, too, but not addresses of ours.
    person = get_object_or_404(Practitioner, pk=practitioner)
    visits = _visits_of(person, chosen_day)
    deed = DEEDS.get(request.POST.get("do", ""))
    if request.method != "POST" or deed is None:
        return _show_day(office, request, person, chosen_day, visits)
    ticked = set(request.POST.getlist("visit"))
    chosen = [visit for visit in visits if str(visit.pk) in ticked]
    if not chosen:
        messages.warning(request, "Tick the visits first.")
        return _show_day(office, request, person, chosen_day, visits, status=422)
    return _do(office, request, deed, chosen, day_address(person, chosen_day))


def _visits_of(person: Practitioner, on: date) -> list[Appointment]:
    """What can still be moved or cancelled: visits that have not begun."""
    rows = Appointment.objects.upcoming(now=timezone.now()).filter(practitioner=person, local_on=on)
    return list(rows.select_related("patient", "practitioner", "service", "location", "room").order_by("starts_at"))


def _show_day(
    office: Any, request: HttpRequest, person: Practitioner, on: date, visits: list[Appointment], status: int = 200
) -> HttpResponse:
    now = timezone.now()
    outside = {one.appointment.pk for one in scheduling.stranded(now=now, practitioner=person)} if visits else set()
    off = reverse("admin:booking_timeoff_add") + f"?practitioner={person.pk}&starts_on={on}&ends_on={on}"
    context = {
        **admin_context(office, request),
        "title": f"{person}, {day(on)}",
        "practitioner": person,
        "mark": colour_mark(person.colour),
        "heading": day(on),
        "diary": reverse("admin:booking_appointment_changelist") + f"?day={on}",
        "rows": [Row(visit) for visit in visits],
        # Patients who are asked to move would be offered the very same day.
        "time_off": off if any(visit.pk not in outside for visit in visits) else "",
        "may_add_time_off": request.user.has_perm("booking.add_timeoff"),
    }
    return TemplateResponse(request, "admin/booking/outside/day.html", context, status=status)


def _do(
    office: admin.ModelAdmin, request: HttpRequest, deed: Deed, chosen: list[Appointment], back: str
) -> HttpResponse:
    """Ask once more, with what the deed needs to know; then run it for each visit and report."""
    able = scheduling.substitutes(chosen, now=timezone.now()) if deed.run is _hand_on else {}
    if deed.run is _hand_on and not able:
        messages.warning(request, "Nobody else is free at any of these times.")
        return HttpResponseRedirect(back)
    typed = request.POST if "is_sure" in request.POST else None
    if deed.run is _hand_on:
        form: Any = HandOnForm(typed, able=able, count=len(chosen))
    else:
        form = CancelForm(typed) if deed.is_drastic else AskForm(typed)
    if not form.is_valid():
        count = "1 visit" if len(chosen) == 1 else f"{len(chosen)} visits"
        shown = {
            "title": deed.title,
            "button": deed.button.format(count=count.replace("visit", "patient") if deed.run is _ask else count),
            "is_drastic": deed.is_drastic,
            "visits": [diary_pages.in_a_line(visit) for visit in chosen],
            "carried": [("do", request.POST["do"]), ("is_sure", "1"), *(("visit", visit.pk) for visit in chosen)],
            "back": back,
        }
        return diary_pages.show(office, request, form, shown, status=422 if form.errors else 200)
    done = [visit for visit in chosen if _runs(request, deed, visit, form, able)]
    _report(request, deed, done)
    return HttpResponseRedirect(back)


def _runs(request: HttpRequest, deed: Deed, visit: Appointment, form: Any, able: dict[Practitioner, set[int]]) -> bool:
    try:
        deed.run(visit, Actor.staff(request.user), timezone.now(), form, able)
    except Refused as refused:
        messages.error(request, f"{name_of(visit)}: {refused.message}")
        return False
    return True


def _report(request: HttpRequest, deed: Deed, done: list[Appointment]) -> None:
    """What was done, and who has no address and must be called."""
    if done:
        told = "Each patient is told by e-mail."
        messages.success(request, f"{deed.done}: {'; '.join(name_of(visit) for visit in done)}. {told}")
    patients = [visit.patient for visit in done if visit.patient and not visit.patient.email]
    if patients:
        numbers = "; ".join(f"{patient}, {phone_in_words(patient.phone)}" for patient in patients)
        messages.warning(request, f"No e-mail address, so please call: {numbers}.")
