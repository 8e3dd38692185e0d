"""The sample clinic with as much behind it as a test asks for: people, years of visits, pages.

python -m bench.town people history pages

Unlike ``bench.sample``, which stands still at one instant, it stands at the real one: gunicorn serves it.
"""

import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice

import django

django.setup()  # This module is run by itself, too.

from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.utils import timezone  # noqa: E402

from booking.models import (  # noqa: E402
    Appointment,
    Closure,
    Location,
    Patient,
    Practitioner,
    PractitionerService,
    Room,
    Service,
    Status,
    WorkingHours,
)
from content import snapshot  # noqa: E402
from content.models import Page, Revision  # noqa: E402

SERVICE = "bench-visit"
HORIZON_DAYS = 180
OPENS, CLOSES = time(8), time(20)
AN_HOUR = timedelta(hours=1)
MOST_AT_ONCE = 500


def make_people(number: int) -> list[Practitioner]:
    """People who work each day from 8 to 8, and one visit of 45 minutes and a buffer: twelve a day and person."""
    location = Location.objects.get()
    Closure.objects.all().delete()  # Whoever asks for a time by the calendar would meet the sample's holidays.
    service = Service.objects.create(
        name="Visit for the bench",
        slug=SERVICE,
        summary="A visit that any of them gives.",
        duration=timedelta(minutes=45),
        step=timedelta(minutes=15),
        buffer_after=timedelta(minutes=15),
        price=140,
        horizon_days=HORIZON_DAYS,
        late_cancellation_fee="Half its fee.",
    )
    people = []
    for position in range(number):
        Room.objects.create(location=location, name=f"Room {position}", position=position + 9)
        person = Practitioner.objects.create(
            name=f"Person {position}",
            slug=f"person-{position}",
            protected_title="Physiotherapist",
            position=position + 9,
        )
        PractitionerService.objects.create(practitioner=person, service=service)
        for weekday in range(7):
            WorkingHours.objects.create(
                practitioner=person, location=location, weekday=weekday, start_time=OPENS, end_time=CLOSES
            )
        people.append(person)
    return people


def make_history(people: list[Practitioner], number: int) -> None:
    """As many visits that took place, an hour each, from yesterday backwards."""
    location, service = Location.objects.get(), Service.objects.get(slug=SERVICE)
    patients = Patient.objects.bulk_create(
        Patient(name=f"Patient {one}", email=f"patient-{one}@patients.example", phone="+14035550123")
        for one in range(max(1, number // 20))
    )
    yesterday = timezone.now().astimezone(location.zone).date() - timedelta(days=1)

    def visits() -> Iterator[Appointment]:
        for count, (start, person) in enumerate(slots(yesterday, people, location)):
            local = start.astimezone(location.zone)
            yield Appointment(
                status=Status.FULFILLED,
                patient=patients[count * 7 % len(patients)],
                practitioner=person,
                service=service,
                location=location,
                starts_at=start,
                ends_at=start + service.duration,
                local_on=local.date(),
                local_time=local.time(),
                time_zone=location.time_zone,
                buffer_after=service.buffer_after,
                price=service.price,
            )

    # Oldest first: to refuse an overlap, SQLite looks at what ends after the new row starts.
    made = list(islice(visits(), number))[::-1]
    Appointment.objects.bulk_create(made, batch_size=MOST_AT_ONCE)


def slots(last: date, people: list[Practitioner], location: Location) -> Iterator[tuple[datetime, Practitioner]]:
    """From one day backwards: each hour of each person, the latest first."""
    day = last
    while True:
        for hour in range(CLOSES.hour - 1, OPENS.hour - 1, -1):
            start = datetime.combine(day, time(hour), tzinfo=location.zone).astimezone(UTC)
            yield from ((start, person) for person in people)
        day -= timedelta(days=1)


def make_pages(number: int) -> None:
    """More treatments, each published with the blocks of one of the sample's."""
    model = Page.objects.get(slug="dry-needling-for-back-pain")
    words = snapshot.of_draft(model)
    now = timezone.now()
    for one in range(number - Page.objects.treatments().count()):
        page = Page.objects.create(
            kind=Page.Kind.TREATMENT, slug=f"treatment-{one}", title=f"Treatment {one}", lede=model.lede, edited_at=now
        )
        head = words.head | {"slug": page.slug, "title": page.title}
        Revision.objects.create(
            page=page,
            schema=snapshot.SCHEMA,
            goes_live_at=now,
            changed_at=now,
            made_at=now,
            head=head,
            blocks=words.blocks,
        )


def main() -> None:
    number, history, pages = map(int, sys.argv[1:])
    call_command("migrate", verbosity=0)
    call_command("load_sample", verbosity=0)
    make_history(make_people(number), history)
    make_pages(pages)
    with connection.cursor() as cursor:
        # As its own housekeeping would have done.
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")


if __name__ == "__main__":
    main()
