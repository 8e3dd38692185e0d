"""Sample appointments with fictional patients, for a week before and after the day of loading.

The start times are slots of an empty diary, so working hours, breaks, closures, the needling
authorisation and the grid are respected. Deterministic: the same day gives the same appointments.
No messages and no appointment events are created.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import count

from booking.models import (
    MADE_UP_DOMAIN,
    Appointment,
    Location,
    Patient,
    Practitioner,
    PractitionerService,
    Room,
    Service,
    Status,
    search_key_of,
)
from booking.scheduling import available_slots

DAYS_BACK, DAYS_AHEAD = 7, 7
PATIENTS_EACH = 18
BETWEEN_VISITS = timedelta(days=3)  # the minimum for one patient
LEFT_FREE = timedelta(minutes=80)  # fits the longest visit and its buffers

GIVEN_NAMES = (
    "Ada", "Bashir", "Carmen", "Dmitri", "Elif", "Finn", "Grace", "Hugo", "Imani", "Jonas", "Kiran", "Lucía",
    "Marguerite", "Noor", "Oskar", "Priya", "Quinn", "Rosa", "Sefa", "Tomasz", "Uma", "Viktor", "Winona", "Yara",
)  # fmt: skip
SURNAMES = ("Sample", "Example", "Mockford")


@dataclass
class Regular:
    """A fictional patient and their last visit so far."""

    patient: Patient
    number: int
    visits: int = 0
    last_on: date | None = None

    @property
    def is_new(self) -> bool:
        return self.number % 3 == 0

    def can_come(self, on: date) -> bool:
        return self.last_on is None or on - self.last_on >= BETWEEN_VISITS


@dataclass
class Day:
    """How far one practitioner's local day has been filled."""

    free_from: datetime
    slots_seen: int = 0


@dataclass
class Diary:
    """One practitioner's services and regular patients."""

    practitioner: Practitioner
    offers: list[PractitionerService]
    regulars: list[Regular]
    starts: dict[int, set[datetime]] = field(default_factory=dict)  # by service id: the slots of an empty diary

    def offer_for(self, regular: Regular, starts_at: datetime) -> PractitionerService | None:
        """An assessment for a new patient's first visit, else a service for returning patients.

        None if no such service has a slot at ``starts_at``.
        """
        is_first = regular.is_new and not regular.visits
        returning = Service.Audience.RETURNING
        matching = [
            offer
            for offer in self.offers
            if (offer.service.audience != returning) == is_first and starts_at in self.starts[offer.service_id]
        ]
        return matching[(regular.number + regular.visits) % len(matching)] if matching else None

    def next_regular(self, on: date) -> Regular | None:
        """The patient with the longest time since their last visit, among those who may come on this day."""
        ready = [regular for regular in self.regulars if regular.can_come(on)]
        return min(ready, key=lambda regular: regular.last_on or date.min, default=None)


def make_appointments(location: Location, now: datetime) -> list[Patient | Appointment]:
    """Create appointments for all practitioners at the location; returns the new patients and appointments."""
    today = now.astimezone(location.zone).date()
    people = (
        Practitioner.objects.active().filter(working_hours__location=location).distinct().order_by("position", "pk")
    )
    diaries = [_diary_of(person, index) for index, person in enumerate(people.order_by("position", "pk"))]
    for diary in diaries:
        for offer in diary.offers:
            diary.starts[offer.service_id] = _starts(offer, location, today)
    appointments = list(_build_appointments(diaries, location, now))
    patients = [regular.patient for diary in diaries for regular in diary.regulars if regular.visits]
    Patient.objects.bulk_create(patients)
    Appointment.objects.bulk_create(appointments)
    return [*patients, *appointments]


def _diary_of(practitioner: Practitioner, index: int) -> Diary:
    offers = PractitionerService.objects.filter(practitioner=practitioner).select_related("service")
    numbers = range(index * PATIENTS_EACH, (index + 1) * PATIENTS_EACH)
    regulars = [Regular(_patient(number), number) for number in numbers]
    return Diary(practitioner, list(offers.order_by("service__position", "pk")), regulars)


