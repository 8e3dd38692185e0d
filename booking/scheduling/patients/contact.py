"""Command: correct a patient's e-mail address and phone, and resend confirmations."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from booking import messages
from booking.models import Appointment, AppointmentEvent, Patient
from booking.privacy.change_log import log_changed, values_of
from booking.scheduling.actors import Actor
from booking.scheduling.appointments.patient_matching import check_current, upcoming_visits
from booking.scheduling.events import add_event, appointment_state
from booking.scheduling.exceptions import WrongStatus
from booking.scheduling.waitlist.entries import transfer_entries


@dataclass(frozen=True)
class CorrectedContact:
    """``renewed``: number of visits with new manage links; ``sent``: number of confirmations queued."""

    patient: Patient
    renewed: int
    sent: int


def correct_contact(
    *, patient: Patient, email: str, phone: str, by: Actor, now: datetime, send: bool, seen_email: str | None = None
) -> CorrectedContact:
    """Correct a patient's contact details; ``send``: also queue confirmations of the upcoming visits.

    A stranger may have received manage links at the wrong address, so a new address invalidates the links of
    all upcoming visits. ``seen_email`` is the address that the form displayed, for optimistic locking.
    Raises WrongStatus.
    """
    if not by.is_staff:
        raise WrongStatus("Only staff can do this.")
    with transaction.atomic():
        patient = Patient.objects.select_for_update().get(pk=patient.pk)
        check_current(patient)
        if seen_email is not None and seen_email != patient.email:
            raise WrongStatus("Someone just changed the email address. Look at it again.")
        before = values_of(patient)
        corrected = set_contact(patient, email=email, phone=phone, by=by, now=now, send=send)
        log_changed(by, patient, before)
        return corrected


def set_contact(patient: Patient, *, email: str, phone: str, by: Actor, now: datetime, send: bool) -> CorrectedContact:
    """Write the contact details of a patient whose row is locked, and what follows from a new address."""
    has_new_email, old_email = email.lower() != patient.email.lower(), patient.email
    patient.email = email
    patient.phone = phone  # type: ignore[assignment]
    patient.save(update_fields=["email", "phone"])
    transfer_entries(name=patient.name, email=old_email, to=patient)
    visits = upcoming_visits(patient, now=now)
    if has_new_email:
        renew_links(visits, by=by, now=now, send=send)
        renew_confirm_requests(patient, by=by, now=now, send=send)
    elif send:
        messages.resend_confirmation(visits, now=now)
    return CorrectedContact(patient, len(visits) if has_new_email else 0, len(visits) if send and email else 0)


def renew_links(visits: Sequence[Appointment], *, by: Actor, now: datetime, send: bool = True) -> None:
    """Invalidate the manage links of these visits; ``send``: queue confirmations with new ones.

    Call it in a transaction that has locked the visits.
    """
    for visit in visits:
        before = appointment_state(visit)
        visit.link_generation += 1
        visit.save(update_fields=["link_generation", "updated_at"])
        add_event(visit, AppointmentEvent.Kind.LINK_RENEWED, by=by, now=now, before=before)
    if send:
        messages.resend_confirmation(visits, now=now)


def renew_confirm_requests(patient: Patient, *, by: Actor, now: datetime, send: bool = True) -> None:
    """Invalidate the links that confirm bookings of this patient; ``send``: queue e-mails with new ones.

    One link confirms all bookings of a basket, so each basket gets one e-mail.
    """
    asked = set()
    rows = Appointment.objects.unconfirmed(now=now).filter(patient=patient).select_for_update(of=("self",))
    for booking in rows.select_related("patient", "service", "location").order_by("pk"):
        before = appointment_state(booking)
        booking.link_generation += 1
        booking.save(update_fields=["link_generation", "updated_at"])
        add_event(booking, AppointmentEvent.Kind.LINK_RENEWED, by=by, now=now, before=before)
        form = booking.series or booking.uid
        if send and form not in asked:
            asked.add(form)
            messages.enqueue_confirm_request(booking, now=now, detail=str(booking.link_generation))
