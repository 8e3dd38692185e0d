"""From a chosen time to an appointment: hold, release, book."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, transaction

from booking import messages
from booking.availability import Interval
from booking.models import (
    Appointment,
    AppointmentEvent,
    Location,
    Patient,
    Practitioner,
    PractitionerService,
    Room,
    Service,
    Status,
)
from booking.scheduling.actors import Actor
from booking.scheduling.locks import locked, overlaps_refused
from booking.scheduling.openings import Search, busyness, nearest, opening_at
from booking.scheduling.record import add_event, expire, expire_lapsed, place_at, room_taken_by, snapshot
from booking.scheduling.refusals import AlreadyBooked, NotOffered, StartTaken, WrongState

_Kind = AppointmentEvent.Kind


@dataclass(frozen=True)
class PatientDetails:
    """What a patient tells us when booking; ``phone`` is in E.164 form."""

    name: str
    email: str
    phone: str
    preferred_name: str = ""
    pronouns: str = ""
    date_of_birth: date | None = None
    contact_name: str = ""
    is_first_visit: bool | None = None
    reminders: bool = True
    notice_version: str = ""


def hold(
    *,
    service: Service,
    starts_at: datetime,
    holder: str,
    by: Actor,
    now: datetime,
    location: Location,
    practitioner: Practitioner | None = None,
    new_patient: bool | None = None,
) -> Appointment:
    """Take an open start from everybody else for ten minutes.

    ``holder`` names the browser session; a time it held before is given up in the same
    transaction. Raises NotOffered or StartTaken, and then the earlier hold stands.
    """
    if not service.is_bookable:
        raise NotOffered("This visit cannot be booked online. Please call us.")
    if not service.is_open_to(new_patient):
        raise NotOffered("This visit is not for you yet. Choose another one, or call us and we help you choose.")
    search = Search(service, now, practitioner, location, new_patient, holder)
    seen = opening_at(search, starts_at)
    if seen is None:
        raise _taken(search, starts_at)
    try:
        with locked(seen.practitioner_ids, location):
            opening = opening_at(search, starts_at)
            # Somebody who became free since then was not locked: only those seen before may take it.
            takers = (
                [person for person in opening.practitioner_ids if person in seen.practitioner_ids] if opening else []
            )
            if not takers:
                raise _taken(search, starts_at)
            expire(Appointment.objects.filter(hold_key=holder, status=Status.HELD), kind=_Kind.RELEASED, by=by, now=now)
            expire_lapsed(now=now, practitioners=takers, location=location)
            made = _write_hold(search, starts_at, fairest(takers, starts_at, location, now, holder))
            add_event(made, _Kind.HELD, by=by, now=now)
            return made
    except IntegrityError:
        # Two requests of one session at the same instant, or a guard that fired: nothing was written.
        raise _taken(search, starts_at) from None


def fairest(people: list[int], starts_at: datetime, location: Location, now: datetime, holder: str = "") -> int:
    """Whoever has the fewest visits and holds that day; ties go in the clinic's order of people (R11)."""
    counts = busyness(people, starts_at.astimezone(location.zone).date(), now, holder)
    return min(people, key=lambda person: (counts[person], people.index(person)))


def _write_hold(search: Search, starts_at: datetime, person: int) -> Appointment:
    service, location = search.service, search.location
    assert location is not None
    offer = PractitionerService.objects.select_related("practitioner", "service").get(
        practitioner=person, service=service
    )
    made = Appointment(
        status=Status.HELD,
        practitioner=offer.practitioner,
        service=service,
        buffer_before=service.buffer_before,
        buffer_after=service.buffer_after,
        price=offer.price,
        cancellation_window=service.cancellation_window,
        is_first_visit=search.new_patient,
        hold_key=search.holder,
        hold_expires_at=search.now + settings.BOOKING_HOLD,
    )
    place_at(made, starts_at, offer.duration, location)
    made.room = pick_room(made, search.now) if service.needs_room else None
    if service.needs_room and made.room is None:
        raise _taken(search, starts_at)
    made.save(force_insert=True)
    return made


def pick_room(appointment: Appointment, now: datetime) -> Room | None:
    """The first usable room at the appointment's location that is free for it (R12)."""
    rooms = list(Room.objects.filter(location=appointment.location_id, is_active=True).order_by("position", "pk"))
    visit = Interval(appointment.starts_at, appointment.ends_at)
    taken = room_taken_by([room.pk for room in rooms], visit.start, visit.end, now, but=appointment.pk)
    return next((room for room in rooms if room.pk not in taken), None)


def release(*, appointment: Appointment, by: Actor, now: datetime) -> None:
    """Give a held time back. A hold that is gone already stays gone."""
    with transaction.atomic():
        expire([appointment], kind=_Kind.RELEASED, by=by, now=now)


def expire_holds(*, now: datetime) -> int:
    """Mark lapsed holds as expired, so that staff and guards see them as they are; how many."""
    lapsed = Appointment.objects.filter(status=Status.HELD, hold_expires_at__lte=now).order_by("pk")[:500]
    with transaction.atomic():
        return expire(list(lapsed), kind=_Kind.EXPIRED, by=Actor.system(), now=now)


