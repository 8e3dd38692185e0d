"""Template context of each kind of e-mail."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.urls import reverse

from booking.formatting import parts_of_day
from booking.ical.appointment import one_line
from booking.intake.asked import is_wanted
from booking.messages.outbox.link_requests import LinkedVisit, visits_for_link_request
from booking.models import (
    MAX_UNANSWERED_OFFERS,
    Appointment,
    Clinic,
    Message,
    Patient,
    Status,
    WaitlistEntry,
    WaitlistOffer,
)
from booking.text_cleaning import first_words, safe_in_mail
from booking.tokens import manage_url, waitlist_url


def appointment_context(appointment: Appointment, clinic: Clinic, now: datetime) -> dict[str, Any]:
    patient = appointment.patient
    assert patient is not None  # Only holds have none, and they have no messages.
    return {
        "appointment": appointment,
        "location": appointment.location,
        "practitioner": appointment.practitioner,
        "service": appointment.service,
        "patient": patient,
        "greeting": greeting_name(patient, shown=names_shown_in(appointment)),
        "whose": whose(appointment),
        "phone": appointment.location.phone or clinic.phone,
        "manage_url": manage_url(appointment),
        "book_url": settings.SITE_URL + reverse("booking:services"),
        "admin_url": settings.SITE_URL + reverse("admin:booking_appointment_change", args=[appointment.pk]),
        "change_until": appointment.changes_until.astimezone(appointment.location.zone),
        "can_change_online": appointment.can_cancel_online(now),
        "other_visits": _other_visits_then(appointment),
        "confirmed_together": _confirmed_together(appointment),
        "wants_form": appointment.service.intake_form_id is not None and is_wanted(appointment, now),
        "confirm_until": appointment.hold_expires_at
        and appointment.hold_expires_at.astimezone(appointment.location.zone),
    }


def _other_visits_then(appointment: Appointment) -> list[LinkedVisit]:
    """Other visits of this patient at the same time (R16). The mail goes to the patient's own address."""
    rows = Appointment.objects.at_same_time(appointment).filter(status=Status.BOOKED)
    visits = rows.select_related("patient", "practitioner", "service", "location")
    return [LinkedVisit(visit, whose(visit), manage_url(visit)) for visit in visits if visit.patient]


def _confirmed_together(appointment: Appointment) -> list[Appointment]:
    """The other bookings of the same form that wait for the same press as this one; ordered by start."""
    if appointment.series is None or appointment.status != Status.UNCONFIRMED:
        return []
    rows = Appointment.objects.filter(series=appointment.series, status=Status.UNCONFIRMED).exclude(pk=appointment.pk)
    return list(rows.select_related("practitioner", "location").order_by("starts_at", "pk"))


def link_request_context(message: Message, clinic: Clinic, now: datetime) -> dict[str, Any]:
    """Context of an e-mail with manage links; names the patients if several share the address.

    A preview has an appointment; a real message has none.
    """
    visits = [message.appointment] if message.appointment else visits_for_link_request(message, now=now)
    is_shared_address = len({visit.patient_id for visit in visits}) > 1
    location = visits[0].location
    return {
        "location": location,
        "phone": location.phone or clinic.phone,
        "visits": [
            LinkedVisit(visit, whose(visit, by_name=is_shared_address), manage_url(visit))
            for visit in visits
            if visit.patient
        ],
    }


def entry_of(message: Message) -> WaitlistEntry | None:
    return message.waitlist_offer.entry if message.waitlist_offer else message.waitlist_entry


def waitlist_context(entry: WaitlistEntry, offer: WaitlistOffer | None, clinic: Clinic) -> dict[str, Any]:
    """Context of an e-mail about a waitlist entry; with ``offer``, also the held slot."""
    shown = _first_words_for(entry.email)  # Anyone can write anyone's address on the waitlist.
    context = {
        "entry": entry,
        "location": entry.location,
        "service": entry.service,
        "greeting": _first_shown(shown, entry.name, entry.contact_name),
        "patient_name": shown(one_line(entry.name)) or "The person you asked for",
        "phone": entry.location.phone or clinic.phone,
        "manage_url": waitlist_url(entry, to_offer=offer is not None),
        "book_url": settings.SITE_URL + reverse("booking:times", args=[entry.service.slug]),
        "parts": parts_of_day(entry.parts),
    }
    if offer is not None:
        context |= {
            "hold": offer.appointment,
            "held_until": offer.expires_at.astimezone(entry.location.zone),
            "leave_url": waitlist_url(entry),
            "is_last": entry.unanswered + 1 >= MAX_UNANSWERED_OFFERS,
        }
    return context


def names_shown_in(appointment: Appointment) -> Callable[[str], str]:
    """How an e-mail about this appointment shows names: as they are, or, to an unverified address, by a first word."""
    patient = appointment.patient
    return _first_words_for(patient.email) if patient and appointment.is_unverified else safe_in_mail


def _first_words_for(email: str) -> Callable[[str], str]:
    """Show a name by its first word; with an initial where two people with this address begin with the same."""
    same_email = {"email__iexact": email or None}
    patients = Patient.objects.current().filter(**same_email).order_by()
    names = [name for row in patients.values_list("name", "preferred_name", "contact_name") for name in row if name]
    names += WaitlistEntry.objects.waiting().filter(**same_email).order_by().values_list("name", flat=True)
    return lambda name: first_words(name, names)


def greeting_name(patient: Patient, *, shown: Callable[[str], str] = safe_in_mail) -> str:
    """The name after "Hello": that of who booked for the patient and reads the e-mail, else the patient's."""
    return _first_shown(shown, patient.contact_name, patient.preferred_name, patient.name)


def _first_shown(shown: Callable[[str], str], *names: str) -> str:
    """The first name that a mail may show; "there" if none may, so that a greeting is never empty."""
    return next(filter(None, (shown(one_line(name)) for name in names)), "there")


def whose(appointment: Appointment, *, by_name: bool = False) -> str:
    """Return "your appointment", or name the patient if a contact person receives the e-mail."""
    patient = appointment.patient
    if patient is None or not (patient.contact_name or by_name):
        return "your appointment"
    shown = names_shown_in(appointment)
    name = shown(one_line(patient.preferred_name)) or shown(one_line(patient.name))
    return f"the appointment for {name}" if name else "the appointment"
