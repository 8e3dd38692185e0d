"""A time that came free, offered to somebody on the waitlist: look, take it, or pass."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from booking import scheduling
from booking.filling import stamp
from booking.models import Clinic, WaitlistEntry, WaitlistOffer
from booking.scheduling import Actor
from booking.views import board
from booking.views.asked import Asked, times_url
from booking.views.privacy import private_page
from booking.views.visitor import Visitor
from booking.views.waitlist import about, no_entry, other_entry, signs_before
from booking.waitlist_form import AcceptForm


@private_page
@require_safe
def offer(request: HttpRequest) -> HttpResponse:
    """What would be booked, until when it is held, and both ways on."""
    found, now = Visitor(request).waitlisted(), timezone.now()
    if found is None:
        return no_entry(request)
    newest = _newest(found)
    if newest is None:
        return redirect("booking:waitlist_entry")
    if newest.state == WaitlistOffer.State.ACCEPTED:
        return _booked(request, newest)
    if not newest.is_live(now):
        return _gone(request, found, newest, now)
    return render(request, "booking/waitlist_offer.html", _about_offer(found, newest, now))


@private_page
@require_safe
def safety(request: HttpRequest) -> HttpResponse:
    """Signs that need an emergency department, before a first visit. Nothing about it is kept."""
    found = Visitor(request).waitlisted()
    if found is None:
        return no_entry(request)
    signs = _signs(found)
    if not signs:
        return redirect("booking:waitlist_accept")
    return render(request, "booking/waitlist_safety.html", about(found) | {"signs": signs})


@private_page
@require_http_methods(["GET", "HEAD", "POST"])
def accept(request: HttpRequest) -> HttpResponse:
    """All of it once more; pressing the button books it, once."""
    found, now = Visitor(request).waitlisted(), timezone.now()
    if found is None:
        return no_entry(request)
    shown = _named(request, found) if request.method == "POST" else _newest(found)
    if shown is None:
        return other_entry(request, found) if request.method == "POST" else redirect("booking:waitlist_entry")
    if shown.state == WaitlistOffer.State.ACCEPTED:
        return _booked(request, shown)
    if not shown.is_live(now):
        return _gone(request, found, shown, now)
    form = _form(request, found, shown, now)
    if request.method == "POST" and form.is_valid():
        try:
            made = scheduling.accept(
                offer=shown,
                date_of_birth=form.cleaned_data.get("date_of_birth"),
                reminders=form.cleaned_data["reminders"],
                notice_version=form.notice_version,
                by=Actor.patient(),
                now=now,
            )
        except (scheduling.OfferGone, scheduling.StartTaken):
            return _gone(request, found, shown, now)
        Visitor(request).show_done(made)
        return redirect("booking:done")
    context = _about_offer(found, shown, now) | {"form": form}
    return render(request, "booking/waitlist_accept.html", context, status=422 if form.errors else 200)


@private_page
@require_POST
def pass_on(request: HttpRequest) -> HttpResponse:
    """No, thank you: the time goes to the next person, and this one waits on."""
    found, now = Visitor(request).waitlisted(), timezone.now()
    if found is None:
        return no_entry(request)
    shown = _named(request, found)
    if shown is None:
        return other_entry(request, found)
    if shown.state == WaitlistOffer.State.ACCEPTED:
        return _booked(request, shown)
    scheduling.pass_on(offer=shown, by=Actor.patient(), now=now)
    return redirect("booking:waitlist_entry")


def _newest(found: WaitlistEntry) -> WaitlistOffer | None:
    return _rows(found).first()


def _named(request: HttpRequest, found: WaitlistEntry) -> WaitlistOffer | None:
    """The offer that the form was about, if it belongs to the entry that is open here."""
    said = request.POST.getlist("offer")
    return next((row for row in _rows(found) if said == [row.uid.hex]), None)


def _rows(found: WaitlistEntry) -> Any:
    held = (f"appointment__{name}" for name in ("service", "practitioner", "location"))
    return found.offers.select_related("entry", *held)


def _signs(found: WaitlistEntry) -> list[str]:
    return signs_before(found.service, found.is_first_visit)


def _form(request: HttpRequest, found: WaitlistEntry, shown: WaitlistOffer, now: datetime) -> AcceptForm:
    clinic = Clinic.objects.only("collection_notice_version").first()
    return AcceptForm(
        request.POST if request.method == "POST" else None,
        initial={"offer": shown.uid.hex, "shown": stamp(clinic.collection_notice_version if clinic else "none")},
        today=now.astimezone(found.location.zone).date(),
        needs_date_of_birth=found.service.needs_date_of_birth,
    )


def _about_offer(found: WaitlistEntry, shown: WaitlistOffer, now: datetime) -> dict[str, Any]:
    hold = shown.appointment
    assert hold is not None  # Only offers that are live come here, and those hold a time.
    return about(found) | {
        "offer": shown,
        "offer_uid": shown.uid.hex,
        "hold": hold,
        "held_until": shown.expires_at.astimezone(found.location.zone),
        "can_change": now <= hold.changes_until,
        "go_on": reverse("booking:waitlist_safety" if _signs(found) else "booking:waitlist_accept"),
    }


def _booked(request: HttpRequest, shown: WaitlistOffer) -> HttpResponse:
    """The same button pressed again, or the old mail opened again: the visit it has become."""
    made = shown.appointment
    assert made is not None
    Visitor(request).show_done(made)
    return redirect("booking:done")


def _gone(request: HttpRequest, found: WaitlistEntry, shown: WaitlistOffer, now: datetime) -> HttpResponse:
    """The time is no longer held for them: whether they still wait, and the nearest times that are free."""
    found.refresh_from_db(fields=["ended_at", "outcome"])
    people = {offer.practitioner_id: offer.practitioner for offer in scheduling.offers(service=found.service, now=now)}
    finder = board.Finder(
        service=found.service,
        now=now,
        location=found.location,
        practitioner=found.practitioner,
        new_patient=found.is_first_visit,
    )
    days = board.arrange(finder.near(shown.starts_at, 3), finder, people=people)
    asked = Asked(new_patient=found.is_first_visit, location=found.location, practitioner=found.practitioner)
    context = about(found) | {
        "passed": shown.state == WaitlistOffer.State.PASSED,
        "nearest": [
            (choice, times_url(found.service, asked, start=choice.opening.starts_at))
            for day in days
            for choice in day.choices
        ],
    }
    return render(request, "booking/waitlist_gone.html", context, status=410)
