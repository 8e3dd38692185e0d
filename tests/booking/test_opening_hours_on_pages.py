"""Front desk hours on pages: the current state, special days, and structured data for search engines."""

import json
import re
from datetime import UTC, date, datetime, time, timedelta

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from booking.models import Closure, OpeningHours, SpecialHours
from tests.clinic.web.test_page_cache import Reader, clock, reader  # noqa: F401  (fixtures)
from tests.conftest import NOW
from tests.support import factories
from tests.support.content_factories import make_page, make_site

pytestmark = pytest.mark.django_db
CHRISTMAS_EVE = datetime(2026, 12, 24, 14, 0, tzinfo=UTC)  # 8:00 a.m. in Alberta


@pytest.fixture
def desk():
    """Open Monday to Friday, 9:00 a.m. to 5:00 p.m."""
    location = factories.make_location()
    for day in range(5):
        OpeningHours.objects.create(location=location, weekday=day, opens=time(9), closes=time(17))
    return location


@pytest.fixture
def site(desk):
    factories.make_clinic()
    make_site()
    return desk


def add_special_hours(location, on=date(2026, 12, 24), opens=time(9), closes=time(12), **fields):
    return SpecialHours.objects.create(location=location, on=on, opens=opens, closes=closes, **fields)


def text(html):
    return " ".join(re.sub(r"<[^>]+>", " ", html).split()).replace(" ,", ",").replace(" :", ":")


def page_text(client, address):
    return text(client.get(address).content.decode())


@pytest.mark.parametrize("address", ["/", "/fees/", "/contact/", "/team/"])
def test_every_page_says_whether_the_desk_is_open(client, site, stopped_clock, address):
    assert "Closed now, opens today at 9:00 a.m." in page_text(client, address)


@pytest.mark.parametrize(("address", "mark"), [("/", ""), ("/fees/", ""), ("/team/", ""), ("/contact/", ":")])
def test_days_with_the_same_hours_are_on_one_line(client, site, stopped_clock, address, mark):
    OpeningHours.objects.filter(weekday=4).update(closes=time(12))
    OpeningHours.objects.create(location=site, weekday=4, opens=time(13), closes=time(15))
    add_special_hours(site)
    page = page_text(client, address)
    days = ["Monday to Thursday", "9:00 a.m. to 5:00 p.m.", "Friday", "9:00 a.m. to 12:00 p.m., 1:00 p.m. to 3:00 p.m."]
    expected_text = " ".join(
        [f"{days[0]}{mark}", days[1], f"{days[2]}{mark}", days[3], f"Saturday and Sunday{mark}", "closed"]
    )
    assert expected_text in page
    assert ("Thursday, December 24: 9:00 a.m. to 12:00 p.m." in page) is (address == "/contact/")


@pytest.mark.parametrize("address", ["/", "/fees/", "/contact/", "/team/"])
def test_a_day_with_special_hours_and_a_closed_day_are_listed_in_order(client, site, stopped_clock, address):
    add_special_hours(site, on=date(2026, 12, 25), opens=None, closes=None)
    add_special_hours(site)
    page = page_text(client, address)
    assert "Closed now, opens today at 9:00 a.m." in page
    expected = "Thursday, December 24: 9:00 a.m. to 12:00 p.m. Friday, December 25: closed"
    assert (expected in page) is (address == "/contact/")


def test_structured_data_lists_each_weekday(client, site, stopped_clock):
    html = client.get("/fees/").content.decode()
    nodes = json.loads(re.search(r'ld\+json">(.*?)</script>', html).group(1))["@graph"]
    specifications = next(node for node in nodes if node["@type"] == "MedicalClinic")["openingHoursSpecification"]
    days = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")
    assert [(row["dayOfWeek"], row["opens"], row["closes"]) for row in specifications] == [
        (f"https://schema.org/{day}", "09:00", "17:00") for day in days
    ]


def test_special_hours_override_weekly_hours_and_a_closure(client, site):
    Closure.objects.create(location=site, on=date(2026, 12, 24), name="Christmas Eve")
    add_special_hours(site)
    with time_machine.travel(CHRISTMAS_EVE + timedelta(hours=2), tick=False):
        assert "Open now until 12:00 p.m." in page_text(client, "/")
        assert "Thursday, December 24, Christmas Eve: 9:00 a.m. to 12:00 p.m." in page_text(client, "/")


def test_a_closure_is_shown_with_its_name(client, site):
    Closure.objects.create(location=site, on=date(2026, 12, 24), name="Christmas Eve")
    with time_machine.travel(CHRISTMAS_EVE, tick=False):
        assert "Closed today: Christmas Eve. Opens tomorrow at 9:00 a.m." in page_text(client, "/")


