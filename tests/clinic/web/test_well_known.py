"""Addresses that browsers and password managers ask for by themselves lead somewhere."""

import pytest
from django.urls import reverse

pytestmark = pytest.mark.django_db


def test_the_icon_is_found_at_its_customary_address(client):
    response = client.get("/favicon.ico")
    assert response.status_code == 302
    assert response["Location"].startswith("/static/img/favicon")


def test_a_password_manager_is_led_to_the_page_that_changes_a_password(client, admin_client):
    response = client.get("/.well-known/change-password")
    assert (response.status_code, response["Location"]) == (302, reverse("account_change_password"))
    assert admin_client.get(response["Location"]).status_code in {200, 302}


def test_a_password_manager_sees_that_unknown_well_known_addresses_are_missing(client):
    assert (
        client.get("/.well-known/resource-that-should-not-exist-whose-status-code-should-not-be-200").status_code == 404
    )
