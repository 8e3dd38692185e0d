"""/waitlist/offer/: view, accept or decline a waitlist offer."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from booking import scheduling
from booking.formatting import phone_in_words
from booking.forms.antispam import sign_form_token
from booking.forms.waitlist import AcceptForm
from booking.models import Clinic, WaitlistEntry, WaitlistOffer
from booking.private_pages import private_page
from booking.scheduling import Actor, SlotOverview, SlotQuery
from booking.views.query_params import SearchParams, times_url
from booking.views.session import BookingSession
from booking.views.slot_choices import SlotFinder
from booking.views.waitlist.entry import entry_context, mismatch_page, not_found_page, offer_context, signs_of


@private_page
@require_safe
def offer(request: HttpRequest) -> HttpResponse:
    """Show the offered slot and until when it is held, with buttons to accept or decline."""
    entry, now = BookingSession(request).waitlist_entry(), timezone.now()
    if entry is None:
        return not_found_page(request)
    offer = _latest_offer(entry)
    if offer is None:
        return redirect("booking:waitlist_entry")
    if offer.state == WaitlistOffer.State.ACCEPTED:
        return _show_booked(request, offer)
    if not offer.is_live(now):
        return _gone_page(request, entry, offer, now)
    return render(request, "booking/waitlist/offer.html", offer_context(entry, offer, now))


@private_page
@require_safe
def safety(request: HttpRequest) -> HttpResponse:
    """Signs that need an emergency department, before a first visit. Stores nothing."""
    entry = BookingSession(request).waitlist_entry()
    if entry is None:
        return not_found_page(request)
    signs = signs_of(entry)
    if not signs:
        return redirect("booking:waitlist_accept")
    return render(request, "booking/waitlist/safety.html", entry_context(entry) | {"signs": signs})


@private_page
@require_http_methods(["GET", "HEAD", "POST"])
def accept(request: HttpRequest) -> HttpResponse:
    """Show everything once more; POST books the offered slot. Idempotent."""
    entry, now = BookingSession(request).waitlist_entry(), timezone.now()
    if entry is None:
        return not_found_page(request)
    offer = _submitted_offer(request, entry) if request.method == "POST" else _latest_offer(entry)
    if offer is None:
        return mismatch_page(request, entry) if request.method == "POST" else redirect("booking:waitlist_entry")
    if offer.state == WaitlistOffer.State.ACCEPTED:
        return _show_booked(request, offer)
    if not offer.is_live(now):
        return _gone_page(request, entry, offer, now)
    form = _form(request, entry, offer, now)
    if request.method == "POST" and form.is_valid():
        try:
            appointment = scheduling.accept(
                offer=offer,
                date_of_birth=form.cleaned_data.get("date_of_birth"),
                reminders=form.cleaned_data["reminders"],
                notice_version=form.notice_version,
                corrections=form.corrections,
                by=Actor.patient(),
                now=now,
            )
        except scheduling.OfferGone:
            return _gone_page(request, entry, offer, now)
        except scheduling.SchedulingError:  # The clinic's plans have changed since it was offered.
            scheduling.withdraw(offer=offer, by=Actor.system(), now=now)
            offer.refresh_from_db(fields=["state"])
            return _gone_page(request, entry, offer, now)
        BookingSession(request).show_booked(appointment)
        return redirect("booking:done")
    context = offer_context(entry, offer, now) | {"form": form}
    return render(request, "booking/waitlist/accept.html", context, status=422 if form.errors else 200)


@private_page
@require_POST
def pass_on(request: HttpRequest) -> HttpResponse:
    """Decline the offer: the slot goes to the next match, and this entry stays on the waitlist."""
    entry, now = BookingSession(request).waitlist_entry(), timezone.now()
    if entry is None:
        return not_found_page(request)
    offer = _submitted_offer(request, entry)
    if offer is None:
        return mismatch_page(request, entry)
    if offer.state == WaitlistOffer.State.ACCEPTED:
        return _show_booked(request, offer)
    scheduling.decline(offer=offer, by=Actor.patient(), now=now)
    return redirect("booking:waitlist_entry")


def _latest_offer(entry: WaitlistEntry) -> WaitlistOffer | None:
    return _offers_of(entry).first()


def _submitted_offer(request: HttpRequest, entry: WaitlistEntry) -> WaitlistOffer | None:
    """The offer named in the form, if it belongs to this entry."""
    uids = request.POST.getlist("offer")
    return next((row for row in _offers_of(entry) if uids == [row.uid.hex]), None)


def _offers_of(entry: WaitlistEntry) -> Any:
    fields = (f"appointment__{name}" for name in ("service", "practitioner", "location"))
    return entry.offers.select_related("entry", *fields)


def _form(request: HttpRequest, entry: WaitlistEntry, offer: WaitlistOffer, now: datetime) -> AcceptForm:
    clinic = Clinic.objects.only("collection_notice_version").first()
    return AcceptForm(
        request.POST if request.method == "POST" else None,
        initial={
            "offer": offer.uid.hex,
            "name": entry.name,
            "contact_name": entry.contact_name,
            "phone": phone_in_words(str(entry.phone)),
            "shown": sign_form_token(clinic.collection_notice_version if clinic else "none"),
        },
        today=now.astimezone(entry.location.zone).date(),
        needs_date_of_birth=entry.service.needs_date_of_birth,
    )


def _show_booked(request: HttpRequest, offer: WaitlistOffer) -> HttpResponse:
    """The offer was accepted before: show the appointment that it became."""
    appointment = offer.appointment
    assert appointment is not None
    BookingSession(request).show_booked(appointment)
    return redirect("booking:done")


def _gone_page(request: HttpRequest, entry: WaitlistEntry, offer: WaitlistOffer, now: datetime) -> HttpResponse:
    """410 for an offer that has ended: whether the entry still waits, and the nearest free slots."""
    entry.refresh_from_db(fields=["ended_at", "outcome"])
    offers = scheduling.offers_of_service(service=entry.service, now=now, new_patient=entry.is_first_visit)
    people = {row.practitioner_id: row.practitioner for row in offers if entry.practitioner in (None, row.practitioner)}
    query = SlotQuery(entry.service, now, location=entry.location, new_patient=entry.is_first_visit)
    finder = SlotFinder(query, people, SlotOverview(query))
    params = SearchParams(new_patient=entry.is_first_visit, location=entry.location, practitioner=entry.practitioner)
    context = entry_context(entry) | {
        "passed": offer.state == WaitlistOffer.State.PASSED,
        "withdrawn": offer.state == WaitlistOffer.State.WITHDRAWN and entry.is_waiting,
        "nearest": [
            (choice, times_url(entry.service, params, start=choice.starts_at))
            for choice in finder.near(offer.starts_at, 3)
        ],
    }
    return render(request, "booking/waitlist/gone.html", context, status=410)
