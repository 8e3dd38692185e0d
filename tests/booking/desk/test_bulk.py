"""Several visits cancelled in the diary, and the old addresses of a practitioner's whole day."""

from datetime import timedelta

import pytest

from tests.support import factories

PATIENTS = ["Alice Martin", "Bogdan Ionescu", "Charlie Okafor"]


@pytest.fixture(autouse=True)
def clinic(db):
    return factories.make_clinic()


@pytest.fixture
def service():
    return factories.make_service()


@pytest.fixture
def steve(service, location):
    practitioner = factories.make_practitioner([service])
    factories.make_hours(practitioner, location)
    return practitioner


@pytest.fixture
def visits(service, location, steve):
    """Three visits on Tuesday, at 11:15, 12:15 and 1:15; also one on Wednesday, and one of another practitioner."""
    factories.make_appointment(
        service=service, location=location, practitioner=steve, starts_at=factories.VISIT_AT + timedelta(days=1)
    )
    factories.make_appointment(service=service, location=location)
    return [
        factories.make_appointment(
            service=service,
            location=location,
            practitioner=steve,
            starts_at=factories.VISIT_AT + timedelta(hours=hour),
            patient=factories.make_patient(name=name, email=f"{name[:3].lower()}@patients.example"),
        )
        for hour, name in enumerate(PATIENTS)
    ]


def messages_in(response):
    return [str(message) for message in response.context["messages"]]


def test_several_visits_cancelled_in_the_diary_say_who_gets_no_email(admin_client, visits):
    visits[0].patient.email = ""
    visits[0].patient.save()
    data = {"action": "cancel_visits", "index": "0", "is_sure": "1", "_selected_action": [v.pk for v in visits[:2]]}
    response = admin_client.post("/admin/booking/appointment/?day=2026-11-24", data | {"reason": ""}, follow=True)
    assert sorted(messages_in(response)) == [
        "Cancelled: Alice Martin, 11:15 a.m. to 12:00 p.m. The patient has no email address, so please call "
        "403-555-0123.",
        "Cancelled: Bogdan Ionescu, 12:15 to 1:00 p.m. The patient will get an email.",
    ]


OLD = "/admin/booking/appointment/day/{}/{}/"


def test_the_old_address_of_a_day_leads_to_its_visits_at_the_desk(admin_client, visits, steve):
    response = admin_client.get(OLD.format(steve.pk, "2026-11-24"))
    assert response.url == f"/desk/?day=2026-11-24&with={steve.slug}&do=visits"
    panel = admin_client.get(response.url)
    assert [row.visit for row in panel.context["inside"]] == visits


@pytest.mark.parametrize("day", ["2026-02-30", "0000-01-01", "26-11-24", "2026-11-24x"])
@pytest.mark.parametrize("person", ["0", "9" * 30])
def test_an_invalid_date_or_practitioner_is_not_found(admin_client, day, person):
    assert admin_client.get(OLD.format(person, day)).status_code == 404


def test_the_old_address_of_the_conflicts_leads_to_the_desk(admin_client):
    assert admin_client.get("/admin/booking/appointment/outside/")["Location"] == "/desk/conflicts/"


def test_the_diary_links_to_each_practitioners_day(admin_client, visits, steve):
    page = admin_client.get("/admin/booking/appointment/?day=2026-11-24").content.decode()
    assert f"with={steve.slug}&amp;do=visits" in page
