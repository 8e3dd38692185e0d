"""/waitlist/<token>/: one waitlist entry, and leaving the list."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from booking import rate_limits, scheduling, tokens
from booking.formatting import parts_of_day
from booking.models import Clinic, Practitioner, Service, WaitlistEntry, WaitlistOffer
from booking.private_pages import private_page
from booking.scheduling import Actor
from booking.text_cleaning import split_lines
from booking.views.query_params import SearchParams, times_url
from booking.views.session import BookingSession


def emergency_signs_for(service: Service, new_patient: bool | None) -> list[str]:
    """The emergency signs to show before this visit; they must not wait for a slot."""
    clinic = Clinic.objects.only("emergency_signs").first()
    if clinic is None or not service.shows_signs_to(new_patient):
        return []
    return split_lines(clinic.emergency_signs)


@private_page
@require_safe
def link(request: HttpRequest, token: str) -> HttpResponse:
    """Store the waitlist entry in the session and redirect to a URL without the token."""
    now = timezone.now()
    result = tokens.waitlist_entry_for(token)
    if result is None:
        rate_limits.consume_for_request(request, "link", now=now)
        looks_right = tokens.TOKEN.fullmatch(token) is not None
        return not_found_page(request, was_a_link=True, status=410 if looks_right else 404)
    entry, leads_to_offer = result
    request.session.cycle_key()
    BookingSession(request).open_waitlist_entry(entry)
    response = redirect("booking:waitlist_offer" if leads_to_offer else "booking:waitlist_entry")
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


@private_page
@require_safe
def entry(request: HttpRequest) -> HttpResponse:
    """Show the waitlist entry, with a button to leave the waitlist."""
    entry = BookingSession(request).waitlist_entry()
    if entry is None:
        return not_found_page(request)
    now = timezone.now()
    fields = (f"appointment__{name}" for name in ("service", "practitioner", "location"))
    newest = entry.offers.select_related(*fields).first()
    context = entry_context(entry)
    if newest and newest.is_live(now):
        context = offer_context(entry, newest, now)
    elif newest and newest.state == newest.State.PASSED:
        context["passed"] = newest.starts_at.astimezone(entry.location.zone)
    return render(request, "booking/waitlist/entry.html", context)


@private_page
@require_POST
def leave(request: HttpRequest) -> HttpResponse:
    """Leave the waitlist. Idempotent."""
    entry = BookingSession(request).waitlist_entry()
    if entry is None:
        return not_found_page(request)
    if request.POST.getlist("entry") != [entry.uid.hex]:
        return mismatch_page(request, entry)
    scheduling.leave(entry=entry, by=Actor.patient(), now=timezone.now())
    return redirect("booking:waitlist_entry")


def entry_context(entry: WaitlistEntry) -> dict[str, Any]:
    """Context of every page about a waitlist entry, including the id that its forms submit."""
    person: Practitioner | None = entry.practitioner
    params = SearchParams(new_patient=entry.is_first_visit, location=entry.location, practitioner=person)
    return {
        "entry": entry,
        "service": entry.service,
        "entry_uid": entry.uid.hex,
        "parts": parts_of_day(entry.parts),
        "times": times_url(entry.service, params),
        "join_again": reverse("booking:waitlist", args=[entry.service.slug]),
    }


def signs_of(entry: WaitlistEntry) -> list[str]:
    return emergency_signs_for(entry.service, entry.is_first_visit)


def offer_context(entry: WaitlistEntry, offer: WaitlistOffer, now: datetime) -> dict[str, Any]:
    hold = offer.appointment
    assert hold is not None  # A live offer always has a hold.
    return entry_context(entry) | {
        "offer": offer,
        "offer_uid": offer.uid.hex,
        "hold": hold,
        "held_until": offer.expires_at.astimezone(entry.location.zone),
        "can_change": now <= hold.changes_until,
        "last_change": hold.changes_until.astimezone(hold.location.zone),
        "go_on": reverse("booking:waitlist_safety" if signs_of(entry) else "booking:waitlist_accept"),
    }


def not_found_page(request: HttpRequest, *, was_a_link: bool = False, status: int = 404) -> HttpResponse:
    """No waitlist entry is open in this session, or the link is invalid."""
    return render(request, "booking/waitlist/not_found.html", {"was_a_link": was_a_link}, status=status)


def mismatch_page(request: HttpRequest, entry: WaitlistEntry) -> HttpResponse:
    """The form was about another waitlist entry than the one open in this session."""
    return render(request, "booking/waitlist/mismatch.html", entry_context(entry), status=409)
