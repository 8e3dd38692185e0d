"""A small clinic, and a patient's steps through the booking pages as functions."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import time_machine
from django.test import Client
from django.utils import timezone
from django.utils.html import strip_tags

from booking.models import Appointment, Location, Practitioner, Service
from tests.support import factories

# Tuesday, November 24, 2026, 9:00 a.m. and 9:45 a.m. in Alberta (UTC-06): free slots of the small clinic.
NINE = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
QUARTER_TO_TEN = NINE + timedelta(minutes=45)

ALICE = {
    "booking_for": "me",
    "name": "Alice Martin",
    "preferred_name": "",
    "pronouns": "",
    "email": "alice@patients.example",
    "phone": "403-555-0123",
    "reminders": "on",
    "homepage": "",
}


@dataclass(frozen=True)
class SmallClinic:
    location: Location
    steve: Practitioner
    amara: Practitioner
    assessment: Service  # for anyone
    needling: Service  # for returning patients only; new ones have an assessment first


def make_small_clinic() -> SmallClinic:
    """Create one location and two practitioners who work Monday to Friday, 9 to 5; only Steve offers needling."""
    factories.make_clinic()
    location = factories.make_location(slug="okotoks")
    assessment = factories.make_service(slug="assessment")
    needling = factories.make_service(
        name="Dry needling", slug="dry-needling", audience="returning", first_visit_service=assessment
    )
    steve = factories.make_practitioner([assessment, needling], name="Steve Hansen", slug="steve-hansen")
    amara = factories.make_practitioner([assessment], name="Amara Okafor", slug="amara-okafor")
    for person in (steve, amara):
        factories.make_hours(person, location)
    return SmallClinic(location, steve, amara, assessment, needling)


def instant(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%MZ")


def choose(client: Client, at: datetime = NINE, slug: str = "assessment", query: str = "?visit=new") -> Any:
    return client.post(f"/book/{slug}/{query}", {"start": instant(at)})


def type_details(client: Client, seconds: float = 30, **answers: Any) -> Any:
    """Open the details form and submit it ``seconds`` later. A field whose answer is None is left out."""
    form = client.get("/book/details/").context["form"]
    data = {"hold": form["hold"].value(), "shown": form["shown"].value()} | ALICE | answers
    with time_machine.travel(timezone.now() + timedelta(seconds=seconds), tick=False):
        return client.post("/book/details/", {name: value for name, value in data.items() if value is not None})


def confirmation(client: Client) -> dict[str, str]:
    """Return the data of the check page's form."""
    context = client.get("/book/check/").context
    return {"hold": context["hold"].reference, "submission_key": context["submission_key"]}


def confirm(client: Client) -> Any:
    return client.post("/book/check/", confirmation(client))


def book(client: Client, at: datetime = NINE, **answers: Any) -> Appointment:
    """Book an appointment by way of all pages."""
    assert choose(client, at).status_code == 302
    assert type_details(client, **answers).status_code == 302
    assert confirm(client).status_code == 302
    return Appointment.objects.get(status="booked", starts_at=at, patient__name=answers.get("name", ALICE["name"]))


def as_shown(visit: Appointment) -> dict[str, str]:
    """Return the hidden fields of a form about an appointment: its reference and its sequence when it was shown."""
    return {"reference": visit.reference, "sequence": str(visit.sequence)}


def words_of(response: Any) -> str:
    """Return the response's text without markup, with single spaces."""
    return " ".join(strip_tags(response.content.decode()).split())


def text_of(response: Any) -> str:
    """Return the response's HTML with single spaces."""
    return " ".join(response.content.decode().split())
