"""Add statutory holidays: proposed by year, selected by staff, then closed in one transaction."""

from datetime import UTC, date, datetime

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.test import Client

from booking.models import Closure
from tests.support import factories

ADDRESS = "/admin/booking/closure/statutory/"


def rows(response):
    return [row for _heading, group in response.context["groups"] for row in group]


def closures():
    return list(Closure.objects.order_by("on").values_list("on", "name"))


def test_a_get_request_closes_nothing(admin_client, location):
    page = admin_client.get(ADDRESS, {"location": location.pk, "year": "2027"})
    assert closures() == []
    assert (rows(page)[0]["name"], rows(page)[0]["day"]) == ("New Year's Day", "Friday, January 1, 2027")


def test_statutory_days_are_selected_by_default(admin_client, location):
    page = admin_client.get(ADDRESS, {"location": location.pk, "year": "2027"})
    ticked = {row["name"]: row["is_ticked"] for row in rows(page)}
    assert ticked["Family Day"]
    assert not ticked["Easter Monday"]


def test_the_default_is_the_first_location_and_the_rest_of_this_year(admin_client, location):
    page = admin_client.get(ADDRESS)
    assert [row["name"] for row in rows(page)] == ["Christmas Day", "Boxing Day", "Boxing Day, observed"]


def test_each_province_has_its_own_holidays(admin_client, location):
    montreal = factories.make_location(name="Montreal", province="QC", time_zone="America/Toronto")
    page = admin_client.get(ADDRESS, {"location": montreal.pk, "year": "2027"})
    assert "Saint Jean Baptiste Day" in [row["name"] for row in rows(page)]


def test_selected_days_are_closed_at_that_location_only_and_logged(admin_client, location):
    factories.make_location(name="Calgary")
    data = {"location": location.pk, "year": "2027", "day": ["2027-02-15", "2027-07-01"]}
    response = admin_client.post(ADDRESS, data)
    assert response.status_code == 302
    assert closures() == [(date(2027, 2, 15), "Family Day"), (date(2027, 7, 1), "Canada Day")]
    assert {closure.location for closure in Closure.objects.all()} == {location}
    assert LogEntry.objects.count() == 2


def test_closed_days_are_marked_and_keep_their_name(admin_client, location):
    Closure.objects.create(location=location, on=date(2027, 7, 1), name="Canada Day at the lake")
    data = {"location": location.pk, "year": "2027"}
    (row,) = [row for row in rows(admin_client.get(ADDRESS, data)) if row["value"] == "2027-07-01"]
    assert row["closed_as"] == "Canada Day at the lake"
    admin_client.post(ADDRESS, data | {"day": ["2027-07-01", "2027-09-06"]})
    assert closures() == [(date(2027, 7, 1), "Canada Day at the lake"), (date(2027, 9, 6), "Labour Day")]


@pytest.mark.parametrize("days", [[], ["2027-03-03"], ["x"], ["2026-02-16"]], ids=str)
def test_only_proposed_days_can_be_closed_here(admin_client, location, days):
    response = admin_client.post(ADDRESS, {"location": location.pk, "year": "2027", "day": days})
    assert response.status_code == 422
    assert "Nothing was closed." in response.content.decode()
    assert closures() == []


@pytest.mark.parametrize("year", ["", "x", "1", "2025", "9999", "\u0662\u0660\u0662\u0667", "99999999999999999999"])
def test_a_year_that_is_not_in_the_list_is_refused(admin_client, location, year):
    response = admin_client.get(ADDRESS, {"location": location.pk, "year": year})
    assert response.status_code == 422
    assert "from the lists" in response.content.decode()


@pytest.mark.parametrize("location_id", ["", "x", "0", "99999999999999999999"])
def test_an_unknown_location_is_refused(admin_client, location, location_id):
    assert admin_client.get(ADDRESS, {"location": location_id, "year": "2027"}).status_code == 422


def test_without_a_location_it_redirects_to_add_one(admin_client):
    assert admin_client.get(ADDRESS).url == "/admin/booking/location/add/"


def test_conflicts_must_be_confirmed(admin_client, location):
    service = factories.make_service()
    steve = factories.make_practitioner([service])
    factories.make_hours(steve, location, weekdays=range(7))
    visit = factories.make_appointment(
        service=service, location=location, practitioner=steve, starts_at=datetime(2026, 12, 25, 17, 0, tzinfo=UTC)
    )
    data = {"location": location.pk, "year": "2026", "day": ["2026-12-25"]}
    question = admin_client.post(ADDRESS, data)
    assert question.status_code == 422
    assert [row.appointment for day in question.context["stranded_days"] for row in day.rows] == [visit]
    assert [row["value"] for row in rows(question) if row["is_ticked"]] == ["2026-12-25"]
    assert closures() == []
    confirmation = {"stranded_seen": question.context["stranded_seen"]}
    response = admin_client.post(ADDRESS, data | confirmation, follow=True)
    assert closures() == [(date(2026, 12, 25), "Christmas Day")]
    sentences = [str(message) for message in response.context["messages"]]
    assert sentences[0] == "Closed: Christmas Day, Friday, December 25, 2026."
    assert sentences[1].startswith("1 appointment is now outside hours.")


@pytest.mark.parametrize(("permission", "status"), [("view_closure", 403), ("add_closure", 200)])
def test_closing_needs_the_permission_to_add_closures(location, permission, status):
    user = get_user_model().objects.create_user("staff", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename=permission))
    client = Client()
    client.force_login(user)
    assert client.get(ADDRESS).status_code == status


def test_the_list_of_closures_links_to_this_page(admin_client, location):
    assert f'href="{ADDRESS}"' in admin_client.get("/admin/booking/closure/").content.decode()
