"""A mail as it would look, about a visit that nobody has: for staff who change its words. Stores nothing."""

from datetime import datetime, time, timedelta
from decimal import Decimal

from django.core.mail import EmailMultiAlternatives

from booking.availability import ONE_DAY, local_day, resolve
from booking.messages.rendering import render
from booking.messages.wording import merged
from booking.models import (
    Appointment,
    Clinic,
    Location,
    Message,
    MessageWording,
    Patient,
    PractitionerService,
    Status,
    WaitlistEntry,
    WaitlistOffer,
)

_PATIENT = Patient(name="Alex Martin", email="alex.martin@patients.example", phone="+14035550123")
_AHEAD = timedelta(days=7)


class NothingToShow(Exception):
    """There is no clinic yet, or nobody offers anything: a mail would have nothing to tell."""


def preview(wording: MessageWording, *, now: datetime) -> EmailMultiAlternatives:
    """The whole mail, with these words whether they are saved or not."""
    appointment = _visit(now)
    kind = Message.Kind(wording.kind)
    message = Message(kind=kind, key="preview", content={"sequence": 0, "hours_before": 48})
    if kind in {Message.Kind.WAITLIST_JOINED, Message.Kind.WAITLIST_OFFER}:
        entry = _entry(appointment)
        if kind == Message.Kind.WAITLIST_JOINED:
            message.waitlist_entry = entry
        else:
            until = now + timedelta(hours=1)
            message.waitlist_offer = WaitlistOffer(entry=entry, appointment=appointment, expires_at=until)
    else:
        message.appointment = appointment
    return render(message, now=now, words=merged(wording))


def _visit(now: datetime) -> Appointment:
    """Nine o'clock a week from now, for the first visit on the clinic's list."""
    offer = PractitionerService.objects.select_related("practitioner", "service").order_by("service__position").first()
    clinic = Clinic.objects.first()
    location = _location_of(offer) if offer else None
    if clinic is None or offer is None or location is None:
        raise NothingToShow
    on = local_day(now + _AHEAD, location.zone)
    starts_at = resolve(on, time(9), location.zone)
    return Appointment(
        pk=0,
        reference="7K3QX9TB",
        status=Status.BOOKED,
        patient=_PATIENT,
        practitioner=offer.practitioner,
        service=offer.service,
        location=location,
        starts_at=starts_at,
        ends_at=starts_at + offer.duration,
        local_on=on,
        local_time=time(9),
        time_zone=location.time_zone,
        price=offer.price if offer.price is not None else Decimal(0),
        cancellation_window=offer.service.cancellation_window,
    )


def _location_of(offer: PractitionerService) -> Location | None:
    hours = offer.practitioner.working_hours.select_related("location").first()
    return hours.location if hours else Location.objects.first()


def _entry(appointment: Appointment) -> WaitlistEntry:
    return WaitlistEntry(
        service=appointment.service,
        practitioner=None,
        location=appointment.location,
        first_on=appointment.local_on - 2 * ONE_DAY,
        last_on=appointment.local_on + 12 * ONE_DAY,
        evenings=False,
        name=_PATIENT.name,
        email=_PATIENT.email,
        phone=_PATIENT.phone,
    )
