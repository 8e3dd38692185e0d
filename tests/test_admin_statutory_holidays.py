"""A year's statutory holidays: proposed, ticked by staff, closed in one go, never by themselves."""

from datetime import UTC, date, datetime

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.test import Client

from booking.models import Closure
from tests import make

ADDRESS = "/admin/booking/closure/statutory/"


@pytest.fixture(autouse=True)
def _today(stopped_clock):
    """Monday 23 November 2026, 8:00 am in Alberta."""


def rows(response):
    return [row for _heading, group in response.context["groups"] for row in group]


def closures():
    return list(Closure.objects.order_by("on").values_list("on", "name"))


def test_looking_closes_nothing(admin_client, location):
    page = admin_client.get(ADDRESS, {"location": location.pk, "year": "2027"})
    assert closures() == []
    assert (rows(page)[0]["name"], rows(page)[0]["day"]) == ("New Year's Day", "Friday 1 January 2027")


def test_statutory_days_come_ticked_and_optional_ones_do_not(admin_client, location):
    page = admin_client.get(ADDRESS, {"location": location.pk, "year": "2027"})
    ticked = {row["name"]: row["is_ticked"] for row in rows(page)}
    assert ticked["Family Day"]
    assert not ticked["Easter Monday"]


def test_without_a_choice_it_is_the_first_location_and_what_is_left_of_this_year(admin_client, location):
    page = admin_client.get(ADDRESS)
    assert [row["name"] for row in rows(page)] == ["Christmas Day", "Boxing Day", "Boxing Day, observed"]


def test_each_province_has_its_own(admin_client, location):
    montreal = make.make_location(name="Montreal", province="QC", time_zone="America/Toronto")
    page = admin_client.get(ADDRESS, {"location": montreal.pk, "year": "2027"})
    assert "Saint Jean Baptiste Day" in [row["name"] for row in rows(page)]


def test_ticked_days_are_closed_at_that_location_alone_and_logged(admin_client, location):
    make.make_location(name="Calgary")
    typed = {"location": location.pk, "year": "2027", "day": ["2027-02-15", "2027-07-01"]}
    response = admin_client.post(ADDRESS, typed)
    assert response.status_code == 302
    assert closures() == [(date(2027, 2, 15), "Family Day"), (date(2027, 7, 1), "Canada Day")]
    assert {closure.location for closure in Closure.objects.all()} == {location}
    assert LogEntry.objects.count() == 2


def test_closed_days_are_shown_as_such_and_keep_their_name(admin_client, location):
    Closure.objects.create(location=location, on=date(2027, 7, 1), name="Canada Day at the lake")
    typed = {"location": location.pk, "year": "2027"}
    (row,) = [row for row in rows(admin_client.get(ADDRESS, typed)) if row["value"] == "2027-07-01"]
    assert row["closed_as"] == "Canada Day at the lake"
    admin_client.post(ADDRESS, typed | {"day": ["2027-07-01", "2027-09-06"]})
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


@pytest.mark.parametrize("place", ["", "x", "0", "99999999999999999999"])
def test_a_location_that_is_not_there_is_refused(admin_client, location, place):
    assert admin_client.get(ADDRESS, {"location": place, "year": "2027"}).status_code == 422


def test_an_office_without_a_location_is_sent_to_write_one_down(admin_client):
    assert admin_client.get(ADDRESS).url == "/admin/booking/location/add/"


def test_appointments_that_it_would_strand_are_shown_first(admin_client, location):
    service = make.make_service()
    steve = make.make_practitioner([service])
    make.make_hours(steve, location, weekdays=range(7))
    visit = make.make_appointment(
        service=service, location=location, practitioner=steve, starts_at=datetime(2026, 12, 25, 17, 0, tzinfo=UTC)
    )
    typed = {"location": location.pk, "year": "2026", "day": ["2026-12-25"]}
    asked = admin_client.post(ADDRESS, typed)
    assert asked.status_code == 422
    assert [row.appointment for day in asked.context["stranded_days"] for row in day.rows] == [visit]
    assert [row["value"] for row in rows(asked) if row["is_ticked"]] == ["2026-12-25"]
    assert closures() == []
    seen = {"stranded_seen": asked.context["stranded_seen"]}
    response = admin_client.post(ADDRESS, typed | seen, follow=True)
    assert closures() == [(date(2026, 12, 25), "Christmas Day")]
    said = [str(message) for message in response.context["messages"]]
    assert said[0] == "Closed: Christmas Day, Friday 25 December 2026."
    assert said[1].startswith("1 appointment is now outside hours.")


@pytest.mark.parametrize(("permission", "status"), [("view_closure", 403), ("add_closure", 200)])
def test_closing_needs_the_permission_to_add_closures(location, permission, status):
    user = get_user_model().objects.create_user("staff", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename=permission))
    client = Client()
    client.force_login(user)
    assert client.get(ADDRESS).status_code == status


def test_the_list_of_closures_leads_here(admin_client, location):
    assert f'href="{ADDRESS}"' in admin_client.get("/admin/booking/closure/").content.decode()
