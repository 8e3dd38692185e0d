"""From a held time to an appointment: emergency signs, details, check, done."""

from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe
from phonenumber_field.phonenumber import to_python as read_phone

from booking import limits, scheduling, tokens
from booking.filling import stamp
from booking.forms import DetailsForm
from booking.models import Appointment, Clinic, Message, Status
from booking.scheduling import Actor, PatientDetails
from booking.views import asked as asking
from booking.views.asked import Asked, BadAddress, services_url, times_url
from booking.views.choose import bad_address, page_for, taken
from booking.views.privacy import private_page
from booking.views.steps import step
from booking.views.visitor import Visitor
from booking.words import date_in_words

FOR = ("me", "other")


@private_page
@require_safe
def safety(request: HttpRequest) -> HttpResponse:
    """Signs that need an emergency department, before a first visit. Nothing about it is kept."""
    visitor = Visitor(request)
    hold = visitor.chosen()
    if hold is None:
        return _nothing_chosen(request)
    clinic = Clinic.objects.first()
    signs = [line.strip() for line in clinic.emergency_signs.splitlines() if line.strip()] if clinic else []
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
    form = _form(hold, now, said or answers.get("booking_for") or "me", initial=answers)
    return _show_details(request, hold, form, now)


def _take_details(request: HttpRequest, visitor: Visitor, hold: Appointment, now: datetime) -> HttpResponse:
    if request.POST.getlist("hold") != [hold.reference]:
        return _other_hold(request, hold)
    form = _form(hold, now, "other" if request.POST.get("booking_for") == "other" else "me", data=request.POST)
    accepted = form.is_valid()
    if "longer" in request.POST:
        visitor.keep_answers(_as_typed(form), complete=False)
        return _hold_longer(request, visitor, hold, now)
    if accepted and form.needs_a_second_look:
        # Somebody whose browser fills in everything may be as quick as a program: ask once more.
        again = form.for_a_second_look(fresh_stamp=_stamp())
        form = _form(hold, now, "other" if form.for_other else "me", data=again)
        return _show_details(request, hold, form, now, was_quick=True, status=422)
    if not accepted:
        return _show_details(request, hold, form, now, status=422)
    visitor.keep_answers(form.answers(), complete=True)
    return redirect("booking:check")


def _form(hold: Appointment, now: datetime, booking_for: str, *, data: Any = None, initial: Any = None) -> DetailsForm:
    kept = dict(initial or {})
    if kept.get("phone"):
        kept["phone"] = _phone_in_words(kept["phone"])
    first = kept | {"hold": hold.reference, "booking_for": booking_for, "shown": _stamp()}
    return DetailsForm(
        data,
        initial=first,
        service=hold.service,
        today=now.astimezone(hold.location.zone).date(),
        for_other=booking_for == "other",
        asks_visit=hold.is_first_visit is None,
    )


def _stamp() -> str:
    clinic = Clinic.objects.only("collection_notice_version").first()
    return stamp(clinic.collection_notice_version if clinic else "none")


def _as_typed(form: DetailsForm) -> dict[str, Any]:
    """All that was typed, good or not, so that nobody types it twice."""
    typed = {
        name: str(form.data.get(name, ""))[:300] for name in form.fields if name not in {"hold", "shown", "homepage"}
    }
    return typed | {"reminders": "reminders" in form.data}


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