def _patient(number: int) -> Patient:
    """Fictional name, e-mail address in a reserved domain (RFC 2606), phone number reserved for fiction (555-01xx)."""
    given = GIVEN_NAMES[number * 7 % len(GIVEN_NAMES)]
    surname = SURNAMES[(number + number // len(GIVEN_NAMES)) % len(SURNAMES)]
    patient = Patient(
        name=f"{given} {surname}",
        email=f"patient-{number + 1}@{MADE_UP_DOMAIN}",
        phone=f"+158755501{number % 100:02}",
    )
    patient.search_key = search_key_of(patient)
    return patient


def _starts(offer: PractitionerService, location: Location, today: date) -> set[datetime]:
    first, last = today - timedelta(days=DAYS_BACK), today + timedelta(days=DAYS_AHEAD)
    long_before = datetime.combine(first - timedelta(days=2), time(0), tzinfo=location.zone)
    slots = available_slots(
        service=offer.service,
        now=long_before,
        first_on=first,
        last_on=last,
        practitioner=offer.practitioner,
        location=location,
    )
    return {slot.starts_at for slot in slots}


def _build_appointments(diaries: list[Diary], location: Location, now: datetime) -> Iterable[Appointment]:
    """Book about three of four slots in order of time, without overlaps of a practitioner or room."""
    rooms = list(Room.objects.filter(location=location, is_active=True))
    room_free_at: dict[Room, datetime] = {}
    days: dict[tuple[int, date], Day] = {}
    numbers = count()
    open_at: dict[datetime, list[int]] = defaultdict(list)
    for index, diary in enumerate(diaries):
        for start in set().union(*diary.starts.values()):
            open_at[start].append(index)
    for starts_at in sorted(open_at):
        on = starts_at.astimezone(location.zone).date()
        for index in open_at[starts_at]:
            diary, day = diaries[index], days.setdefault((index, on), Day(free_from=starts_at))
            if starts_at < day.free_from:
                continue
            day.slots_seen += 1
            if (day.slots_seen + on.toordinal() + index) % 4 == 0:
                day.free_from = starts_at + LEFT_FREE
                continue
            regular = diary.next_regular(on)
            offer = diary.offer_for(regular, starts_at) if regular else None
            room = next((room for room in rooms if room_free_at.get(room, starts_at) <= starts_at), None)
            if regular is None or offer is None or (room is None and offer.service.needs_room):
                continue
            appointment = _appointment(offer, regular, starts_at, location, room if offer.service.needs_room else None)
            appointment.status = _status(next(numbers), appointment, now)
            day.free_from = appointment.ends_at + max(appointment.buffer_after, appointment.buffer_before)
            if appointment.room is not None:
                room_free_at[appointment.room] = appointment.ends_at
            regular.visits, regular.last_on = regular.visits + 1, on
            yield appointment


def _appointment(
    offer: PractitionerService, regular: Regular, starts_at: datetime, location: Location, room: Room | None
) -> Appointment:
    service = offer.service
    appointment = Appointment(
        patient=regular.patient,
        practitioner=offer.practitioner,
        service=service,
        room=room,
        buffer_before=service.buffer_before,
        buffer_after=service.buffer_after,
        price=offer.price,
        cancellation_window=service.cancellation_window,
        is_first_visit=regular.is_new and not regular.visits,
        reminders=False,
    )
    appointment.set_time(starts_at, offer.duration, location)
    return appointment


def _status(number: int, appointment: Appointment, now: datetime) -> Status:
    if appointment.ends_at <= now:
        return {3: Status.NOSHOW, 11: Status.CANCELLED}.get(number % 16, Status.FULFILLED)
    if appointment.starts_at <= now:
        return Status.ARRIVED
    return Status.CANCELLED if number % 16 == 11 else Status.BOOKED
