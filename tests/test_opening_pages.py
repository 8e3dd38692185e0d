"""What pages tell of the front desk's hours: now, on dates to come, and to search engines."""

import json
import re
from datetime import UTC, date, datetime, time, timedelta

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from booking.models import Closure, OpeningException, OpeningHours
from tests import make
from tests.conftest import NOW
from tests.make_content import make_page, make_site
from tests.test_page_cache import Reader, clock, reader  # noqa: F401  (fixtures)

pytestmark = pytest.mark.django_db
CHRISTMAS_EVE = datetime(2026, 12, 24, 14, 0, tzinfo=UTC)  # 8:00 am in Alberta


@pytest.fixture
def desk():
    """Open Monday to Friday, 9:00 am to 5:00 pm."""
    location = make.make_location()
    for day in range(5):
        OpeningHours.objects.create(location=location, weekday=day, opens=time(9), closes=time(17))
    return location


@pytest.fixture
def site(desk):
    make.make_clinic()
    make_site()
    return desk


def exception(location, on=date(2026, 12, 24), opens=time(9), closes=time(12), **fields):
    return OpeningException.objects.create(location=location, on=on, opens=opens, closes=closes, **fields)


def text(html):
    return " ".join(re.sub(r"<[^>]+>", " ", html).split()).replace(" ,", ",").replace(" :", ":")


def shown(client, address):
    return text(client.get(address).content.decode())


@pytest.mark.parametrize("address", ["/", "/fees/", "/contact/", "/book/"])
def test_every_page_says_whether_the_desk_is_open(client, site, stopped_clock, address):
    assert "Closed now, opens today at 9:00 am" in shown(client, address)


@pytest.mark.parametrize(("address", "mark"), [("/", ""), ("/fees/", ""), ("/book/", ""), ("/contact/", ":")])
def test_days_with_the_same_hours_stand_in_one_line(client, site, stopped_clock, address, mark):
    OpeningHours.objects.filter(weekday=4).update(closes=time(12))
    OpeningHours.objects.create(location=site, weekday=4, opens=time(13), closes=time(15))
    exception(site)
    page = shown(client, address)
    days = ["Monday to Thursday", "9:00 am to 5:00 pm", "Friday", "9:00 am to noon, 1:00 pm to 3:00 pm"]
    said = " ".join([f"{days[0]}{mark}", days[1], f"{days[2]}{mark}", days[3], f"Saturday and Sunday{mark}", "closed"])
    assert said in page
    assert ("Thursday 24 December 2026: 9:00 am to noon" in page) is (address == "/contact/")


@pytest.mark.parametrize("address", ["/", "/fees/", "/contact/", "/book/"])
def test_a_day_of_other_hours_and_a_day_without_any_are_told_beside_each_other(client, site, stopped_clock, address):
    exception(site, on=date(2026, 12, 25), opens=None, closes=None)
    exception(site)
    page = shown(client, address)
    assert "Closed now, opens today at 9:00 am" in page
    told = "Thursday 24 December 2026: 9:00 am to noon Friday 25 December 2026: closed"
    assert (told in page) is (address == "/contact/")


def test_search_engines_hear_of_each_day(client, site, stopped_clock):
    html = client.get("/fees/").content.decode()
    nodes = json.loads(re.search(r'ld\+json">(.*?)</script>', html).group(1))["@graph"]
    told = next(node for node in nodes if node["@type"] == "MedicalClinic")["openingHoursSpecification"]
    days = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")
    assert [(row["dayOfWeek"], row["opens"], row["closes"]) for row in told] == [
        (f"https://schema.org/{day}", "09:00", "17:00") for day in days
    ]


def test_an_exception_decides_over_the_week_and_over_a_closure(client, site):
    Closure.objects.create(location=site, on=date(2026, 12, 24), name="Christmas Eve")
    exception(site)
    with time_machine.travel(CHRISTMAS_EVE + timedelta(hours=2), tick=False):
        assert "Open now until noon" in shown(client, "/")
        assert "Thursday 24 December 2026, Christmas Eve: 9:00 am to noon" in shown(client, "/")


