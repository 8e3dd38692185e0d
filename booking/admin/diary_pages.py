"""The diary's own pages: book for a caller, move, cancel, and one click for what happens at the desk.

Each finds, fills a form, calls a command and goes back to the diary. A refused form answers 422, a
time that is taken 409; what was typed is kept.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.helpers import AdminForm
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone

from booking import scheduling
from booking.admin.diary_forms import BookForm, CancelForm, MoveForm, WhenForm
from booking.admin.diary_steps import STEPS, name_of, take_step
from booking.admin.free_times import free_times, read_choice
from booking.admin.words import day, span
from booking.models import Appointment, Channel, Service, Status
from booking.scheduling import Actor, Refused, StartTaken


def book(office: admin.ModelAdmin, request: HttpRequest) -> HttpResponse:
    """Book for a caller."""
    if not office.has_add_permission(request):
        raise PermissionDenied
    page: dict[str, Any] = {"title": "Book for a caller", "button": "Book"}

    def form(*args: Any, **kwargs: Any) -> BookForm:
        return BookForm(*args, admin_site=office.admin_site, **kwargs)

    if request.method != "POST":
        asked = {name: request.GET[name] for name in ("patient", "practitioner", "on") if name in request.GET}
        return show(office, request, form(initial=asked), page)
    if _asks_for_times(request):
        return _show_times(office, request, form, page)

    filled = form(request.POST, offers_overbooking=_overbooks(request))
    if not filled.is_valid():
        return show(office, request, filled, page, status=422)
    when = {name: filled.cleaned_data[name] for name in ("service", "practitioner", "location", "starts_at")}
    patient = filled.cleaned_data["patient"]
    if patient and Appointment.objects.filter(patient=patient, status="booked", **when).exists():
        filled.add_error(None, "This patient already has exactly this visit. Nothing was booked twice.")
        return show(office, request, filled, page, status=409)
    try:
        with transaction.atomic():
            if patient is None:
                patient = filled.new_patient()
                patient.save()
            made = scheduling.book_for(
                **when,
                patient=patient,
                by=Actor.staff(request.user),
                now=timezone.now(),
                overbooked_reason=filled.cleaned_data.get("overbooked_reason", ""),
                is_first_visit=filled.cleaned_data["is_first_visit"] or None,
                reminders=filled.cleaned_data["reminders"],
                reminders_by=Channel(filled.cleaned_data.get("reminders_by") or Channel.EMAIL),
            )
    except Refused as refused:
        return _show_refusal(office, request, form, filled, refused, page, service=when["service"])
    messages.success(request, f"Booked: {name_of(made)}, {day(made.local_on)}. Reference {made.reference}.")
    return _to_the_day(made)


def move(office: admin.ModelAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """Another time, practitioner or place for the same visit."""
    appointment = _find(office, request, pk)
    page: dict[str, Any] = {"title": "Move this visit", "button": "Move", "visits": [in_a_line(appointment)]}
    page |= {"original": appointment, "carried": _as_shown(request, appointment)}
    form = MoveForm
    if request.method != "POST":
        local = appointment.local_start
        here = {
            "practitioner": appointment.practitioner_id,
            "location": appointment.location_id,
            "on": local.date(),
            "at": local.time(),
        }
        return show(office, request, form(initial=here), page)
    if _asks_for_times(request):
        return _show_times(office, request, form, page, moving=appointment)

    filled = form(request.POST, offers_overbooking=_overbooks(request))
    if not filled.is_valid():
        return show(office, request, filled, page, status=422)
    if _has_changed(request, appointment):
        return _show_change(office, request, filled, page, appointment)
    try:
        moved = scheduling.reschedule(
            appointment=appointment,
            starts_at=filled.cleaned_data["starts_at"],
            practitioner=filled.cleaned_data["practitioner"],
            location=filled.cleaned_data["location"],
            by=Actor.staff(request.user),
            now=timezone.now(),
            overbooked_reason=filled.cleaned_data.get("overbooked_reason", ""),
        )
    except Refused as refused:
        appointment = _find(office, request, pk)
        if _has_changed(request, appointment):
            return _show_change(office, request, filled, page, appointment)
        return _show_refusal(
            office, request, form, filled, refused, page, service=appointment.service, moving=appointment
        )
    messages.success(request, f"Moved: {name_of(moved)}, {day(moved.local_on)}. {_told(moved)}")
    return _to_the_day(moved)


def cancel(office: admin.ModelAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """Call one visit off."""
    appointment = _find(office, request, pk)
    page: dict[str, Any] = {"title": "Cancel this visit", "button": "Cancel the visit", "is_drastic": True}
    page |= {"visits": [in_a_line(appointment)], "original": appointment}
    page["carried"] = _as_shown(request, appointment)
    filled = CancelForm(request.POST if request.method == "POST" else None)
    if not filled.is_valid():
        return show(office, request, filled, page, status=422 if filled.errors else 200)
    if _has_changed(request, appointment) and appointment.status != Status.CANCELLED:
        return _show_change(office, request, filled, page, appointment)
    try:
        cancelled = scheduling.cancel(
            appointment=appointment,
            by=Actor.staff(request.user),
            now=timezone.now(),
            reason=filled.cleaned_data["reason"],
        )
    except Refused as refused:
        filled.add_error(None, refused.message)
        return show(office, request, filled, page, status=409)
    messages.success(request, f"Cancelled: {name_of(cancelled)}. {_told(cancelled)}")
    return _to_the_day(cancelled)


def cancel_several(office: admin.ModelAdmin, request: HttpRequest, chosen: QuerySet) -> HttpResponse | None:
    """Call off all visits that were ticked in the diary, after asking once. None: back to the diary."""
    visits = list(chosen)
    is_sure = "is_sure" in request.POST
    filled = CancelForm(request.POST if is_sure else None)
    if not filled.is_valid():
        page = {
            "title": "Cancel these visits",
            "button": f"Cancel {len(visits)} visit{'' if len(visits) == 1 else 's'}",
            "is_drastic": True,
            "visits": [in_a_line(visit) for visit in visits],
            "carried": [
                ("action", "cancel_visits"),
                ("index", "0"),
                ("is_sure", "1"),
                *((admin.helpers.ACTION_CHECKBOX_NAME, visit.pk) for visit in visits),
            ],
        }
        return show(office, request, filled, page, status=422 if filled.errors else 200)
    for visit in visits:
        try:
            scheduling.cancel(
                appointment=visit,
                by=Actor.staff(request.user),
                now=timezone.now(),
                reason=filled.cleaned_data["reason"],
            )
        except Refused as refused:
            messages.error(request, f"{name_of(visit)}: {refused.message}")
        else:
            messages.success(request, f"Cancelled: {name_of(visit)}.")
    return None


def step(office: admin.ModelAdmin, request: HttpRequest, pk: int, slug: str) -> HttpResponse:
    """Arrived, attended or did not come: nothing to fill in, so only a press of the button."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    appointment = _find(office, request, pk)
    take_step(request, [appointment], STEPS[slug])
    return _to_the_day(appointment)


