"""Fill a database for bench.clinics: the sample clinic, and a number of practitioners, appointments and pages.

python -m bench.dataset sample
python -m bench.dataset grow people visits pages
"""

import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import cycle, islice

import django

django.setup()  # This module is run as a script.

from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.utils import timezone  # noqa: E402

from bench.clinics import LONG_PAGE, OPENS_AT, SERVICE, SHORT_PAGE, WORKING_HOURS  # noqa: E402
from booking.models import (  # noqa: E402
    Appointment,
    Clinic,
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
from content.blocks import page_content  # noqa: E402
from content.models import Page, Revision  # noqa: E402

MODEL_PAGE = "dry-needling-for-back-pain"
AN_HOUR = timedelta(hours=1)


def grow(people: int, visits: int, pages: int) -> None:
    practitioners = make_people(people)
    make_visits(practitioners, visits)
    make_pages(pages)
    with connection.cursor() as cursor:
        # As autovacuum does in production.
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")


def make_people(number: int) -> list[Practitioner]:
    """Create practitioners who work from 8 to 8 every day, with a room for each, and one service of 45 minutes."""
    location = Location.objects.get()
    Closure.objects.all().delete()  # The sample's holidays would block bookings.
    Clinic.objects.update(unverified_share=100)  # Whole days are booked at once, without confirmation.
    service = Service.objects.create(
        name="Visit for the bench",
        slug=SERVICE,
        summary="A visit that any of them gives.",
        duration=timedelta(minutes=45),
        step=timedelta(minutes=15),
        buffer_after=timedelta(minutes=15),
        price=140,
        horizon_days=180,
        late_cancellation_fee="Half its fee.",
    )
    practitioners = []
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
                practitioner=person, location=location, weekday=weekday, start_time=time(8), end_time=time(20)
            )
        practitioners.append(person)
    return practitioners


def make_visits(people: list[Practitioner], number: int) -> None:
    """Create past appointments: every hour of every practitioner, from yesterday backwards."""
    location, service = Location.objects.get(), Service.objects.get(slug=SERVICE)
    patients = Patient.objects.bulk_create(
        Patient(name=f"Patient {index}", email=f"patient-{index}@patients.example", phone="+14035550123")
        for index in range(max(1, number // 20))
    )
    yesterday = timezone.now().astimezone(location.zone).date() - timedelta(days=1)

    def visits() -> Iterator[Appointment]:
        for index, (start, person) in enumerate(hours_before(yesterday, people)):
            local = start.astimezone(location.zone)
            yield Appointment(
                status=Status.FULFILLED,
                patient=patients[index * 7 % len(patients)],
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

    # Oldest first: SQLite's overlap trigger reads every row that ends after the new one starts.
    appointments = list(islice(visits(), number))[::-1]
    Appointment.objects.bulk_create(appointments, batch_size=500)


def hours_before(last: date, people: list[Practitioner]) -> Iterator[tuple[datetime, Practitioner]]:
    day = last
    while True:
        for hour in reversed(range(WORKING_HOURS)):
            start = datetime.combine(day, time(OPENS_AT), tzinfo=UTC) + timedelta(hours=hour)
            yield from ((start, person) for person in people)
        day -= timedelta(days=1)


def make_pages(number: int) -> None:
    """Create copies of a sample treatment up to ``number`` pages, and one with 5 and one with 25 blocks."""
    content = page_content.content_of_draft(Page.objects.get(slug=MODEL_PAGE))
    kinds = {block["kind"]: block for block in content.blocks if "heading" in block["fields"]}
    blocks = cycle(list(kinds.values())[:5])
    publish(SHORT_PAGE, content, [numbered(block, index) for index, block in enumerate(islice(blocks, 5))])
    publish(LONG_PAGE, content, [numbered(block, index) for index, block in enumerate(islice(blocks, 25))])
    for index in range(number - Page.objects.treatments().count()):
        publish(f"treatment-{index}", content, content.blocks)


def numbered(block: dict, index: int) -> dict:
    return block | {"id": 1000 + index}


def publish(slug: str, content: page_content.PageContent, blocks: list[dict]) -> None:
    now = timezone.now()
    title = slug.replace("-", " ").capitalize()
    page = Page.objects.create(
        kind=Page.Kind.TREATMENT, slug=slug, title=title, lede=content.head["lede"], edited_at=now
    )
    Revision.objects.create(
        page=page,
        schema=page_content.SCHEMA,
        goes_live_at=now,
        changed_at=now,
        made_at=now,
        head=content.head | {"slug": slug, "title": title},
        blocks=blocks,
    )


def main() -> None:
    command, *numbers = sys.argv[1:]
    if command == "sample":
        call_command("load_sample", appointments=False, verbosity=0)
    else:
        grow(*map(int, numbers))


if __name__ == "__main__":
    main()