def test_a_closure_is_told_with_its_name(client, site):
    Closure.objects.create(location=site, on=date(2026, 12, 24), name="Christmas Eve")
    with time_machine.travel(CHRISTMAS_EVE, tick=False):
        assert "Closed today: Christmas Eve. Opens tomorrow at 9:00 am" in shown(client, "/")


def test_a_day_in_two_parts_is_told_in_order(client, site, stopped_clock):
    exception(site, on=date(2026, 11, 24), opens=time(14), closes=time(16))
    exception(site, on=date(2026, 11, 24), opens=time(9), closes=time(11), name="Staff meeting")
    said = "Tuesday 24 November 2026, Staff meeting: 9:00 am to 11:00 am, 2:00 pm to 4:00 pm"
    assert said in shown(client, "/contact/")


def test_dates_two_weeks_ahead_stand_in_the_footer_and_three_months_on_contact(client, site, stopped_clock):
    for on in (date(2026, 11, 22), date(2026, 12, 7), date(2026, 12, 8), date(2027, 2, 1), date(2027, 6, 1)):
        exception(site, on=on)
    here = {"footer": shown(client, "/fees/"), "contact": shown(client, "/contact/")}
    found = {name: re.findall(r"(\w+ 20\d\d): 9:00 am to noon", page) for name, page in here.items()}
    assert found["footer"] == ["December 2026"]
    assert found["contact"] == ["December 2026", "December 2026", "February 2027", "December 2026"]


def test_search_engines_hear_what_the_page_shows(client, site, stopped_clock):
    exception(site, name="Christmas Eve")
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


def test_booking_does_not_look_at_exceptions(site, stopped_clock):
    from booking import scheduling

    service = make.make_service(lead_time=timedelta(0))
    make.make_hours(make.make_practitioner([service]), site)
    before = scheduling.next_free(service=service, now=NOW)
    exception(site, on=before.starts_at.date(), opens=None, closes=None)
    assert scheduling.next_free(service=service, now=NOW) == before


@pytest.mark.parametrize(("opens", "closes"), [(time(9), None), (None, time(9)), (time(12), time(9))])
def test_the_database_refuses_half_a_span(desk, opens, closes):
    with pytest.raises(IntegrityError), transaction.atomic():
        exception(desk, opens=opens, closes=closes)


def test_a_date_is_not_both_open_and_closed(desk):
    exception(desk)
    with pytest.raises(ValidationError, match="both closed and open"):
        OpeningException(location=desk, on=date(2026, 12, 24)).full_clean()
    OpeningException(location=desk, on=date(2026, 12, 24), opens=time(14), closes=time(15)).full_clean()


# A kept page


def test_a_kept_page_turns_with_the_clock_alone(reader, desk, clock):  # noqa: F811
    page = make_page().get_absolute_url()
    assert "Closed now, opens today at 9:00 am" in text(reader.get(page).text)
    clock.move_to(NOW + timedelta(minutes=59, seconds=59))
    assert "Closed now" in text(reader.get(page).text)
    assert reader.made == 1
    clock.move_to(NOW + timedelta(hours=1))
    assert "Open now until 5:00 pm" in text(reader.get(page).text)
    clock.move_to(NOW + timedelta(hours=9))
    assert "Closed now, opens tomorrow at 9:00 am" in text(reader.get(page).text)
    clock.move_to(NOW + timedelta(hours=16))  # Midnight
    assert "Closed now, opens today at 9:00 am" in text(reader.get(page).text)
    assert reader.made == 4


def test_an_exception_shows_on_a_kept_page_at_once(reader, desk, clock):  # noqa: F811
    page = make_page().get_absolute_url()
    reader.get(page)
    exception(desk, on=date(2026, 11, 23), opens=time(8), closes=time(10))
    assert "Open now until 10:00 am" in text(reader.get(page).text)


def test_a_date_that_is_over_leaves_a_kept_page(reader, desk, clock):  # noqa: F811
    page = make_page().get_absolute_url()
    exception(desk, on=date(2026, 11, 23), name="Staff day")
    assert "Staff day" in reader.get(page).text
    clock.move_to(NOW + timedelta(hours=16))
    assert "Staff day" not in reader.get(page).text
