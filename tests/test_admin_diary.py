"""The diary: one day by practitioner, with what a front desk needs to see."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests import make

DIARY = "/admin/booking/appointment/"
TODAY = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)  # 11:00 am in Alberta


@pytest.fixture(autouse=True)
def _today(stopped_clock):
    """Monday 23 November 2026, 8:00 am in Alberta."""


@pytest.fixture
def office(admin_client, location):
    return admin_client


@pytest.fixture
def visit(location):
    """Makes visits that differ in little: each with a practitioner of its own unless one is given."""
    service = make.make_service()

    def visit(name="Alice Martin", starts_at=TODAY, **fields):
        patient = make.make_patient(name=name, **fields.pop("who", {}))
        return make.make_appointment(patient=patient, service=service, location=location, starts_at=starts_at, **fields)

    return visit


def text_of(response):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def names_in(response):
    return [row.appointment.patient.name for section in response.context["cl"].sections for row in section.rows]


def test_the_diary_opens_on_today_by_practitioner_and_time(office, visit):
    maya = make.make_practitioner(name="Maya Okafor", position=1)
    steve = make.make_practitioner(name="Steve Hansen", position=2)
    visit("Second with Maya", TODAY + timedelta(hours=1), practitioner=maya)
    visit("With Steve", TODAY, practitioner=steve)
    visit("First with Maya", TODAY, practitioner=maya)
    visit("Tomorrow", TODAY + timedelta(days=1), practitioner=maya)
    response = office.get(DIARY)
    sections = [
        (str(section.practitioner), [row.appointment.patient.name for row in section.rows])
        for section in response.context["cl"].sections
    ]
    assert sections == [("Maya Okafor", ["First with Maya", "Second with Maya"]), ("Steve Hansen", ["With Steve"])]
    assert "Today, Monday 23 November 2026" in text_of(response)


def test_a_row_says_when_who_and_what_on_the_locations_clock(office, visit):
    appointment = visit("Alice Martin", who={"phone": "+14035550188"})
    page = office.get(DIARY).content.decode()
    assert "11:00 to 11:45 am" in page
    assert '<a href="tel:+1-403-555-0188">403-555-0188</a>' in page
    assert appointment.reference in page
    assert "Physiotherapy assessment" in page
    assert "Alberta time" in page


def test_a_practitioner_is_marked_in_their_colour_without_inline_styles(office, visit):
    visit(practitioner=make.make_practitioner(colour="#A3123F"))
    assert 'fill="#A3123F"' in office.get(DIARY).content.decode()


def test_a_visit_late_in_the_evening_belongs_to_its_local_day(office, visit):
    visit("Late", datetime(2026, 11, 24, 3, 0, tzinfo=UTC))  # 9:00 pm on the 23rd in Alberta
    assert names_in(office.get(DIARY)) == ["Late"]


def test_other_days_are_one_link_away(office, visit):
    visit("Tomorrow", TODAY + timedelta(days=1))
    links = [link for _words, link, _in_full, _here in office.get(DIARY).context["cl"].days_around]
    assert links == ["?day=2026-11-22", "?day=2026-11-23", "?day=2026-11-24"]
    assert names_in(office.get(DIARY + links[2])) == ["Tomorrow"]


@pytest.mark.parametrize("day", ["tomorrow", "2026-02-30", "9999-12-31", "0001-01-01", "٢٠٢٦-١١-٢٤", "\x00"])
def test_a_day_that_makes_no_sense_shows_today_and_says_so(office, visit, day):
    visit("Today")
    response = office.get(DIARY, {"day": day})
    assert names_in(response) == ["Today"]
    assert "That day could not be read" in response.content.decode()


@pytest.mark.parametrize(
    "asked",
    [
        "status=nonsense",
        "status=held&status=booked",
        "practitioner__id__exact=abc",
        "location__id__exact=99999999999999999999",
        "location__id__exact[]=1",
        "q=%00",
        "q=%F0%9F%92%A3%ED%A0%80",
        "p=9999",
        "o=1.2.x",
        "day=2026-11-23&day=2026-11-24",
        "patient__email__startswith=a",
        "all=",
    ],
)
def test_an_address_that_makes_no_sense_is_never_a_failure_of_ours(office, visit, asked):
    visit()
    assert office.get(f"{DIARY}?{asked}", follow=True).status_code in {200, 400}


@pytest.mark.parametrize("page", ["change", "move", "cancel"])
@pytest.mark.parametrize("number", ["0", "9" * 30])
def test_a_visit_that_is_not_there_is_not_found(office, number, page):
    assert office.get(f"{DIARY}{number}/{page}/", follow=True).status_code in {200, 404}


@pytest.mark.parametrize(
    "asked", ["sasha", "NOVAK", "novak@patients.example", "403 555-0166", "(403) 555-0166", "5550166", "7K3QX9TB"]
)
def test_a_search_covers_all_days(office, visit, asked):
    visit("Somebody else")
    visit(
        "Aleksandra Novak",
        TODAY - timedelta(days=40),
        reference="7K3QX9TB",
        who={"preferred_name": "Sasha", "email": "novak@patients.example", "phone": "+14035550166"},
    )
    assert names_in(office.get(DIARY, {"q": asked, "day": "2026-11-23"})) == ["Aleksandra Novak"]


def test_filters_keep_the_day_and_empty_boxes_filter_nothing(office, visit):
    maya = make.make_practitioner(name="Maya Okafor")
    visit("With Maya", practitioner=maya)
    visit("With Steve")
    asked = {"day": "2026-11-23", "practitioner__id__exact": maya.pk, "status": "", "q": ""}
    assert names_in(office.get(DIARY, asked)) == ["With Maya"]
    assert names_in(office.get(DIARY, asked | {"practitioner__id__exact": ""})) == ["With Maya", "With Steve"]
    assert names_in(office.get(DIARY, asked | {"status": "cancelled"})) == []


def test_holds_are_shown_only_on_request_and_only_while_they_live(office, visit, now):
    make.make_appointment(status="held", starts_at=TODAY, hold_expires_at=now + timedelta(minutes=5))
    make.make_appointment(status="held", starts_at=TODAY, hold_expires_at=now)
    assert office.get(DIARY).context["cl"].sections == []
    shown = office.get(DIARY, {"status": "held"})
    assert [len(section.rows) for section in shown.context["cl"].sections] == [1]
    assert "Held until 8:05 am" in text_of(shown)


def test_a_row_offers_what_can_happen_next(office, visit, now):
    begun, later = now - timedelta(minutes=10), now + timedelta(hours=3)
    visit("Begun", begun)
    visit("Later", later)
    visit("Here", begun, status="arrived")
    visit("Called off", begun, status="cancelled")
    steps = {
        row.appointment.patient.name: [step.slug for step in row.next_steps]
        for section in office.get(DIARY).context["cl"].sections
        for row in section.rows
    }
    assert steps == {"Begun": ["arrived", "no-show"], "Later": ["arrived"], "Here": ["attended"], "Called off": []}


def test_thirty_visits_need_no_more_queries_than_one(office, visit):
    practitioners = [make.make_practitioner() for _ in range(3)]

    def queries():
        with CaptureQueriesContext(
            connection,
        ) as captured:
            office.get(DIARY)
        return len(captured)

    visit(practitioner=practitioners[0])
    one = queries()
    for number in range(29):
        visit(starts_at=TODAY + timedelta(minutes=50 * (number // 3 + 1)), practitioner=practitioners[number % 3])
    assert queries() == one
    assert one <= 14


@pytest.mark.once
@pytest.mark.parametrize(
    "address",
    [
        "/admin/",
        DIARY,
        DIARY + "add/",
        DIARY + "{visit}/change/",
        DIARY + "{visit}/move/",
        DIARY + "{visit}/cancel/",
        "/admin/booking/practitioner/{practitioner}/change/",
        "/admin/booking/service/add/",
        "/admin/booking/patient/",
    ],
)
def test_no_page_of_the_office_needs_inline_styles_or_scripts(office, visit, address):
    appointment = visit()
    page = office.get(address.format(visit=appointment.pk, practitioner=appointment.practitioner_id)).content.decode()
    assert not re.search(r"<[^>]+\sstyle\s*=", page)
    assert not re.search(r"<[^>]+\son[a-z]+\s*=", page)
    assert "<style" not in page
    # A script without an address would be inline; JSON for scripts to read is not run.
    scripts = re.findall(r"<script\b([^>]*)>", page)
    assert [script for script in scripts if "src=" not in script and "application/json" not in script] == []