# What the pages share


def _find(office: Any, request: HttpRequest, pk: int) -> Appointment:
    if not office.has_keep_diary_permission(request):
        raise PermissionDenied
    return get_object_or_404(office.get_queryset(request), pk=pk)


def _as_shown(request: HttpRequest, appointment: Appointment) -> list[tuple[str, Any]]:
    """What a form carries to say how the visit stood when staff first saw it."""
    return [("sequence", request.POST.get("sequence", "") if request.method == "POST" else appointment.sequence)]


def _has_changed(request: HttpRequest, appointment: Appointment) -> bool:
    return request.POST.getlist("sequence") != [str(appointment.sequence)]


def _show_change(
    office: admin.ModelAdmin, request: HttpRequest, filled: Any, page: Mapping[str, Any], appointment: Appointment
) -> HttpResponse:
    """Somebody else was first: the visit as it now is above the form as it was typed, to be sent on purpose."""
    filled.add_error(
        None,
        "Somebody has changed this visit since you opened this page, and nothing has been changed now. "
        "Above is how it stands. If your change is still right, send it again.",
    )
    now = {"visits": [in_a_line(appointment)], "original": appointment, "carried": [("sequence", appointment.sequence)]}
    return show(office, request, filled, {**page, **now}, status=409)


def _told(appointment: Appointment) -> str:
    """Whether the patient hears of it from us."""
    if appointment.patient and appointment.patient.email:
        return "The patient is told by e-mail."
    return "The patient has no e-mail address, so please tell them."


