"""Page feedback: counting readers whom a page helped, and showing the counts to staff."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.conf import settings
from django.urls import reverse

from booking.forms.antispam import sign_form_token
from booking.models import RateLimitBucket, current_content_version
from content.models import PageFeedback
from tests.conftest import NOW
from tests.support.content_factories import make_page

pytestmark = pytest.mark.django_db
HELPED = "/contact/helped/"


@pytest.fixture
def contact_data(now):
    """Data of a contact form that was shown a minute ago, as the antispam check requires."""
    with time_machine.travel(now - timedelta(minutes=1), tick=False):
        token = sign_form_token("contact")
    return {"name": "Alice Martin", "email": "alice@patients.example", "message": "May I run?", "shown": token}


@pytest.fixture
def page(site):
    return make_page(slug="knees", title="Knees")


def counts():
    return [(row.page.slug, row.month.isoformat(), row.helped, row.did_not_help) for row in PageFeedback.objects.all()]


def post_helped(client, address="/treatments/knees/", **extra):
    return client.post(HELPED, {"page": address}, **extra)


def test_the_form_needs_no_cookie_and_no_script(client, page):
    response = client.get(page.get_absolute_url())
    html = response.content.decode()
    form = re.search(rf'<form method="post" action="{HELPED}">.*?</form>', html, re.DOTALL).group()
    assert re.findall(r'name="(\w+)" value="([^"]*)"', form) == [("page", "/treatments/knees/")]
    assert '<a href="/contact/?page=/treatments/knees/">' in html
    assert not response.cookies


def test_an_answer_is_counted_and_acknowledged(client, page):
    response = post_helped(client)
    assert (response.status_code, response["Location"]) == (302, HELPED)
    thanks = client.get(HELPED)
    assert "Thanks for letting us know." in thanks.content.decode()
    assert not response.cookies
    assert not thanks.cookies
    assert counts() == [("knees", "2026-11-01", 1, 0)]


def test_an_ip_address_counts_once_a_day_for_each_page(client, page):
    make_page(slug="hips")
    for _ in range(3):
        post_helped(client)
    post_helped(client, "/treatments/hips/")
    post_helped(client, REMOTE_ADDR="192.0.2.7")
    assert sorted(counts()) == [("hips", "2026-11-01", 1, 0), ("knees", "2026-11-01", 2, 0)]
    with time_machine.travel(NOW + timedelta(days=1), tick=False):
        post_helped(client)
    assert sorted(counts())[1] == ("knees", "2026-11-01", 3, 0)


def test_no_ip_address_is_stored(client, page):
    post_helped(client, REMOTE_ADDR="192.0.2.7")
    assert "192.0.2.7" not in str(RateLimitBucket.objects.values())


def test_staff_are_not_counted(page, admin_client):
    post_helped(admin_client)
    assert counts() == []


def test_a_cross_origin_post_is_refused(client, page):
    assert post_helped(client, HTTP_ORIGIN="https://evil.example").status_code == 403
    assert post_helped(client, HTTP_ORIGIN=settings.SITE_URL).status_code == 302
    assert counts() == [("knees", "2026-11-01", 1, 0)]


@pytest.mark.parametrize("address", ["", "/", "/treatments/none/", "//evil.example/", "\x00", "/fees/"])
def test_an_invalid_page_is_not_counted(client, page, address):
    assert post_helped(client, address).status_code in {400, 404}
    assert counts() == []


def test_counting_does_not_invalidate_cached_pages(client, page):
    before = current_content_version()
    post_helped(client)
    assert current_content_version() == before


def test_a_message_about_a_page_counts_as_not_helpful(client, page, contact_data):
    client.post("/contact/?page=/treatments/knees/", contact_data)
    client.post("/contact/", contact_data | {"message": "Something else."})
    assert counts() == [("knees", "2026-11-01", 0, 1)]


def test_the_page_form_shows_counts_and_messages(client, page, contact_data, admin_client):
    post_helped(client)
    client.post("/contact/?page=/treatments/knees/", contact_data | {"message": "How long does it take?"})
    html = " ".join(admin_client.get(reverse("admin:content_page_change", args=[page.pk])).content.decode().split())
    assert "<strong>1</strong> said that it helped, <strong>1</strong> told us what is missing" in html
    assert "How long does it take?" in html


def test_without_permission_for_messages_only_the_counts_are_shown(client, page, contact_data, django_user_model):
    from django.contrib.auth.models import Permission

    client.post("/contact/?page=/treatments/knees/", contact_data | {"message": "How long does it take?"})
    editor = django_user_model.objects.create_user("bob", password="x", is_staff=True)
    editor.user_permissions.add(Permission.objects.get(codename="change_page"))
    client.force_login(editor)
    html = client.get(reverse("admin:content_page_change", args=[page.pk])).content.decode()
    assert "told us what is missing" in html
    assert "How long does it take?" not in html
