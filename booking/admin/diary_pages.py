"""Views of the diary: book for a caller, cancel several, and the redirects to the front desk.

Each loads the appointment, validates a form, calls a command and redirects to the diary. An invalid form returns 422,
a conflict 409; the input is kept.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.contrib.admin.helpers import AdminForm
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from booking import scheduling
from booking.admin import patient_news
from booking.admin.diary_forms import BookForm, StaffCancelForm, WhenForm
from booking.admin.diary_steps import appointment_label
from booking.admin.free_times import parse_choice, slot_buttons_by_day
from booking.formatting import full_stop
from booking.models import AccessLogEntry, Appointment, Channel, Patient, Service
from booking.privacy.access_log import log_view
from booking.scheduling import (
    OVERBOOKING,
    Actor,
    Exemption,
    NeedsReason,
    SchedulingError,
    SlotTaken,
    StaffRule,
)
from booking.staff.formats import day, span
from booking.text_cleaning import is_plain_digits


def book(model_admin: admin.ModelAdmin, request: HttpRequest) -> HttpResponse:
    if not model_admin.has_add_permission(request):
        raise PermissionDenied
    context: dict[str, Any] = {"title": "Book for a caller", "button": "Book"}

    def make_form(*args: Any, **kwargs: Any) -> BookForm:
        return BookForm(*args, admin_site=model_admin.admin_site, **kwargs)

    if request.method != "POST":
        initial = {
            name: request.GET[name]
            for name in ("patient", "practitioner", "location", "on", "at")
            if name in request.GET
        }
        return render_page(model_admin, request, make_form(initial=initial), context)
    if _wants_slots(request):
        return _show_slots(model_admin, request, make_form, context)

    form = make_form(request.POST, offers_overbooking="overbooked_reason" in request.POST)
    if not form.is_valid():
        return render_page(model_admin, request, form, context, status=422)
    when = {name: form.cleaned_data[name] for name in ("service", "practitioner", "location", "starts_at")}
    patient = form.cleaned_data["patient"]
    if patient and Appointment.objects.filter(patient=patient, status="booked", **when).exists():
        form.add_error(None, gettext("This patient already has this visit. Nothing was booked twice."))
        return render_page(model_admin, request, form, context, status=409)
    try:
        with transaction.atomic():
            if patient is None:
                patient = form.new_patient()
                patient.save()
            appointment = scheduling.book_by_staff(
                **when,
                patient=patient,
                by=Actor.staff(request.user),
                now=timezone.now(),
                exemption=_exemption(request, form),
                is_first_visit=form.cleaned_data["is_first_visit"] or None,
                reminders=form.cleaned_data["reminders"],
                reminders_by=Channel(form.cleaned_data.get("reminders_by") or Channel.EMAIL),
            )
    except SchedulingError as error:
        return _show_refusal(model_admin, request, make_form, form, error, context, service=when["service"])
    messages.success(
        request,
        f"Booked: {appointment_label(appointment)}, {day(appointment.local_on)}. Reference {appointment.reference}.",
    )
    return _redirect_to_day(appointment)


def to_desk(request: HttpRequest, pk: int, do: str = "") -> HttpResponse:
    """Redirect an appointment's old addresses to its panel at the front desk; a hold's to its day."""
    user: Any = request.user
    if not any(user.has_perm(f"booking.{name}") for name in ("view_appointment", "change_appointment", "view_own_day")):
        raise PermissionDenied
    appointment = get_object_or_404(Appointment, pk=pk)
    query = {"day": appointment.local_on.isoformat()}
    if appointment.patient_id:
        query |= {"appointment": appointment.reference, **({"do": do} if do else {})}
    return HttpResponseRedirect(f"{reverse('desk:day')}?{urlencode(query)}")


def cancel_several(model_admin: admin.ModelAdmin, request: HttpRequest, queryset: QuerySet) -> HttpResponse | None:
    """Admin action: cancel the selected appointments after a confirmation. None returns to the diary."""
    appointments = list(queryset)
    is_sure = "is_sure" in request.POST
    form = StaffCancelForm(request.POST if is_sure else None)
    if not form.is_valid():
        context = {
            "title": "Cancel these visits",
            "button": f"Cancel {len(appointments)} visit{'' if len(appointments) == 1 else 's'}",
            "is_drastic": True,
            "visits": [appointment_line(appointment) for appointment in appointments],
            "carried": [
                ("action", "cancel_visits"),
                ("index", "0"),
                ("is_sure", "1"),
                *((admin.helpers.ACTION_CHECKBOX_NAME, appointment.pk) for appointment in appointments),
            ],
        }
        return render_page(model_admin, request, form, context, status=422 if form.errors else 200)
    for appointment in appointments:
        try:
            cancelled = scheduling.cancel(
                appointment=appointment,
                by=Actor.staff(request.user),
                now=timezone.now(),
                reason=form.cleaned_data["reason"],
            )
        except SchedulingError as error:
            messages.error(request, f"{appointment_label(appointment)}: {error.message}")
        else:
            news = patient_news.news_of_one(cancelled, patient_news.CANCELLED, now=timezone.now())
            messages.success(request, f"{full_stop(f'Cancelled: {appointment_label(appointment)}')} {news}".strip())
    return None


# Shared by the views


def appointment_line(appointment: Appointment) -> str:
    """An appointment in one line, for a confirmation page."""
    return (
        f"{appointment.patient or 'A held time'}: {appointment.service}, {day(appointment.local_on)}, "
        f"{span(appointment)}, with {appointment.practitioner}"
    )


def _redirect_to_day(appointment: Appointment) -> HttpResponse:
    """Redirect to the diary on the appointment's day."""
    diary = reverse("admin:booking_appointment_changelist")
    return HttpResponseRedirect(f"{diary}?day={appointment.local_on.isoformat()}")


