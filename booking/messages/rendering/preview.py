"""Preview an e-mail's wording with a sample appointment. Saves nothing."""

from datetime import datetime, time, timedelta
from decimal import Decimal

from django.conf import settings
from django.core.mail import EmailMultiAlternatives

from booking.availability import ONE_DAY, instant_at, local_day
from booking.messages.rendering.email import render
from booking.messages.rendering.wording import with_defaults
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


class PreviewUnavailable(Exception):
    """There is no clinic, service or location yet to build the sample appointment from."""


def preview_email(wording: MessageWording, *, now: datetime) -> EmailMultiAlternatives:
    """Render the e-mail with this wording, saved or not."""
    appointment = _visit(now)
    kind = Message.Kind(wording.kind)
    if kind == Message.Kind.CONFIRM_REQUEST:
        appointment.hold_expires_at = now + settings.BOOKING_CONFIRM_WITHIN
    message = Message(kind=kind, key="preview", content={"sequence": 0, "hours_before": 48, "late_minutes": 10})
    if kind in {Message.Kind.WAITLIST_JOINED, Message.Kind.WAITLIST_OFFER}:
        entry = _entry(appointment)
        if kind == Message.Kind.WAITLIST_JOINED:
            message.waitlist_entry = entry
        else:
            until = now + timedelta(hours=1)
            message.waitlist_offer = WaitlistOffer(entry=entry, appointment=appointment, expires_at=until)
    else:
        message.appointment = appointment
    return render(message, now=now, wording=with_defaults(wording))


def _visit(now: datetime) -> Appointment:
    """Build an unsaved appointment: the first service, at 9 a.m. in a week."""
    offer = PractitionerService.objects.select_related("practitioner", "service").order_by("service__position").first()
    clinic = Clinic.objects.first()
    location = _location_of(offer) if offer else None
    if clinic is None or offer is None or location is None:
        raise PreviewUnavailable
    on = local_day(now + _AHEAD, location.zone)
    starts_at = instant_at(on, time(9), location.zone)
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
