"""Rule: a notice stands above every page from its first instant up to its last, by the clock alone."""

import re
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from content.models import Notice
from tests import make
from tests.conftest import NOW
from tests.make_content import make_page, make_revision, make_site
from tests.test_page_cache import Reader, clock, reader  # noqa: F401  (fixtures)

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def notice(title="Closed on Friday 25 December", **fields):
    return Notice.objects.create(title=title, **{"starts_at": NOW - HOUR} | fields)


def section(html):
    found = re.search(r'<section class="notices[ "].*?</section>', html, re.DOTALL)
    return found.group() if found else ""


def words(html):
    return " ".join(re.sub(r"<[^>]+>", " ", section(html)).split())


@pytest.fixture
def site(stopped_clock):
    make.make_clinic()
    make.make_location()
    make_site()


@pytest.mark.parametrize("address", ["/", "/fees/", "/contact/", "/privacy/"])
def test_it_stands_above_every_page(client, site, address):
    notice(text="We open again on Monday.", tone="important")
    html = client.get(address).content.decode()
    assert words(html) == "Important Closed on Friday 25 December. We open again on Monday."
    assert html.index('class="notices"') < html.index("<main")


def test_it_is_one_line_on_the_booking_pages(client, site):
    notice(text="We open again on Monday.")
    assert words(client.get("/book/").content.decode()) == "Closed on Friday 25 December."


def test_a_lost_reader_sees_it_too(client, site):
    notice("We have moved")
    assert words(client.get("/nowhere/").content.decode()) == "We have moved."


def test_several_stand_in_the_order_that_staff_gave_them(client, site):
    notice("Third", position=3)
    notice("First", position=1)
    notice("Second", position=2, tone="urgent")
    assert words(client.get("/").content.decode()) == "First. Urgent Second. Third."


def test_nothing_stands_there_when_there_is_nothing_to_tell(client, site):
    notice("Past", starts_at=NOW - 2 * HOUR, ends_at=NOW)
    notice("To come", starts_at=NOW + HOUR)
    assert section(client.get("/").content.decode()) == ""


def test_its_link_follows_the_page_and_never_breaks(client, site):
    page = make_page(slug="knees")
    told = notice(page=page, link_label="Read more")
    assert '<a href="/treatments/knees/">Read more</a>' in section(client.get("/").content.decode())
    make_revision(page, is_public=False, goes_live_at=NOW)
    assert words(client.get("/").content.decode()) == f"{told.title}."


def test_it_may_lead_to_a_service(client, site):
    service = make.make_service()
    notice(service=service, link_label="Book it")
    assert f'<a href="{service.get_absolute_url()}">Book it</a>' in section(client.get("/").content.decode())
    service.is_active = False
    service.save()
    assert "<a" not in section(client.get("/").content.decode())


def test_typed_words_are_words(client, site):
    notice("<script>alert(1)</script>")
    assert "<script>alert" not in client.get("/").content.decode()


def test_notices_cost_no_query(client, site):
    with CaptureQueriesContext(connection) as before:
        client.get("/fees/")
    for number in range(5):
        notice(f"Notice {number}", page=make_page(), link_label="There")
    with CaptureQueriesContext(connection) as after:
        client.get("/fees/")
    assert len(after) == len(before) <= 3


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
def test_the_database_refuses_what_says_nothing(fields):
    made = {"page": make_page, "service": make.make_service}
    with pytest.raises(IntegrityError), transaction.atomic():
        notice(**{name: made[value]() if value in made else value for name, value in fields.items()})


def test_it_cannot_lead_to_a_snippet():
    with pytest.raises(ValidationError, match="no address of its own"):
        Notice(title="x", page=make_page(kind="snippet"), link_label="There").full_clean()


# A kept page


def test_it_appears_and_goes_on_a_kept_page_at_its_instants(reader, clock):  # noqa: F811
    page = make_page().get_absolute_url()
    notice("Soon", starts_at=NOW + HOUR, ends_at=NOW + 2 * HOUR)
    second = timedelta(seconds=1)
    seen = []
    for instant in (NOW, NOW + HOUR - second, NOW + HOUR, NOW + 2 * HOUR - second, NOW + 2 * HOUR):
        clock.move_to(instant)
        seen.append(words(reader.get(page).text))
    assert seen == ["", "", "Soon.", "Soon.", ""]
    assert reader.made == 3


def test_what_staff_change_shows_on_a_kept_page_at_once(reader, clock):  # noqa: F811
    page = make_page().get_absolute_url()
    told = notice("Closed")
    assert words(reader.get(page).text) == "Closed."
    told.title = "Open after all"
    told.save()
    assert words(reader.get(page).text) == "Open after all."
    told.delete()
    assert words(reader.get(page).text) == ""


# In the office


def test_staff_write_one_on_the_clinic_s_clock(site, admin_client):
    address = reverse("admin:content_notice_add")
    given = {"title": "We have moved", "tone": "urgent", "position": 0}
    given |= {"starts_at": "2026-11-24T09:00", "ends_at": "2026-11-25T09:00"}
    response = admin_client.post(address, given)
    assert response.status_code == 302, response.context["adminform"].form.errors
    written = Notice.objects.get()
    assert (written.starts_at.isoformat(), written.ends_at.isoformat()) == (
        "2026-11-24T15:00:00+00:00",
        "2026-11-25T15:00:00+00:00",
    )
    listed = admin_client.get(reverse("admin:content_notice_changelist")).content.decode()
    assert "Still to come" in listed
    assert "Tue 24 Nov 2026, 9:00 am" in listed


def test_who_may_not_write_notices_cannot(client, django_user_model, site):
    client.force_login(django_user_model.objects.create_user("bob", password="x", is_staff=True))
    assert client.get(reverse("admin:content_notice_add")).status_code == 403


def test_a_notice_is_saved_and_not_published(site, admin_client):
    html = admin_client.get(reverse("admin:content_notice_add")).content.decode()
    assert 'name="_save"' in html
    assert 'name="_publish"' not in html
