"""The diary: one day by practitioner, its search, filters and links."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.support import factories

DIARY = "/admin/booking/appointment/"
BOOKED = {"status": "booked"}  # A list; without a filter or a search, the address leads to the calendar.
TODAY = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)  # 11:00 a.m. in Alberta


@pytest.fixture
def admin_client(admin_client, location):
    return admin_client


@pytest.fixture
def make_visit(location):
    """Factory of similar visits, each with its own practitioner unless one is given."""
    service = factories.make_service()

    def make_visit(name="Alice Martin", starts_at=TODAY, **fields):
        patient = factories.make_patient(name=name, **fields.pop("who", {}))
        return factories.make_appointment(
            patient=patient, service=service, location=location, starts_at=starts_at, **fields
        )

    return make_visit


def text_of(response):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def names_in(response):
    return [row.appointment.patient.name for section in response.context["cl"].sections for row in section.rows]


def test_a_row_shows_time_patient_and_service_in_local_time(admin_client, make_visit):
    appointment = make_visit("Alice Martin", who={"phone": "+14035550188"})
    page = admin_client.get(DIARY, BOOKED).content.decode()
    assert "11:00 to 11:45 a.m." in page
    assert '<a href="tel:+1-403-555-0188">403-555-0188</a>' in page
    assert appointment.reference in page
    assert "Physiotherapy assessment" in page
    assert "Alberta time" in page


def test_a_row_says_that_the_patient_will_come(admin_client, make_visit, now):
    visit = make_visit()
    assert "Will be there" not in text_of(admin_client.get(DIARY, BOOKED))
    visit.attendance_confirmed_at = now
    visit.save()
    assert "Will be there" in text_of(admin_client.get(DIARY))


def test_a_practitioner_is_marked_in_their_colour_without_inline_styles(admin_client, make_visit):
    make_visit(practitioner=factories.make_practitioner(colour="#A3123F"))
    assert 'fill="#A3123F"' in admin_client.get(DIARY, BOOKED).content.decode()


@pytest.mark.parametrize(
    "query",
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
def test_malformed_parameters_never_cause_a_server_error(admin_client, make_visit, query):
    make_visit()
    assert admin_client.get(f"{DIARY}?{query}", follow=True).status_code in {200, 400}


@pytest.mark.parametrize("page", ["change", "move", "cancel"])
@pytest.mark.parametrize("number", ["0", "9" * 30])
def test_an_unknown_visit_is_not_found(admin_client, number, page):
    assert admin_client.get(f"{DIARY}{number}/{page}/", follow=True).status_code in {200, 404}


@pytest.mark.parametrize(
    "query", ["sasha", "NOVAK", "novak@patients.example", "403 555-0166", "(403) 555-0166", "5550166", "7K3QX9TB"]
)
def test_a_search_covers_all_days(admin_client, make_visit, query):
    make_visit("Somebody else")
    make_visit(
        "Aleksandra Novak",
        TODAY - timedelta(days=40),
        reference="7K3QX9TB",
        who={"preferred_name": "Sasha", "email": "novak@patients.example", "phone": "+14035550166"},
    )
    assert names_in(admin_client.get(DIARY, {"q": query, "day": "2026-11-23"})) == ["Aleksandra Novak"]


def test_filters_keep_the_day_and_empty_values_filter_nothing(admin_client, make_visit):
    maya = factories.make_practitioner(name="Maya Okafor")
    make_visit("With Maya", practitioner=maya)
    make_visit("With Steve")
    query = {"day": "2026-11-23", "practitioner__id__exact": maya.pk, "status": "", "q": ""}
    assert names_in(admin_client.get(DIARY, query)) == ["With Maya"]
    assert names_in(admin_client.get(DIARY, query | {"practitioner__id__exact": ""})) == ["With Maya", "With Steve"]
    assert names_in(admin_client.get(DIARY, query | {"status": "cancelled"})) == []


def test_only_live_holds_are_shown_and_only_on_request(admin_client, make_visit, now):
    factories.make_appointment(status="held", starts_at=TODAY, hold_expires_at=now + timedelta(minutes=5))
    factories.make_appointment(status="held", starts_at=TODAY, hold_expires_at=now)
    assert admin_client.get(DIARY, BOOKED).context["cl"].sections == []
    response = admin_client.get(DIARY, {"status": "held"})
    assert [len(section.rows) for section in response.context["cl"].sections] == [1]
    assert "Held until 8:05 a.m." in text_of(response)


def test_the_query_count_does_not_grow_with_visits(admin_client, make_visit):
    practitioners = [factories.make_practitioner() for _ in range(3)]

    def queries():
        with CaptureQueriesContext(connection) as captured:
            admin_client.get(DIARY)
        return len(captured)

    make_visit(practitioner=practitioners[0])
    with_one = queries()
    for number in range(29):
        make_visit(starts_at=TODAY + timedelta(minutes=50 * (number // 3 + 1)), practitioner=practitioners[number % 3])
    assert queries() == with_one
    assert with_one <= 19  # Five of them write the access log.


@pytest.mark.once
@pytest.mark.parametrize(
    "address",
    [
        "/admin/",
        DIARY,
        DIARY + "add/",
        "/admin/booking/practitioner/{practitioner}/change/",
        "/admin/booking/service/add/",
    ],
)
def test_no_admin_page_has_inline_styles_or_scripts(admin_client, make_visit, address):
    appointment = make_visit()
    page = admin_client.get(
        address.format(visit=appointment.pk, practitioner=appointment.practitioner_id)
    ).content.decode()
    assert not re.search(r"<[^>]+\sstyle\s*=", page)
    assert not re.search(r"<[^>]+\son[a-z]+\s*=", page)
    assert "<style" not in page
    # A script without src is inline, unless it is JSON data.
    scripts = re.findall(r"<script\b([^>]*)>", page)
    assert [script for script in scripts if "src=" not in script and "application/json" not in script] == []


def test_a_patient_in_two_places_at_once_is_marked(admin_client, location, now):
    patient = factories.make_patient()
    for _ in range(2):
        factories.make_appointment(location=location, starts_at=now + timedelta(hours=1), patient=patient)
    factories.make_appointment(location=location, starts_at=now + timedelta(hours=1, minutes=45), patient=patient)
    rows = [row for section in admin_client.get(DIARY, BOOKED).context["cl"].sections for row in section.rows]
    assert sorted(row.has_other_visit for row in rows) == [False, True, True]
    assert text_of(admin_client.get(DIARY, BOOKED)).count("Has another visit at this time") == 2


@pytest.mark.parametrize(("query", "day"), [("", ""), ("?day=2026-11-24", "2026-11-24"), ("?day=%00&day=x", "x")])
def test_the_old_address_of_the_day_leads_to_the_calendar(admin_client, make_visit, query, day):
    response = admin_client.get(DIARY + query)
    assert response.url == f"/desk/?day={day}"
    assert admin_client.get(response.url).status_code == 200