def _exemption(request: HttpRequest, form: WhenForm) -> Exemption | None:
    """The reason given, and the rules that the page before asked about for this very time."""
    reason = form.cleaned_data.get("overbooked_reason", "")
    if not reason or request.POST.get("asked_for") != _asked_for(form):
        return None
    asked = set(request.POST.get("asked_rules", "").split(","))
    return Exemption(reason, {rule for rule in StaffRule if rule.value in asked})


def _asked_for(form: WhenForm) -> str:
    """What a question was about: start, practitioner and location."""
    chosen = form.cleaned_data
    return f"{chosen['starts_at'].isoformat()} {chosen['practitioner'].pk} {chosen['location'].pk}"


def render_page(
    model_admin: admin.ModelAdmin,
    request: HttpRequest,
    form: Any,
    extra_context: Mapping[str, Any],
    *,
    status: int = 200,
) -> HttpResponse:
    log_view(request, AccessLogEntry.Kind.RECORD, [_chosen_patient(form)])
    context = {
        **model_admin.admin_site.each_context(request),
        "opts": model_admin.opts,
        "adminform": AdminForm(form, form.get_fieldsets(), {}, model_admin=model_admin),
        "media": model_admin.media + form.media,
        "subtitle": None,
        "errors": form.errors,
        **extra_context,
    }
    return TemplateResponse(request, "admin/booking/appointment/act.html", context, status=status)


def _chosen_patient(form: Any) -> Patient | None:
    """The patient whom a form for booking names, from a link or an earlier choice."""
    pk = str(form["patient"].value() or "") if "patient" in form.fields else ""
    return Patient.objects.filter(pk=pk).first() if is_plain_digits(pk) and len(pk) < 19 else None


def _show_refusal(
    model_admin: admin.ModelAdmin,
    request: HttpRequest,
    make_form: Any,
    form: WhenForm,
    error: SchedulingError,
    context: Mapping[str, Any],
    **query: Any,
) -> HttpResponse:
    """The form with the command's error, nearby slots and, for who may book all the same, a field for the reason."""
    if not isinstance(error, SlotTaken):
        form.add_error(None, error.message)
        return render_page(model_admin, request, form, context, status=422)
    rules = error.rules if isinstance(error, NeedsReason) else frozenset()
    may_answer = bool(rules) and (not OVERBOOKING & rules or request.user.has_perm("booking.overbook_appointment"))
    retry_form = make_form(request.POST, offers_overbooking=may_answer)
    retry_form.full_clean()
    retry_form.errors.pop("overbooked_reason", None)
    retry_form.add_error(None, error.message)
    cleaned_data = form.cleaned_data
    slots = scheduling.nearest_for_staff(
        **query,
        starts_at=cleaned_data["starts_at"],
        now=timezone.now(),
        practitioner=cleaned_data["practitioner"],
        location=cleaned_data["location"],
    )
    if may_answer:
        asked = [
            ("asked_for", _asked_for(form)),
            ("asked_rules", ",".join(rule.value for rule in StaffRule if rule in rules)),
        ]
        context = {**context, "carried": [*context.get("carried", []), *asked]}
    context = {**context, "free": slot_buttons_by_day(slots), "free_heading": gettext("Free times nearby")}
    return render_page(model_admin, request, retry_form, context, status=409)


def _wants_slots(request: HttpRequest) -> bool:
    return "look" in request.POST or "take" in request.POST


def _show_slots(
    model_admin: admin.ModelAdmin,
    request: HttpRequest,
    make_form: Any,
    context: Mapping[str, Any],
    *,
    moving: Appointment | None = None,
) -> HttpResponse:
    """The form with a week of slots, or with the slot just chosen filled in."""
    initial = {name: value for name, value in request.POST.items() if name not in {"look", "take"}}
    chosen = parse_choice(request.POST.get("take", ""))
    if chosen:
        return render_page(model_admin, request, make_form(initial=initial | chosen), context)
    form = make_form(request.POST)
    form.full_clean()
    cleaned_data = form.cleaned_data
    service = moving.service if moving else cleaned_data.get("service")
    if service is None:
        messages.warning(request, gettext("Choose a service first, then look for free times."))
        return render_page(model_admin, request, make_form(initial=initial), context)
    if initial.get("on") and "on" in form.errors:
        messages.error(request, form.errors["on"][0])
        return render_page(model_admin, request, make_form(initial=initial), context)
    first = cleaned_data.get("on") or timezone.localdate()
    slots = scheduling.free_times_for_staff(
        service=service,
        now=timezone.now(),
        first_on=first,
        last_on=first + timedelta(days=6),
        practitioner=cleaned_data.get("practitioner"),
        location=cleaned_data.get("location"),
        moving=moving,
    )
    context = {
        **context,
        "free": slot_buttons_by_day(slots),
        "free_heading": f"Free times for {service}, a week from {day(first)}",
        "why_not": _why_not(cleaned_data, service, moving),
    }
    return render_page(model_admin, request, make_form(initial=initial), context)


def _why_not(cleaned_data: Mapping[str, Any], service: Service, moving: Appointment | None) -> str:
    """A sentence on why patients are not offered this start; empty if they are, or if the input is incomplete."""
    query = {name: cleaned_data.get(name) for name in ("starts_at", "practitioner", "location")}
    if not all(query.values()):
        return ""
    reason = scheduling.why_not(service=service, now=timezone.now(), moving=moving, **query)  # type: ignore[arg-type]
    return reason.sentence if reason else ""
