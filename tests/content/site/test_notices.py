"""Notices: shown above every page from starts_at until ends_at."""

import re
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from content.models import Notice
from tests.clinic.web.test_page_cache import Reader, clock, reader  # noqa: F401  (fixtures)
from tests.conftest import NOW
from tests.support import factories
from tests.support.content_factories import make_page, make_revision

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def notice(title="Closed on Friday, December 25", **fields):
    return Notice.objects.create(title=title, **{"starts_at": NOW - HOUR} | fields)


def section(html):
    match = re.search(r'<section class="notices[ "].*?</section>', html, re.DOTALL)
    return match.group() if match else ""


def words(html):
    return " ".join(re.sub(r"<[^>]+>", " ", section(html)).split())


@pytest.mark.parametrize("address", ["/", "/fees/", "/contact/", "/privacy/"])
def test_a_notice_is_shown_above_every_page(client, site, address):
    notice(text="We open again on Monday.", tone="important")
    html = client.get(address).content.decode()
    assert words(html) == "Important Closed on Friday, December 25. We open again on Monday."
    assert html.index('class="notices"') < html.index("<main")


def test_booking_pages_show_the_title_only(client, site):
    notice(text="We open again on Monday.")
    assert words(client.get("/book/").content.decode()) == "Closed on Friday, December 25."


def test_the_404_page_shows_notices(client, site):
    notice("We have moved")
    assert words(client.get("/nowhere/").content.decode()) == "We have moved."


def test_notices_are_ordered_by_position(client, site):
    notice("Third", position=3)
    notice("First", position=1)
    notice("Second", position=2, tone="urgent")
    assert words(client.get("/").content.decode()) == "First. Urgent Second. Third."


def test_past_and_future_notices_are_not_shown(client, site):
    notice("Past", starts_at=NOW - 2 * HOUR, ends_at=NOW)
    notice("To come", starts_at=NOW + HOUR)
    assert section(client.get("/").content.decode()) == ""


def test_the_link_is_left_out_while_its_page_is_hidden(client, site):
    page = make_page(slug="knees")
    row = notice(page=page, link_label="Read more")
    assert '<a href="/treatments/knees/">Read more</a>' in section(client.get("/").content.decode())
    make_revision(page, is_public=False, goes_live_at=NOW)
    assert words(client.get("/").content.decode()) == f"{row.title}."


def test_the_link_can_lead_to_an_active_service(client, site):
    service = factories.make_service()
    notice(service=service, link_label="Book it")
    assert f'<a href="{service.get_absolute_url()}">Book it</a>' in section(client.get("/").content.decode())
    service.is_active = False
    service.save()
    assert "<a" not in section(client.get("/").content.decode())


def test_the_text_is_escaped(client, site):
    notice("<script>alert(1)</script>")
    assert "<script>alert" not in client.get("/").content.decode()


def test_notices_have_a_constant_number_of_queries(client, site):
    with CaptureQueriesContext(connection) as before:
        client.get("/fees/")
    for number in range(5):
        notice(f"Notice {number}", page=make_page(), link_label="There")
    with CaptureQueriesContext(connection) as after:
        client.get("/fees/")
    assert len(after) == len(before)


@pytest.mark.parametrize(
    "fields",
    [
        {"ends_at": NOW - 2 * HOUR},
        {"link_label": "Nowhere"},
        {"page": "page"},
        {"page": "page", "service": "service", "link_label": "Both"},
    ],
    ids=["ends before it starts", "a link to nothing", "a link without words", "a link to two places"],
)
def test_the_database_refuses_invalid_times_and_links(fields):
    factory_by_name = {"page": make_page, "service": factories.make_service}
    values = {name: factory_by_name[value]() if value in factory_by_name else value for name, value in fields.items()}
    with pytest.raises(IntegrityError), transaction.atomic():
        notice(**values)


def test_the_link_cannot_lead_to_a_snippet():
    with pytest.raises(ValidationError, match="no address of its own"):
        Notice(title="x", page=make_page(kind="snippet"), link_label="There").full_clean()


# Cached pages


def test_a_cached_page_shows_and_hides_a_notice_on_time(reader, clock):  # noqa: F811
    page = make_page().get_absolute_url()
    notice("Soon", starts_at=NOW + HOUR, ends_at=NOW + 2 * HOUR)
    second = timedelta(seconds=1)
    texts = []
    for instant in (NOW, NOW + HOUR - second, NOW + HOUR, NOW + 2 * HOUR - second, NOW + 2 * HOUR):
        clock.move_to(instant)
        texts.append(words(reader.get(page).text))
    assert texts == ["", "", "Soon.", "Soon.", ""]
    assert reader.made == 3


def test_a_change_shows_on_a_cached_page_at_once(reader, clock):  # noqa: F811
    page = make_page().get_absolute_url()
    row = notice("Closed")
    assert words(reader.get(page).text) == "Closed."
    row.title = "Open after all"
    row.save()
    assert words(reader.get(page).text) == "Open after all."
    row.delete()
    assert words(reader.get(page).text) == ""


# Admin


def test_staff_enter_times_in_the_time_zone_of_the_clinic(site, admin_client):
    address = reverse("admin:content_notice_add")
    data = {"title": "We have moved", "tone": "urgent", "position": 0}
    data |= {"starts_at": "2026-11-24T09:00", "ends_at": "2026-11-25T09:00"}
    response = admin_client.post(address, data)
    assert response.status_code == 302, response.context["adminform"].form.errors
    saved = Notice.objects.get()
    assert (saved.starts_at.isoformat(), saved.ends_at.isoformat()) == (
        "2026-11-24T15:00:00+00:00",
        "2026-11-25T15:00:00+00:00",
    )
    listed = admin_client.get(reverse("admin:content_notice_changelist")).content.decode()
    assert "Upcoming" in listed
    assert "Tue, Nov 24, 2026, 9:00 a.m." in listed


def test_adding_a_notice_needs_the_permission(client, django_user_model, site):
    client.force_login(django_user_model.objects.create_user("bob", password="x", is_staff=True))
    assert client.get(reverse("admin:content_notice_add")).status_code == 403


def test_the_notice_form_has_no_publish_button(site, admin_client):
    html = admin_client.get(reverse("admin:content_notice_add")).content.decode()
    assert 'name="_save"' in html
    assert 'name="_publish"' not in html