def book(*, hold: Appointment, details: PatientDetails, submission_key: str, by: Actor, now: datetime) -> Appointment:
    """Turn a hold into an appointment and queue what the patient and the clinic are told.

    The same ``submission_key`` again gives the same appointment. A hold that has lapsed is taken
    again if its time is still free; otherwise StartTaken, with the nearest free times.
    """
    search = Search(
        hold.service, now, hold.practitioner, hold.location, hold.is_first_visit, moving=hold, lead_time=timedelta(0)
    )
    with overlaps_refused(lambda: _taken(search, hold.starts_at)), locked([hold.practitioner_id], hold.location):
        appointment = (
            Appointment.objects.select_related("service", "practitioner", "location", "room", "patient")
            .select_for_update(of=("self",))
            .get(pk=hold.pk)
        )
        if appointment.submission_key == submission_key:
            return appointment
        if appointment.status not in {Status.HELD, Status.EXPIRED}:
            raise AlreadyBooked("This time has already been booked from another page. Nothing was booked twice.")
        before = snapshot(appointment)
        if not appointment.is_live_hold(now):
            _take_again(appointment, search)
        appointment.status = Status.BOOKED
        appointment.patient = patient_for(details)
        appointment.is_first_visit = details.is_first_visit
        appointment.reminders = details.reminders
        appointment.notice_version = details.notice_version
        appointment.submission_key = submission_key
        appointment.hold_expires_at = None
        appointment.hold_key = ""
        appointment.save()
        add_event(appointment, _Kind.BOOKED, by=by, now=now, before=before)
        messages.booked(appointment, now=now)
        return appointment


def _take_again(appointment: Appointment, search: Search) -> None:
    """Check, under the lock, that a lapsed hold's time is still free for it; choose its room afresh.

    The search asks for no lead time: the notice was long enough when the time was chosen.
    """
    if opening_at(search, appointment.starts_at) is None:
        raise _taken(search, appointment.starts_at)
    expire_lapsed(
        now=search.now, practitioners=[appointment.practitioner_id], location=appointment.location, but=appointment.pk
    )
    if appointment.service.needs_room:
        appointment.room = pick_room(appointment, search.now)
        if appointment.room is None:
            raise _taken(search, appointment.starts_at)


def patient_for(details: PatientDetails) -> Patient:
    """The patient with exactly these details, or a new one.

    Anything less than all of name, e-mail, phone and date of birth may be another person, or a
    stranger guessing: staff merge what really is one.
    """
    same = Patient.objects.filter(
        name__iexact=details.name,
        email__iexact=details.email,
        phone=details.phone,
        date_of_birth=details.date_of_birth,
        contact_name__iexact=details.contact_name,
    ).first()
    if same is not None:
        same.preferred_name = details.preferred_name or same.preferred_name
        same.pronouns = details.pronouns or same.pronouns
        same.save(update_fields=["preferred_name", "pronouns"])
        return same
    return Patient.objects.create(
        name=details.name,
        preferred_name=details.preferred_name,
        pronouns=details.pronouns,
        email=details.email,
        phone=details.phone,
        date_of_birth=details.date_of_birth,
        contact_name=details.contact_name,
    )


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
) -> Appointment:
    """Book for a caller: staff may choose any time, on the grid or off it, inside working hours or not.

    A time that is taken needs a reason and the permission to overbook; otherwise StartTaken.
    """
    _refuse_strangers(by)
    offer = PractitionerService.objects.filter(practitioner=practitioner, service=service).first()
    if offer is None:
        raise NotOffered(f"{practitioner} does not offer {service}. Choose another person or visit.")
    if service.needs_needling_authorisation and not practitioner.authorised_for_needling:
        raise NotOffered(f"{practitioner} is not authorised for needling, so this visit cannot be booked.")
    clash = StartTaken(f"{practitioner} already has an appointment at that time.")
    with overlaps_refused(lambda: clash), locked([practitioner.pk], location):
        made = Appointment(
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
        )
        place_at(made, starts_at, offer.own_duration or service.duration, location)
        take_for_staff(made, by=by, now=now, overbooked_reason=overbooked_reason)
        made.save(force_insert=True)
        add_event(made, _Kind.BOOKED, by=by, now=now, note=made.overbooked_reason)
        messages.booked(made, now=now)
        return made


def take_for_staff(appointment: Appointment, *, by: Actor, now: datetime, overbooked_reason: str) -> None:
    """Check, under the lock, that staff may put this appointment at its time, and choose its room.

    What is asked for outside working hours is the front desk's decision; what is taken is not.
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


def _refuse_strangers(by: Actor) -> None:
    if not by.is_staff:
        raise WrongState("Only staff can do this.")


def _taken(search: Search, starts_at: datetime) -> StartTaken:
    return StartTaken(
        nearest=nearest(
            service=search.service,
            starts_at=starts_at,
            now=search.now,
            practitioner=search.practitioner,
            location=search.location,
            new_patient=search.new_patient,
            holder=search.holder,
            moving=search.moving,
        )
    )