def in_a_line(appointment: Appointment) -> str:
    """A visit in one line, on a page that is about to change it."""
    return (
        f"{appointment.patient or 'A held time'}: {appointment.service}, {day(appointment.local_on)}, "
        f"{span(appointment)}, with {appointment.practitioner}"
    )


def _to_the_day(appointment: Appointment) -> HttpResponse:
    """The diary, at the visit's day."""
    diary = reverse("admin:booking_appointment_changelist")
    return HttpResponseRedirect(f"{diary}?day={appointment.local_on.isoformat()}")


def _overbooks(request: HttpRequest) -> bool:
    return "overbooked_reason" in request.POST and request.user.has_perm("booking.overbook_appointment")


def show(
    office: admin.ModelAdmin, request: HttpRequest, form: Any, page: Mapping[str, Any], *, status: int = 200
) -> HttpResponse:
    context = {
        **office.admin_site.each_context(request),
        "opts": office.opts,
        "adminform": AdminForm(form, form.fieldsets_shown(), {}, model_admin=office),
        "media": office.media + form.media,
        "subtitle": None,
        "errors": form.errors,
        **page,
    }
    return TemplateResponse(request, "admin/booking/appointment/act.html", context, status=status)


def _show_refusal(
    office: admin.ModelAdmin,
    request: HttpRequest,
    form: Any,
    filled: WhenForm,
    refused: Refused,
    page: Mapping[str, Any],
    **visit: Any,
) -> HttpResponse:
    """The form again, with the command's sentence, free times nearby and, for some, a way to overbook."""
    if not isinstance(refused, StartTaken):
        filled.add_error(None, refused.message)
        return show(office, request, filled, page, status=422)
    again = form(request.POST, offers_overbooking=request.user.has_perm("booking.overbook_appointment"))
    again.full_clean()
    again.errors.pop("overbooked_reason", None)
    again.add_error(None, refused.message)
    typed = filled.cleaned_data
    free = scheduling.nearest(
        **visit,
        starts_at=typed["starts_at"],
        now=timezone.now(),
        practitioner=typed["practitioner"],
        location=typed["location"],
    )
    page = {**page, "free": free_times(free), "free_heading": "Free close to that"}
    return show(office, request, again, page, status=409)


def _asks_for_times(request: HttpRequest) -> bool:
    return "look" in request.POST or "take" in request.POST


def _show_times(
    office: admin.ModelAdmin,
    request: HttpRequest,
    form: Any,
    page: Mapping[str, Any],
    *,
    moving: Appointment | None = None,
) -> HttpResponse:
    """The form as it was typed, with a week of free times, or with the one just chosen filled in."""
    typed = {name: value for name, value in request.POST.items() if name not in {"look", "take"}}
    chosen = read_choice(request.POST.get("take", ""))
    if chosen:
        return show(office, request, form(initial=typed | chosen), page)
    looked = form(request.POST)
    looked.full_clean()
    found = looked.cleaned_data
    service = moving.service if moving else found.get("service")
    if service is None:
        messages.warning(request, "Choose a service first, then look for free times.")
        return show(office, request, form(initial=typed), page)
    if typed.get("on") and "on" in looked.errors:
        messages.error(request, looked.errors["on"][0])
        return show(office, request, form(initial=typed), page)
    first = found.get("on") or timezone.localdate()
    openings = scheduling.open_starts(
        service=service,
        now=timezone.now(),
        first_on=first,
        last_on=first + timedelta(days=6),
        practitioner=found.get("practitioner"),
        location=found.get("location"),
        moving=moving,
    )
    page = {
        **page,
        "free": free_times(openings),
        "free_heading": f"Free times for {service}, a week from {day(first)}",
        "why_not": _why_not(found, service, moving),
    }
    return show(office, request, form(initial=typed), page)


def _why_not(found: Mapping[str, Any], service: Service, moving: Appointment | None) -> str:
    """Why patients are not offered the time that was typed, in a sentence; empty if they are, or if none was."""
    asked = {name: found.get(name) for name in ("starts_at", "practitioner", "location")}
    if not all(asked.values()):
        return ""
    explained = scheduling.why_not(service=service, now=timezone.now(), moving=moving, **asked)  # type: ignore[arg-type]
    return explained.sentence if explained else ""
