"""From a held time to an appointment: emergency signs, details, check, done."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from booking import limits, scheduling, tokens
from booking.forms import DetailsForm
from booking.models import Appointment, Clinic, Message, Status
from booking.scheduling import Actor, PatientDetails
from booking.text import lines_of
from booking.views import asked as asking
from booking.views.answers import FOR, ME, OTHER, as_typed, details_form, details_from, fresh_stamp, rows_of, turned_to
from booking.views.asked import Asked, BadAddress, services_url, times_url
from booking.views.choose import bad_address, taken
from booking.views.privacy import private_page
from booking.views.steps import path_of, step
from booking.views.times_page import page_for
from booking.views.visitor import Visitor


@private_page
@require_safe
def safety(request: HttpRequest) -> HttpResponse:
    """Signs that need an emergency department, before a first visit. Nothing about it is kept."""
    visitor = Visitor(request)
    hold = visitor.chosen()
    if hold is None:
        return _nothing_chosen(request)
    clinic = Clinic.objects.first()
    signs = lines_of(clinic.emergency_signs) if clinic else []
    if not signs or not hold.service.shows_signs_to(hold.is_first_visit):
        return redirect("booking:details")
    context = _about(visitor, hold, "safety") | {"signs": signs}
    return render(request, "booking/safety.html", context)


@private_page
@require_http_methods(["GET", "HEAD", "POST"])
def details(request: HttpRequest) -> HttpResponse:
    """Who comes, and how we reach them."""
    visitor = Visitor(request)
    hold = visitor.chosen()
    if hold is None or hold.status not in {Status.HELD, Status.EXPIRED}:
        return _nothing_chosen(request)
    now = timezone.now()
    if request.method == "POST":
        return _take_details(request, visitor, hold, now)
    try:
        said = asking.single_values(request.GET, {"for"}).get("for", "")
        if said and said not in FOR:
            raise BadAddress("This address does not say clearly whom the visit is for.")
    except BadAddress as bad:
        return bad_address(request, bad, hold.service)
    answers = visitor.answers
    answers = turned_to(said or answers.get("booking_for") or ME, answers)
    form = details_form(hold, now, answers.get("booking_for", ME), initial=answers)
    return _show_details(request, hold, form, now)


def _take_details(request: HttpRequest, visitor: Visitor, hold: Appointment, now: datetime) -> HttpResponse:
    if request.POST.getlist("hold") != [hold.reference]:
        return _other_hold(request, hold)
    form = details_form(hold, now, OTHER if request.POST.get("booking_for") == OTHER else ME, data=request.POST)
    if request.POST.get("for") in FOR:
        typed = as_typed(form) | {"set_aside": visitor.answers.get("set_aside") or {}}
        visitor.keep_answers(turned_to(request.POST["for"], typed), complete=False)
        return redirect(reverse("booking:details") + "#for-whom")
    accepted = form.is_valid()
    if "longer" in request.POST:
        visitor.keep_answers(as_typed(form), complete=False)
        return _hold_longer(request, visitor, hold, now, back="booking:details")
    was_taken_before = visitor.are_complete and not form.cleaned_data.get("homepage")
    if accepted and form.needs_a_second_look and not was_taken_before:
        # Somebody whose browser fills in everything may be as quick as a program: ask once more.
        again = form.for_a_second_look(fresh_stamp=fresh_stamp())
        form = details_form(hold, now, OTHER if form.for_other else ME, data=again)
        return _show_details(request, hold, form, now, was_quick=True, status=422)
    if not accepted:
        return _show_details(request, hold, form, now, status=422)
    visitor.keep_answers(form.answers(), complete=True)
    if not hold.is_live_hold(now):
        # It ran out while somebody typed: better to hear now than after the last press that it is gone.
        try:
            scheduling.extend(hold=hold, by=Actor.patient(), now=now, client=limits.client_of(request))
        except scheduling.StartTaken:
            return _lost(request, visitor, hold, now)
        except scheduling.HeldLongEnough:
            pass  # Booking takes it again, if it is still free.
        except scheduling.Refused as refusal:
            return bad_address(request, BadAddress(refusal.message, status=409), hold.service)
    return HttpResponseRedirect(path_of("booking:check"))


def _show_details(
    request: HttpRequest,
    hold: Appointment,
    form: DetailsForm,
    now: datetime,
    *,
    was_quick: bool = False,
    status: int = 200,
) -> HttpResponse:
    context = _about(Visitor(request), hold, "details")
    context |= {"form": form, "was_quick": was_quick, "is_live": hold.is_live_hold(now)}
    return render(request, "booking/details.html", context, status=status)


def _hold_longer(request: HttpRequest, visitor: Visitor, hold: Appointment, now: datetime, back: str) -> HttpResponse:
    """Hold the same time for longer, and show when it now ends; a hold that has lapsed is taken again."""
    limits.spend_for(request, "hold", now=now)
    try:
        scheduling.extend(hold=hold, by=Actor.patient(), now=now, client=limits.client_of(request))
    except scheduling.StartTaken:
        return _lost(request, visitor, hold, now)
    except scheduling.HeldLongEnough:
        pass  # The page says so, and until when.
    except scheduling.Refused as refusal:
        return bad_address(request, BadAddress(refusal.message, status=409), hold.service)
    return redirect(reverse(back) + "#held")


def _lost(request: HttpRequest, visitor: Visitor, hold: Appointment, now: datetime) -> HttpResponse:
    """Somebody else has the time: three near ones with anyone, as others may be free, and every answer is kept."""
    shown = page_for(hold, now, visitor.holder())
    return taken(request, shown, shown.finder.near(hold.starts_at, 3), status=409)


@private_page
@require_http_methods(["GET", "HEAD", "POST"])
def check(request: HttpRequest) -> HttpResponse:
    """All answers once more; confirming turns the held time into an appointment, once."""
    visitor = Visitor(request)
    if request.method == "POST" and visitor.is_done_with(request.POST.get("submission_key", "")):
        return redirect("booking:done")
    hold = visitor.chosen()
    if hold is None:
        return _nothing_chosen(request)
    if request.method == "POST" and request.POST.getlist("hold") != [hold.reference]:
        return _other_hold(request, hold)
    details = details_from(visitor, hold)
    if details is None:
        return redirect("booking:details")
    now = timezone.now()
    if "longer" in request.POST:
        return _hold_longer(request, visitor, hold, now, back="booking:check")
    if request.method == "POST":
        return _book(request, visitor, hold, details, now)
    about = _about(visitor, hold, "check")
    context = about | {
        "rows": rows_of(hold, details, about["change_visit"]),
        "has_contact": bool(details.contact_name),
        "submission_key": visitor.submission_key(),
        "is_live": hold.is_live_hold(now),
    }
    return render(request, "booking/check.html", context)


def _book(
    request: HttpRequest, visitor: Visitor, hold: Appointment, details: PatientDetails, now: datetime
) -> HttpResponse:
    key = visitor.submission_key()
    if request.POST.getlist("submission_key") != [key]:
        return _other_hold(request, hold)
    try:
        with limits.spending(request, "book", email=details.email, now=now):
            made = scheduling.book(hold=hold, details=details, submission_key=key, by=Actor.patient(), now=now)
    except scheduling.StartTaken:
        return _lost(request, visitor, hold, now)
    except scheduling.Refused as refusal:
        return bad_address(request, BadAddress(refusal.message, status=409), hold.service)
    visitor.finish(made)
    return HttpResponseRedirect(path_of("booking:done"))


@private_page
@require_safe
def done(request: HttpRequest) -> HttpResponse:
    """You are booked: what, when, where, with whom, and what happens next."""
    appointment = Visitor(request).done()
    if appointment is None:
        return render(request, "booking/nothing_chosen.html", {"was_done": True}, status=410)
    # By its own link: this browser may have opened another visit in the meantime.
    manage_link = reverse("booking:link", args=[tokens.manage_token(appointment)])
    if appointment.status != Status.BOOKED:
        return redirect(manage_link)
    reminders = appointment.messages.filter(kind=Message.Kind.REMINDER)
    context = {
        "appointment": appointment,
        "service": appointment.service,
        "patient": appointment.patient,
        "manage_link": manage_link,
        "can_change": appointment.can_cancel_online(timezone.now()),
        "reminders_by": reminders.values_list("channel", flat=True).first(),
    }
    return render(request, "booking/done.html", context)


def _about(visitor: Visitor, hold: Appointment, page: str) -> dict[str, Any]:
    """What every page about a held time tells."""
    wanted = hold.practitioner if visitor.wants_this_person else None
    asked = Asked(new_patient=hold.is_first_visit, location=hold.location, practitioner=wanted)
    return {
        "hold": hold,
        "service": hold.service,
        "visit": asking.write_visit(hold.is_first_visit),
        "step": step(page),
        "hold_lasts": settings.BOOKING_HOLD,
        "change_visit": services_url(hold.is_first_visit),
        "change_time": times_url(hold.service, asked, from_on=hold.local_on.isoformat()),
        "can_change": timezone.now() <= hold.changes_until,
        "shows_signs": hold.service.shows_signs_to(hold.is_first_visit),
        "held_until": hold.hold_expires_at and hold.hold_expires_at.astimezone(hold.location.zone),
        "can_hold_longer": scheduling.extensions_left(hold) > 0,
    }


def _nothing_chosen(request: HttpRequest) -> HttpResponse:
    """Somebody arrives here without a time: just booked, or too long ago, or never."""
    booked = Visitor(request).done()
    if booked is not None and request.method != "POST":
        return redirect("booking:done")
    return render(request, "booking/nothing_chosen.html", {"booked": booked}, status=410)


def _other_hold(request: HttpRequest, hold: Appointment) -> HttpResponse:
    """The form was about another time than the one this browser now holds."""
    return render(request, "booking/other_hold.html", _about(Visitor(request), hold, "details"), status=409)
