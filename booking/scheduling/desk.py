"""What only staff do: book for a caller, and decide about times that are not offered."""

from datetime import datetime

from booking import messages
from booking.models import (
    Appointment,
    AppointmentEvent,
    Channel,
    Location,
    Patient,
    Practitioner,
    PractitionerService,
    Service,
    Status,
)
from booking.scheduling.actors import Actor
from booking.scheduling.locks import locked, overlaps_lost
from booking.scheduling.patients import standing
from booking.scheduling.record import add_event, expire_lapsed, place_at
from booking.scheduling.refusals import Lost, NotOffered, StartTaken, WrongState
from booking.scheduling.rooms import pick_room


def book_for(
    *,
    service: Service,
    starts_at: datetime,
    practitioner: Practitioner,
    location: Location,
    patient: Patient,
    by: Actor,
    now: datetime,
    overbooked_reason: str = "",
    is_first_visit: bool | None = None,
    reminders: bool = True,
    reminders_by: Channel = Channel.EMAIL,
) -> Appointment:
    """Book for a caller: staff may choose any time, on the grid or off it, inside working hours or not.

    A time that is taken needs a reason and the permission to overbook; otherwise StartTaken.
    """
    if not by.is_staff:
        raise WrongState("Only staff can do this.")
    offer = PractitionerService.objects.filter(practitioner=practitioner, service=service).first()
    if offer is None:
        raise NotOffered(f"{practitioner} does not offer {service}. Choose another person or visit.")
    if service.needs_needling_authorisation and not practitioner.authorised_for_needling:
        raise NotOffered(f"{practitioner} is not authorised for needling, so this visit cannot be booked.")
    try:
        with overlaps_lost(), locked([practitioner.pk], location):
            made = Appointment(
                status=Status.BOOKED,
                patient=standing(patient),
                practitioner=practitioner,
                service=service,
                buffer_before=service.buffer_before,
                buffer_after=service.buffer_after,
                price=service.price if offer.own_price is None else offer.own_price,
                cancellation_window=service.cancellation_window,
                is_first_visit=is_first_visit,
                reminders=reminders,
                reminders_by=reminders_by,
            )
            place_at(made, starts_at, offer.own_duration or service.duration, location)
            take_for_staff(made, by=by, now=now, overbooked_reason=overbooked_reason)
            made.save(force_insert=True)
            add_event(made, AppointmentEvent.Kind.BOOKED, by=by, now=now, note=made.overbooked_reason)
            messages.booked(made, now=now)
            return made
    except Lost:
        raise StartTaken(f"{practitioner} already has an appointment at that time.") from None


def take_for_staff(appointment: Appointment, *, by: Actor, now: datetime, overbooked_reason: str) -> None:
    """Check, under the lock, that staff may put this appointment at its time, and choose its room.

    What lies outside working hours or in a buffer is the front desk's decision; what is taken is not.
    """
    expire_lapsed(
        now=now, practitioners=[appointment.practitioner_id], location=appointment.location, but=appointment.pk
    )
    others = Appointment.objects.occupying(now=now).exclude(pk=appointment.pk)
    clash = others.filter(
        practitioner=appointment.practitioner_id, starts_at__lt=appointment.ends_at, ends_at__gt=appointment.starts_at
    ).exists()
    appointment.room = pick_room(appointment, now) if appointment.service.needs_room else None
    no_room = appointment.service.needs_room and appointment.room is None
    if not clash and not no_room:
        appointment.overbooked_reason = ""
        return
    if not overbooked_reason:
        raise StartTaken(
            f"{appointment.practitioner} already has an appointment at that time."
            if clash
            else "Every room is taken at that time."
        )
    if not by.may_overbook():
        raise StartTaken("This time is taken, and your login may not overbook. Choose another time.")
    appointment.overbooked_reason = overbooked_reason
