"""Addresses of admin pages that have moved to the front desk."""

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


@pytest.mark.parametrize("page", ["change", "move", "cancel"])
@pytest.mark.parametrize("number", ["0", "9" * 30])
def test_an_unknown_visit_is_not_found(admin_client, number, page):
    assert admin_client.get(f"/admin/booking/appointment/{number}/{page}/").status_code == 404


@pytest.mark.parametrize(("query", "day"), [("", ""), ("?day=2026-11-24", "2026-11-24"), ("?day=%00&day=x", "x")])
def test_the_old_address_of_the_day_leads_to_the_calendar(admin_client, visits, query, day):
    response = admin_client.get(f"/admin/booking/appointment/{query}")
    assert response.url == (f"/desk/?day={day}" if day else "/desk/")
    assert admin_client.get(response.url).status_code == 200
