"""Staff commands: book for a caller, at any time; outside a rule only with a reason."""

from datetime import datetime
from uuid import UUID

from booking import messages
from booking.models import (
    Appointment,
    AppointmentEvent,
    BookedFrom,
    Channel,
    Location,
    Patient,
    PatientNote,
    Practitioner,
    PractitionerService,
    Service,
    Status,
)
from booking.privacy.change_log import log_added
from booking.scheduling.actors import Actor
from booking.scheduling.appointments.hold_expiry import expire_lapsed
from booking.scheduling.appointments.patient_matching import surviving_patient
from booking.scheduling.events import add_event
from booking.scheduling.exceptions import LostRace, NotBookable, SlotTaken, WrongStatus
from booking.scheduling.locks import locked, overlap_as_lost_race
from booking.scheduling.slots.one_start import pick_room
from booking.scheduling.slots.staff_rules import OVERBOOKING, Exemption, NeedsReason, StaffRule, broken_rules


def book_by_staff(
    *,
    service: Service,
    starts_at: datetime,
    practitioner: Practitioner,
    location: Location,
    patient: Patient,
    by: Actor,
    now: datetime,
    exemption: Exemption | None = None,
    is_first_visit: bool | None = None,
    reminders: bool = True,
    reminders_by: Channel = Channel.EMAIL,
    note: str = "",
    tell_patient: bool = True,
    series: UUID | None = None,
) -> Appointment:
    """Book for a caller, at any time: lead time, horizon, grid, audience and buffers do not apply.

    ``note``: the visit's note for everyone at the desk. ``tell_patient``: queue the confirmation; reminders and staff
    notices are queued in any case.

    Raises NeedsReason for a time outside a rule (over, closed, outside hours, a break, time off, another visit, no
    room, another visit of the patient) without an ``exemption`` from it, SlotTaken for one that is taken without the
    permission to overbook; NotBookable if the practitioner may not give the service, WrongStatus if ``by`` is not
    staff.
    """
    if not by.is_staff:
        raise WrongStatus("Only staff can do this.")
    try:
        with overlap_as_lost_race(), locked([practitioner.pk], location):
            practitioner = Practitioner.objects.get(pk=practitioner.pk)
            offer = check_practitioner(service, practitioner)
            patient = surviving_patient(patient)
            appointment = Appointment(
                status=Status.BOOKED,
                patient=patient,
                practitioner=practitioner,
                service=service,
                buffer_before=service.buffer_before,
                buffer_after=service.buffer_after,
                price=service.price if offer.own_price is None else offer.own_price,
                cancellation_window=service.cancellation_window,
                is_first_visit=is_first_visit,
                reminders=reminders,
                reminders_by=reminders_by,
                series=series,
                booked_from=BookedFrom.DESK,
            )
            appointment.set_time(starts_at, offer.own_duration or service.duration, location)
            reserve_for_staff(appointment, by=by, now=now, exemption=exemption)
            appointment.save(force_insert=True)
            reason = appointment.overbooked_reason or appointment.exception_reason
            add_event(appointment, AppointmentEvent.Kind.BOOKED, by=by, now=now, note=reason)
            if note:
                _add_note(appointment, patient, note, by=by, now=now)
            messages.enqueue_booking(appointment, now=now, tell_patient=tell_patient)
            return appointment
    except LostRace:
        raise SlotTaken(f"{practitioner} already has an appointment at that time.") from None


def _add_note(appointment: Appointment, patient: Patient, text: str, *, by: Actor, now: datetime) -> None:
    note = PatientNote.objects.create(
        patient=patient,
        appointment=appointment,
        text=text,
        author=by.user,
        created_at=now,
        updated_at=now,
    )
    log_added(by, note)


def check_practitioner(service: Service, practitioner: Practitioner) -> PractitionerService:
    """Return what the practitioner offers, or raise NotBookable if they may not give the service."""
    offer = PractitionerService.objects.filter(practitioner=practitioner, service=service).first()
    if offer is None:
        raise NotBookable(f"{practitioner} doesn't offer {service}. Choose another person or service.")
    if not practitioner.is_active:
        raise NotBookable(f"{practitioner} no longer sees patients here. Choose another person.")
    if service.needs_needling_authorisation and not practitioner.authorised_for_needling:
        raise NotBookable(f"{practitioner} isn't authorized for needling, so this can't be booked.")
    return offer


def reserve_for_staff(
    appointment: Appointment, *, by: Actor, now: datetime, exemption: Exemption | None, asks_about_patient: bool = True
) -> None:
    """Check, under the lock, that staff may book the appointment's time, and assign its room.

    Raises NeedsReason for rules that it breaks, unless ``exemption`` gives a reason and names them all. A time or a
    room that is taken needs the permission to overbook besides; without it, raises SlotTaken.
    """
    expire_lapsed(
        now=now, practitioners=[appointment.practitioner_id], location=appointment.location, exclude_id=appointment.pk
    )
    broken = broken_rules(appointment, now=now, asks_about_patient=asks_about_patient)
    others = Appointment.objects.occupying(now=now).exclude(pk=appointment.pk)
    if others.filter(
        practitioner=appointment.practitioner_id, starts_at__lt=appointment.ends_at, ends_at__gt=appointment.starts_at
    ).exists():
        broken[StaffRule.VISIT] = f"{appointment.practitioner} already has an appointment at that time."
    appointment.room = pick_room(appointment, now) if appointment.service.needs_room else None
    if appointment.service.needs_room and appointment.room is None:
        broken[StaffRule.ROOM] = "Every room is taken at that time."
    appointment.overbooked_reason = appointment.exception_reason = ""
    if not broken:
        return
    if exemption is None or not exemption.reason or not set(broken) <= set(exemption.rules):
        raise NeedsReason(broken)
    if OVERBOOKING & set(broken):
        if not by.may_overbook():
            raise SlotTaken("This time is taken, and your login may not overbook. Choose another time.")
        appointment.overbooked_reason = exemption.reason
    if set(broken) - OVERBOOKING:
        appointment.exception_reason = exemption.reason
