"""Operations on a hold's row under the lock: create, lock, check."""

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings

from booking import availability
from booking.models import Appointment, AppointmentEvent, Location, Service, Status
from booking.scheduling.actors import Actor
from booking.scheduling.appointments.allowance import may_be_taken, set_source
from booking.scheduling.appointments.hold_expiry import expire_lapsed
from booking.scheduling.events import add_event
from booking.scheduling.exceptions import LostRace, NotBookable
from booking.scheduling.slots.data import AvailabilityData
from booking.scheduling.slots.one_start import data_for_start, free_at, pick_room, with_occupied_by, working_at
from booking.scheduling.types import SlotQuery, Visitor

_Kind = AppointmentEvent.Kind
BOOKED_ELSEWHERE = "This time has already been booked from another page. Nothing was booked twice."
_REACQUIRE_GRACE = timedelta(hours=1)  # How long after its expiry a hold is reacquired without a lead time.


def create_hold(
    data: AvailabilityData,
    starts_at: datetime,
    practitioner_id: int,
    location: Location,
    *,
    by: Actor,
    note: str = "",
    visitor: Visitor | None = None,
    lifetime: timedelta | None = None,
    series: UUID | None = None,
) -> Appointment:
    """Insert a hold for this practitioner. Call it under the lock under which ``data`` was loaded.

    ``visitor``: who chose it online, else the clinic itself. One who is not verified may take too much of the day
    already: then the row has the status UNHELD and occupies no time. ``lifetime``: defaults to
    ``settings.BOOKING_HOLD``. ``series``: of a basket. Raises LostRace if a room is needed and none is free (R12).
    """
    query, service, provider = data.query, data.query.service, data.providers[practitioner_id]
    hold = Appointment(
        status=Status.HELD,
        practitioner_id=practitioner_id,
        service=service,
        buffer_before=service.buffer_before,
        buffer_after=service.buffer_after,
        price=service.price if provider.own_price is None else provider.own_price,
        cancellation_window=service.cancellation_window,
        is_first_visit=query.new_patient,
        hold_key=query.holder,
        series=series,
        is_unverified=visitor is not None and not visitor.is_verified,
        # Never beyond the start: a visit that has begun cannot be booked.
        hold_expires_at=min(query.now + (settings.BOOKING_HOLD if lifetime is None else lifetime), starts_at),
    )
    hold.set_time(starts_at, data.requests[practitioner_id].duration, location)
    if service.needs_room:
        interval = availability.floor_second(hold.starts_at), availability.ceil_second(hold.ends_at)
        hold.room_id = availability.free_room(data.location_days[location.pk], interval)
        if hold.room_id is None:
            raise LostRace
    if visitor is not None:
        set_source(hold, visitor.network)
        if hold.is_unverified and not may_be_taken(hold, visitor.network, now=query.now, hours=data.hours):
            leave_unheld(hold, query.now)
    hold.save()
    add_event(hold, _Kind.CHOSEN if hold.status == Status.UNHELD else _Kind.HELD, by=by, now=query.now, note=note)
    return hold


def leave_unheld(hold: Appointment, now: datetime) -> None:
    """Keep the chosen time of a visitor in the row without taking it from others. Does not save."""
    hold.status = Status.UNHELD
    hold.hold_expires_at = min(now + settings.BOOKING_UNHELD, hold.starts_at)


def _assign_room(appointment: Appointment, now: datetime) -> None:
    """Assign a free room if the service needs one (R12). Raises LostRace if none is free."""
    appointment.room = pick_room(appointment, now) if appointment.service.needs_room else None
    if appointment.service.needs_room and appointment.room is None:
        raise LostRace


def check_bookable(service: Service, new_patient: bool | None) -> None:
    """Raise NotBookable if patients may not book the service online, or not this kind of patient (R13)."""
    if not service.is_bookable:
        raise NotBookable("This appointment can't be booked online. Please call us.")
    if not service.is_open_to(new_patient):
        raise NotBookable("This isn't open to you yet. Choose another appointment, or call us and we'll help.")


def lock_hold(hold: Appointment) -> Appointment:
    """Lock the hold's row and reload it with its service, practitioner, location and room."""
    rows = Appointment.objects.select_related("service", "practitioner", "location", "room")
    return rows.select_for_update(of=("self",)).get(pk=hold.pk)


def query_for_hold(hold: Appointment, now: datetime, new_patient: bool | None = None) -> SlotQuery:
    """Build the query that checks whether a hold's slot can still be booked.

    ``new_patient`` None: as stored with the hold. The grid and the lead time were respected when the slot was
    chosen, so they do not apply again until an hour after the hold's expiry.
    """
    is_recent = hold.hold_expires_at is not None and now <= hold.hold_expires_at + _REACQUIRE_GRACE
    return SlotQuery(
        hold.service,
        now,
        hold.practitioner,
        hold.location,
        hold.is_first_visit if new_patient is None else new_patient,
        moving=hold,
        lead_time=timedelta(0) if is_recent else None,
        step=availability.SECOND if is_recent else None,
    )


def check_hold(appointment: Appointment, query: SlotQuery) -> None:
    """Check, under the lock, that a hold's slot can be booked, and make sure that it has a room in use.

    Everything that was checked when the slot was chosen may have changed since: the service, the practitioner,
    hours, breaks, time off and closures. A live hold occupies its time; that of an expired one must still be free.
    Raises NotBookable, or LostRace.
    """
    check_bookable(appointment.service, query.new_patient)
    if appointment.starts_at <= query.now:
        raise LostRace
    data = data_for_start(query, appointment.starts_at)
    working_ids = working_at(data, appointment.starts_at)
    if data is None or not working_ids:
        raise LostRace
    if appointment.is_live_hold(query.now):
        if appointment.service.needs_room and not (appointment.room and appointment.room.is_active):
            _assign_room(appointment, query.now)
        return
    if not free_at(with_occupied_by(data, appointment.starts_at), appointment.starts_at, working_ids):
        raise LostRace
    expire_lapsed(
        now=query.now,
        practitioners=[appointment.practitioner_id],
        location=appointment.location,
        exclude_id=appointment.pk,
    )
    _assign_room(appointment, query.now)
