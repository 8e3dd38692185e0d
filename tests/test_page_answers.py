"""Rule: readers can say whether a page helped; staff see how many did beside the page, and what the others wrote."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.conf import settings
from django.urls import reverse

from booking.filling import stamp
from booking.models import Allowance, shown_version
from content.models import PageAnswers
from tests import make
from tests.conftest import NOW
from tests.make_content import make_page, make_site

pytestmark = pytest.mark.django_db
HELPED = "/contact/helped/"


@pytest.fixture
def given(now):
    """What a person sends, who had the form before them for a minute."""
    with time_machine.travel(now - timedelta(minutes=1), tick=False):
        shown = stamp("contact")
    return {"name": "Alice Martin", "email": "alice@patients.example", "message": "May I run?", "shown": shown}


@pytest.fixture
def page(stopped_clock):
    make.make_clinic()
    make.make_location()
    make_site()
    return make_page(slug="knees", title="Knees")


def counts():
    return [(row.page.slug, row.month.isoformat(), row.helped, row.did_not_help) for row in PageAnswers.objects.all()]


def say(client, address="/treatments/knees/", **extra):
    return client.post(HELPED, {"page": address}, **extra)


def test_the_page_asks_in_a_form_that_needs_no_cookie_and_no_script(client, page):
    response = client.get(page.get_absolute_url())
    html = response.content.decode()
    form = re.search(rf'<form method="post" action="{HELPED}">.*?</form>', html, re.DOTALL).group()
    assert re.findall(r'name="(\w+)" value="([^"]*)"', form) == [("page", "/treatments/knees/")]
    assert '<a href="/contact/?page=/treatments/knees/">' in html
    assert not response.cookies


def test_it_is_counted_and_thanked_for(client, page):
    response = say(client)
    assert (response.status_code, response["Location"]) == (302, HELPED)
    thanks = client.get(HELPED)
    assert "Thank you for telling us." in thanks.content.decode()
    assert not response.cookies
    assert not thanks.cookies
    assert counts() == [("knees", "2026-11-01", 1, 0)]


def test_one_connection_counts_once_a_day_for_each_page(client, page):
    make_page(slug="hips")
    for _ in range(3):
        say(client)
    say(client, "/treatments/hips/")
    say(client, REMOTE_ADDR="192.0.2.7")
    assert sorted(counts()) == [("hips", "2026-11-01", 1, 0), ("knees", "2026-11-01", 2, 0)]
    with time_machine.travel(NOW + timedelta(days=1), tick=False):
        say(client)
    assert sorted(counts())[1] == ("knees", "2026-11-01", 3, 0)


def test_no_address_is_kept(client, page):
    say(client, REMOTE_ADDR="192.0.2.7")
    assert "192.0.2.7" not in str(Allowance.objects.values())


def test_staff_do_not_count(page, admin_client):
    say(admin_client)
    assert counts() == []


def test_another_site_cannot_count_for_its_visitors(client, page):
    assert say(client, HTTP_ORIGIN="https://evil.example").status_code == 403
    assert say(client, HTTP_ORIGIN=settings.SITE_URL).status_code == 302
    assert counts() == [("knees", "2026-11-01", 1, 0)]


@pytest.mark.parametrize("address", ["", "/", "/treatments/none/", "//evil.example/", "\x00", "/fees/"])
def test_what_is_no_page_to_speak_of_counts_nowhere(client, page, address):
    assert say(client, address).status_code in {400, 404}
    assert counts() == []


def test_counting_leaves_kept_pages_alone(client, page):
    before = shown_version()
    say(client)
    assert shown_version() == before


def test_a_message_about_a_page_counts_as_one_it_did_not_help(client, page, given):
    client.post("/contact/?page=/treatments/knees/", given)
    client.post("/contact/", given | {"message": "Something else."})
    assert counts() == [("knees", "2026-11-01", 0, 1)]


def test_staff_see_both_beside_the_page(client, page, given, admin_client):
    say(client)
    client.post("/contact/?page=/treatments/knees/", given | {"message": "How long does it take?"})
    html = " ".join(admin_client.get(reverse("admin:content_page_change", args=[page.pk])).content.decode().split())
    assert "<strong>1</strong> said that it helped, <strong>1</strong> wrote what is missing" in html
    assert "How long does it take?" in html


def test_who_may_not_read_messages_sees_the_numbers_alone(client, page, given, django_user_model):
    from django.contrib.auth.models import Permission

    client.post("/contact/?page=/treatments/knees/", given | {"message": "How long does it take?"})
    editor = django_user_model.objects.create_user("bob", password="x", is_staff=True)
    editor.user_permissions.add(Permission.objects.get(codename="change_page"))
    client.force_login(editor)
    html = client.get(reverse("admin:content_page_change", args=[page.pk])).content.decode()
    assert "wrote what is missing" in html
    assert "How long does it take?" not in html