def test_special_hours_in_two_parts_are_listed_in_order(client, site, stopped_clock):
    add_special_hours(site, on=date(2026, 11, 24), opens=time(14), closes=time(16))
    add_special_hours(site, on=date(2026, 11, 24), opens=time(9), closes=time(11), name="Staff meeting")
    expected_text = "Tuesday, November 24, Staff meeting: 9:00 a.m. to 11:00 a.m., 2:00 p.m. to 4:00 p.m."
    assert expected_text in page_text(client, "/contact/")


def test_the_footer_lists_special_days_of_two_weeks_and_the_contact_page_of_three_days(client, site, stopped_clock):
    for on in (date(2026, 11, 22), date(2026, 12, 7), date(2026, 12, 8), date(2027, 2, 1), date(2027, 6, 1)):
        add_special_hours(site, on=on)
    pages = {"footer": page_text(client, "/fees/"), "contact": page_text(client, "/contact/")}
    days = {name: re.findall(r"(\w+ \d+(?:, \d+)?): 9:00 a.m. to 12:00 p.m.", page) for name, page in pages.items()}
    assert days["footer"] == ["December 7"]
    assert days["contact"] == ["December 7", "December 8", "February 1, 2027", "December 7"]


def test_structured_data_has_special_hours_where_the_page_shows_them(client, site, stopped_clock):
    add_special_hours(site, name="Christmas Eve")
    graphs = {}
    for address in ("/fees/", "/contact/"):
        html = client.get(address).content.decode()
        nodes = json.loads(re.search(r'ld\+json">(.*?)</script>', html).group(1))["@graph"]
        graphs[address] = next(node for node in nodes if node["@type"] == "MedicalClinic")
    assert "specialOpeningHoursSpecification" not in graphs["/fees/"]
    assert graphs["/contact/"]["specialOpeningHoursSpecification"] == [
        {
            "@type": "OpeningHoursSpecification",
            "opens": "09:00",
            "closes": "12:00",
            "validFrom": "2026-12-24",
            "validThrough": "2026-12-24",
            "name": "Christmas Eve",
        }
    ]


def test_special_hours_do_not_change_availability(site, stopped_clock):
    from booking import scheduling

    service = factories.make_service(lead_time=timedelta(0))
    factories.make_hours(factories.make_practitioner([service]), site)
    before = scheduling.next_slot(service=service, now=NOW)
    add_special_hours(site, on=before.starts_at.date(), opens=None, closes=None)
    assert scheduling.next_slot(service=service, now=NOW) == before


@pytest.mark.parametrize(("opens", "closes"), [(time(9), None), (None, time(9)), (time(12), time(9))])
def test_the_database_rejects_an_incomplete_or_reversed_span(desk, opens, closes):
    with pytest.raises(IntegrityError), transaction.atomic():
        add_special_hours(desk, opens=opens, closes=closes)


def test_a_date_is_not_both_open_and_closed(desk):
    add_special_hours(desk)
    with pytest.raises(ValidationError, match="both closed and open"):
        SpecialHours(location=desk, on=date(2026, 12, 24)).full_clean()
    SpecialHours(location=desk, on=date(2026, 12, 24), opens=time(14), closes=time(15)).full_clean()


# A cached page


def test_a_cached_page_changes_with_time_alone(reader, desk, clock):  # noqa: F811
    page = make_page().get_absolute_url()
    assert "Closed now, opens today at 9:00 a.m." in text(reader.get(page).text)
    clock.move_to(NOW + timedelta(minutes=59, seconds=59))
    assert "Closed now" in text(reader.get(page).text)
    assert reader.made == 1
    clock.move_to(NOW + timedelta(hours=1))
    assert "Open now until 5:00 p.m." in text(reader.get(page).text)
    clock.move_to(NOW + timedelta(hours=9))
    assert "Closed now, opens tomorrow at 9:00 a.m." in text(reader.get(page).text)
    clock.move_to(NOW + timedelta(hours=16))  # Midnight
    assert "Closed now, opens today at 9:00 a.m." in text(reader.get(page).text)
    assert reader.made == 4


def test_special_hours_invalidate_a_cached_page(reader, desk, clock):  # noqa: F811
    page = make_page().get_absolute_url()
    reader.get(page)
    add_special_hours(desk, on=date(2026, 11, 23), opens=time(8), closes=time(10))
    assert "Open now until 10:00 a.m." in text(reader.get(page).text)


def test_a_past_special_day_disappears_from_a_cached_page(reader, desk, clock):  # noqa: F811
    page = make_page().get_absolute_url()
    add_special_hours(desk, on=date(2026, 11, 23), name="Staff day")
    assert "Staff day" in reader.get(page).text
    clock.move_to(NOW + timedelta(hours=16))
    assert "Staff day" not in reader.get(page).text