def _hold_longer(request: HttpRequest, visitor: Visitor, hold: Appointment, now: datetime) -> HttpResponse:
    """Hold the same time again, for the same person, from now on."""
    limits.spend_for(request, "hold", now=now)
    try:
        again = scheduling.hold(
            service=hold.service,
            starts_at=hold.starts_at,
            holder=visitor.holder(),
            by=Actor.patient(),
            now=now,
            location=hold.location,
            practitioner=hold.practitioner,
            new_patient=hold.is_first_visit,
            client=limits.client_of(request),
        )
    except scheduling.StartTaken:
        if hold.is_live_hold(now):  # Too close to the visit to be chosen anew: the hold stands as it is.
            return redirect("booking:details")
        shown = page_for(hold, now, visitor.holder())
        return taken(request, shown, shown.finder.near(hold.starts_at, 3), status=409)
    except scheduling.NotOffered as refusal:
        return bad_address(request, BadAddress(refusal.message, status=422), hold.service)
    visitor.choose(again, wants_this_person=visitor.wants_this_person)
    return redirect("booking:details")


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
    details = _details_from(visitor, hold)
    if details is None:
        return redirect("booking:details")
    now = timezone.now()
    if request.method == "POST":
        return _book(request, visitor, hold, details, now)
    context = _about(visitor, hold, "check") | {
        "rows": _rows(hold, details),
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
        # The same person may be busy and another free: all who could take the visit are asked.
        shown = page_for(hold, now, visitor.holder())
        return taken(request, shown, shown.finder.near(hold.starts_at, 3), status=409)
    except scheduling.Refused as refusal:
        return bad_address(request, BadAddress(refusal.message, status=409), hold.service)
    visitor.finish(made)
    return redirect("booking:done")


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
    context = {
        "appointment": appointment,
        "service": appointment.service,
        "patient": appointment.patient,
        "manage_link": manage_link,
        "can_change": appointment.can_cancel_online(timezone.now()),
        "reminders_come": appointment.messages.filter(kind=Message.Kind.REMINDER).exists(),
    }
    return render(request, "booking/done.html", context)


def _details_from(visitor: Visitor, hold: Appointment) -> PatientDetails | None:
    """What was typed, as a booking takes it; None while something is missing for this visit."""
    answers = visitor.answers
    if not visitor.are_complete:
        return None
    is_first_visit = hold.is_first_visit
    if is_first_visit is None:
        is_first_visit = asking.VISITS.get(answers.get("visit") or "")
    born_on = date.fromisoformat(answers["date_of_birth"]) if answers.get("date_of_birth") else None
    if is_first_visit is None or (hold.service.needs_date_of_birth and born_on is None):
        return None
    for_other = answers.get("booking_for") == "other"
    return PatientDetails(
        name=answers["name"],
        email=answers["email"],
        phone=answers["phone"],
        preferred_name=answers.get("preferred_name", ""),
        pronouns=answers.get("pronouns", ""),
        date_of_birth=born_on if hold.service.needs_date_of_birth else None,
        contact_name=answers.get("contact_name", "") if for_other else "",
        is_first_visit=is_first_visit,
        reminders=bool(answers.get("reminders")),
        notice_version=answers.get("notice_version", ""),
    )


def _rows(hold: Appointment, details: PatientDetails) -> list[tuple[str, str, str]]:
    """What the check page lists about the patient: what it is, the answer, where to change it."""
    form = reverse("booking:details")
    visit = form if hold.is_first_visit is None else reverse("booking:services")
    other = bool(details.contact_name)
    rows = [
        ("Patient" if other else "Name", details.name, f"{form}#id_name"),
        ("Likes to be called", details.preferred_name, f"{form}#id_preferred_name"),
        ("Pronouns", details.pronouns, f"{form}#id_pronouns"),
        ("Date of birth", details.date_of_birth and date_in_words(details.date_of_birth), f"{form}#id_date_of_birth"),
        ("First visit here", "Yes" if details.is_first_visit else "No", visit),
        ("Your name", details.contact_name, f"{form}#id_contact_name"),
        ("E-mail", details.email, f"{form}#id_email"),
        ("Phone", _phone_in_words(details.phone), f"{form}#id_phone"),
        ("Reminders", "By e-mail" if details.reminders else "None", f"{form}#id_reminders"),
    ]
    return [(key, value, url) for key, value, url in rows if value]


def _phone_in_words(number: str) -> str:
    """(403) 555-0123; a number from abroad with its country; what is no number as it was typed."""
    phone = read_phone(number, region="CA")
    if not phone or not phone.is_valid():
        return number
    return str(phone.as_national if phone.country_code == 1 else phone.as_international)


def _about(visitor: Visitor, hold: Appointment, page: str) -> dict[str, Any]:
    """What every page about a held time tells."""
    wanted = hold.practitioner if visitor.wants_this_person else None
    asked = Asked(new_patient=hold.is_first_visit, location=hold.location, practitioner=wanted)
    return {
        "hold": hold,
        "service": hold.service,
        "visit": asking.write_visit(hold.is_first_visit),
        "step": step(page, hold.service, hold.is_first_visit),
        "hold_lasts": settings.BOOKING_HOLD,
        "change_visit": services_url(hold.is_first_visit),
        "change_time": times_url(hold.service, asked, from_on=hold.local_on.isoformat()),
        "can_change": timezone.now() <= hold.changes_until,
        "shows_signs": hold.service.shows_signs_to(hold.is_first_visit),
        "held_until": hold.hold_expires_at and hold.hold_expires_at.astimezone(hold.location.zone),
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
