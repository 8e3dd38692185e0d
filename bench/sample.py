"""A believable clinic of any size: every rule has rows to apply to, and the diary is about two thirds full."""

import random
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import chain, islice
from zoneinfo import ZoneInfo

import django

django.setup()  # This module is run by itself, too.

from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402

from booking.models import (  # noqa: E402
    Appointment,
    Break,
    Closure,
    HoursOverride,
    Location,
    Patient,
    Practitioner,
    PractitionerService,
    Room,
    Service,
    Status,
    TimeOff,
    WorkingHours,
)

# Monday 23 November 2026, 8:00 am in Alberta.
NOW = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)
TODAY = date(2026, 11, 23)
ZONE = ZoneInfo("America/Edmonton")
HORIZON_DAYS = 60
QUARTER = timedelta(minutes=15)


def make_clinic(practitioners: int, chance: random.Random) -> Service:
    """One location with three rooms for four people, and a service that needs a room and leaves a buffer."""
    location = Location.objects.create(
        name="Okotoks", slug="okotoks", street="12 Elizabeth Street", city="Okotoks", postal_code="T1S 1A1"
    )
    Room.objects.bulk_create(
        Room(location=location, name=f"Room {number}", position=number) for number in range(1 + practitioners * 3 // 4)
    )
    service = Service.objects.create(
        name="Physiotherapy assessment",
        slug="physiotherapy-assessment",
        summary="A first visit for any ache.",
        duration=timedelta(minutes=45),
        step=QUARTER,
        buffer_after=timedelta(minutes=10),
        price=140,
        horizon_days=HORIZON_DAYS,
    )
    Patient.objects.create(name="Alice Martin", email="alice@patients.example", phone="+14035550123")
    for number in range(practitioners):
        person = Practitioner.objects.create(
            name=f"Person {number}", slug=f"person-{number}", protected_title="Physiotherapist", position=number
        )
        PractitionerService.objects.create(practitioner=person, service=service)
        make_rules(person, location, chance)
    for distance in (-30, 9, 32):
        Closure.objects.create(location=location, on=TODAY + timedelta(days=distance), name="Holiday")
    return service


def make_rules(person: Practitioner, location: Location, chance: random.Random) -> None:
    """Hours in two touching rows, a break, time off, dated hours and a dated day off."""
    for weekday in range(5):
        for start, end in ((time(8), time(12)), (time(12), time(17))):
            WorkingHours.objects.create(
                practitioner=person, location=location, weekday=weekday, start_time=start, end_time=end
            )
        Break.objects.create(practitioner=person, weekday=weekday, start_time=time(12), end_time=time(12, 30))
    for distance in (-40, chance.randrange(HORIZON_DAYS)):
        first = TODAY + timedelta(days=distance)
        TimeOff.objects.create(practitioner=person, starts_on=first, ends_on=first + timedelta(days=2))
    afternoon, evening = TODAY + timedelta(days=4), TODAY + timedelta(days=chance.randrange(5, HORIZON_DAYS))
    TimeOff.objects.create(practitioner=person, starts_on=afternoon, start_time=time(15), ends_on=afternoon)
    HoursOverride.objects.create(
        practitioner=person, location=location, on=evening, start_time=time(13), end_time=time(20)
    )
    HoursOverride.objects.create(practitioner=person, location=location, on=TODAY + timedelta(days=12))


def fill_diary(total: int, upcoming: int, chance: random.Random) -> None:
    """Write ``total`` appointments: ``upcoming`` in the horizon if they fit, all others before today."""
    people = list(Practitioner.objects.order_by("position"))
    rooms = list(Room.objects.order_by("position"))
    service, location, patient = Service.objects.get(), Location.objects.get(), Patient.objects.get()

    def rows(days: Iterator[date]) -> Iterator[Appointment]:
        for day in days:
            if day.weekday() > 4:
                continue
            room_free_at = dict.fromkeys((room.pk for room in rooms), datetime.min.replace(tzinfo=UTC))
            for start, person in day_of_visits(day, people, chance):
                length = timedelta(minutes=chance.choice((30, 45, 45, 60)))
                room = next((room for room, free_at in room_free_at.items() if free_at <= start), None)
                if room is None:
                    continue
                room_free_at[room] = start + length
                yield visit(person, room, start, length)

    def visit(person: Practitioner, room: int, start: datetime, length: timedelta) -> Appointment:
        lot = chance.random()
        past = start < NOW
        held = not past and lot < 0.01
        status = (
            Status.CANCELLED if lot > 0.95 else Status.HELD if held else Status.FULFILLED if past else Status.BOOKED
        )
        local = start.astimezone(ZONE)
        return Appointment(
            status=status,
            patient=None if held else patient,
            practitioner=person,
            service=service,
            location=location,
            room_id=room,
            starts_at=start,
            ends_at=start + length,
            local_on=local.date(),
            local_time=local.time(),
            time_zone=ZONE.key,
            buffer_after=service.buffer_after,
            price=service.price,
            hold_key=f"visitor-{person.pk}-{start:%Y%m%d%H%M}" if held else "",
            hold_expires_at=NOW + timedelta(minutes=10) if held else None,
        )

    horizon = [TODAY + timedelta(days=distance) for distance in range(1, HORIZON_DAYS + 1)]
    ahead = list(rows(iter(horizon)))
    if len(ahead) > upcoming:
        ahead = chance.sample(ahead, upcoming)
    history = chain.from_iterable(rows(iter([TODAY - timedelta(days=distance)])) for distance in range(1, 100_000))
    # Oldest first: to refuse an overlap, SQLite looks at what ends after the new row starts.
    made = sorted([*islice(history, total - len(ahead)), *ahead], key=lambda visit: visit.starts_at)
    Appointment.objects.bulk_create(made, batch_size=500)


def day_of_visits(
    day: date, people: list[Practitioner], chance: random.Random
) -> Iterator[tuple[datetime, Practitioner]]:
    """Starts of visits that leave room for an hour each, in the order of time; two of three slots are taken."""
    opens = datetime.combine(day, time(8), tzinfo=ZONE).astimezone(UTC)
    for hour in range(9):
        for person in people:
            if chance.random() < 0.67:
                yield opens + timedelta(hours=hour), person


def main() -> None:
    """Make the tables and fill them: practitioners, appointments, how many of them lie ahead."""
    practitioners, total, upcoming = map(int, sys.argv[1:])
    call_command("migrate", verbosity=0)
    chance = random.Random(practitioners)  # noqa: S311  # The same clinic every time.
    make_clinic(practitioners, chance)
    fill_diary(total, upcoming, chance)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")  # As its own housekeeping would have done.


if __name__ == "__main__":
    main()
