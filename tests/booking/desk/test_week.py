"""The week of one practitioner, the list view, whose columns are shown, and the sheets to print."""

import re
from datetime import date, time, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from booking.models import AccessLogEntry, Closure, OpeningHours, PatientNote, Practitioner, SpecialHours, TimeOff
from tests.booking.desk.conftest import MINUTES, NINE, words_of
from tests.support import factories

DESK, WEEK, PRINT, SETTINGS = "/desk/", "/desk/week/", "/desk/print/", "/desk/settings/"
DAY = timedelta(days=1)


@pytest.fixture
def steve(service, location, maya):
    steve = factories.make_practitioner([service], name="Steve Hansen", slug="steve-hansen", position=2)
    factories.make_hours(steve, location)
    return steve


def shown(response):
    return [column.practitioner.name for column in response.context["board"].columns]


# Week


def test_the_week_shows_seven_days_of_one_practitioner(admin_client, maya, steve, make_visit):
    make_visit("Dev Ahmed", NINE + DAY, practitioner=steve)
    make_visit("Not Steve's", NINE + DAY)
    make_visit("Next week", NINE + 7 * DAY, practitioner=steve)
    response = admin_client.get(f"{WEEK}?with=steve-hansen&day=2026-11-25")
    columns = response.context["board"].columns
    assert [column.on for column in columns] == [date(2026, 11, 23) + number * DAY for number in range(7)]
    words = words_of(response)
    assert "Steve Hansen Nov 23 – Nov 29" in words
    assert "Dev Ahmed" in words
    assert "Not Steve" not in words
    assert "Next week" not in words.replace("› Next week", "")


def test_days_off_are_narrow_and_say_why(admin_client, maya, location):
    TimeOff.objects.create(practitioner=maya, starts_on=date(2026, 11, 28), ends_on=date(2026, 11, 28), note="Course")
    Closure.objects.create(location=location, on=date(2026, 11, 27), name="Founders Day")
    response = admin_client.get(WEEK)
    words = words_of(response)
    for text in ("Fri 27 closed", "Sat 28 away", "Sun 29 not working", "Founders Day", "Course"):
        assert text in words
    assert response.content.decode().count("desk-calendar__person--off") == 3


def test_the_numbers_of_the_week(admin_client, maya, make_visit):
    make_visit(starts_at=NINE, is_first_visit=True)
    make_visit("Bob Berg", starts_at=NINE + DAY)
    make_visit("Carla Cohen", starts_at=NINE + DAY, status="cancelled")
    make_visit("Outside hours", starts_at=NINE + 2 * DAY + timedelta(hours=6))
    response = admin_client.get(WEEK)
    assert "3 booked 10% of 15 h filled 1 first visit 13 h 30 still free, 2 h 15 of it today" in words_of(response)


def test_a_gap_of_the_week_opens_on_its_own_day(admin_client, maya, make_visit):
    make_visit(starts_at=NINE)
    words = words_of(admin_client.get(f"{WEEK}?with=maya-okafor&day=2026-11-24&at=09:00"))
    assert "Book with Maya" in words
    assert "9:00 a.m. to 12:00 p.m." in words
    assert "This gap is no longer free." in words_of(
        admin_client.get(f"{WEEK}?with=maya-okafor&day=2026-11-23&at=09:00")
    )


def test_a_form_of_the_week_leads_back_to_the_week_of_that_person(admin_client, maya, steve, make_visit):
    visit = make_visit(starts_at=NINE, practitioner=steve)
    back = f"{WEEK}?day=2026-11-24&appointment={visit.reference}&with=steve-hansen"
    response = admin_client.post(f"{DESK}appointments/{visit.reference}/status/", {"status": "arrived", "back": back})
    assert response.url == back


def test_a_practitioner_gets_their_own_week_only(as_practitioner, steve, make_visit):
    make_visit("Bob Berg", practitioner=steve)
    make_visit("Alice Martin")
    response = as_practitioner.get(f"{WEEK}?with=steve-hansen")
    assert set(shown(response)) == {"Maya Okafor"}
    assert "Alice Martin" in words_of(response)
    assert "Bob Berg" not in words_of(response)


def test_a_view_of_the_week_is_recorded_as_one(admin_client, make_visit):
    make_visit()
    make_visit("Bob Berg", starts_at=NINE + DAY)
    admin_client.get(WEEK)
    entry = AccessLogEntry.objects.get()
    assert (entry.kind, entry.count) == ("week", 2)


# List


@pytest.mark.parametrize("address", [DESK, WEEK])
def test_the_list_has_the_same_links_as_the_grid(admin_client, make_visit, address):
    make_visit()
    grid = admin_client.get(address)
    listed = admin_client.get(f"{address}?list=1")
    reference = grid.context["board"].visits[0].reference
    assert re.search(f'href="[^"]+&amp;list=1&amp;appointment={reference}"', listed.content.decode())
    assert listed.content.decode().count('class="gap') == grid.content.decode().count('class="gap')
    assert "desk-calendar__grid" not in listed.content.decode()


# My people


def choose(client, *people, set="people"):
    return client.post(SETTINGS, {"set": set, "people": people, "back": f"{DESK}?day=2026-11-23"})


def test_the_login_chooses_whose_columns_it_sees_and_hidden_visits_are_named(admin_client, maya, steve, make_visit):
    make_visit("Hidden One", practitioner=steve)
    assert shown(admin_client.get(DESK)) == ["Maya Okafor", "Steve Hansen"]
    assert choose(admin_client, "maya-okafor").url == f"{DESK}?day=2026-11-23"
    response = admin_client.get(DESK)
    assert shown(response) == ["Maya Okafor"]
    assert "1 visit with Steve is not shown: show" in words_of(response)
    assert "Hidden One" not in words_of(response)
    assert AccessLogEntry.objects.latest("pk").count == 1  # Of the first view.
    choose(admin_client, "steve-hansen", set="add")
    assert shown(admin_client.get(DESK)) == ["Maya Okafor", "Steve Hansen"]


def test_choosing_no_one_or_someone_who_left_shows_everyone(admin_client, maya, steve):
    choose(admin_client)
    assert len(shown(admin_client.get(DESK))) == 2
    choose(admin_client, "maya-okafor")
    maya.is_active = False
    maya.save()
    assert shown(admin_client.get(DESK)) == ["Steve Hansen"]


def test_a_gap_in_the_address_shows_its_hidden_person(admin_client, maya, steve):
    choose(admin_client, "maya-okafor")
    assert "Book with Steve" in words_of(admin_client.get(f"{DESK}?with=steve-hansen&at=09:00"))


def test_someone_who_left_has_a_column_while_they_have_visits_and_no_gaps(admin_client, maya, steve, make_visit):
    make_visit(practitioner=steve)
    steve.is_active = False
    steve.save()
    response = admin_client.get(DESK)
    assert shown(response) == ["Maya Okafor", "Steve Hansen"]
    assert response.context["board"].columns[1].gaps == []
    assert shown(admin_client.get(f"{DESK}?day=2026-11-24")) == ["Maya Okafor"]


@pytest.mark.parametrize("form", [{}, {"set": "x"}, {"set": "people\x00"}])
def test_an_unknown_setting_is_refused(admin_client, maya, form):
    assert admin_client.post(SETTINGS, form).status_code == 400


def test_rows_and_keys_are_remembered_by_the_browser(admin_client, maya):
    admin_client.post(SETTINGS, {"set": "low"})
    admin_client.post(SETTINGS, {"set": "keys-off"})
    page = admin_client.get(f"{DESK}?do=keys")
    assert "desk-calendar--low" in page.content.decode()
    assert 'data-keys="off"' in page.content.decode()
    assert "Switch keys on" in words_of(page)
    admin_client.post(SETTINGS, {"set": "high"})
    admin_client.post(SETTINGS, {"set": "keys-on"})
    page = admin_client.get(DESK).content.decode()
    assert "desk-calendar--low" not in page
    assert "data-keys" not in page


# Front desk hours and what is to do


def test_the_day_says_when_the_front_desk_closes(admin_client, maya, location):
    OpeningHours.objects.create(location=location, weekday=0, opens=time(8), closes=time(12))
    OpeningHours.objects.create(location=location, weekday=0, opens=time(13), closes=time(19))
    assert "Front desk closes 7:00 p.m." in words_of(admin_client.get(DESK))
    assert "Front desk closes" not in words_of(admin_client.get(f"{DESK}?day=2026-11-24"))
    SpecialHours.objects.create(location=location, on=date(2026, 11, 30), opens=time(8), closes=time(10))
    assert "Front desk closes 10:00 a.m." in words_of(admin_client.get(f"{DESK}?day=2026-11-30"))
    Closure.objects.create(location=location, on=date(2026, 12, 7), name="Holiday")
    assert "Front desk closes" not in words_of(admin_client.get(f"{DESK}?day=2026-12-07"))


def test_no_shows_without_a_visit_ahead_are_to_do(admin_client, make_visit):
    missed = make_visit("Owen Petrie", NINE - 90 * MINUTES, status="noshow")
    assert "Owen Petrie did not come at 7:30" in words_of(admin_client.get(DESK))
    assert "did not come" not in words_of(admin_client.get(f"{DESK}?day=2026-11-24"))
    make_visit(patient=missed.patient, starts_at=NINE + DAY)
    assert "did not come" not in words_of(admin_client.get(DESK))


def test_who_is_in_the_room_now_is_marked(admin_client, make_visit):
    make_visit(starts_at=NINE - 75 * MINUTES, status="arrived")
    assert "in the room now" in words_of(admin_client.get(DESK))


# Print


def test_the_sheet_has_each_visit_with_phone_and_note_and_who_printed_it(admin_client, admin_user, maya, make_visit):
    patient = factories.make_patient(name="Hannah Redcrow", phone="+14035550178")
    visit = make_visit(patient=patient, is_first_visit=True)
    make_visit("Cancelled One", NINE + 60 * MINUTES, status="cancelled")
    for audience, text in (("desk", "Walker.\nHold the door."), ("own", "My secret")):
        PatientNote.objects.create(
            patient=patient, appointment=visit, audience=audience, text=text, author=admin_user,
            created_at=timezone.now(), updated_at=timezone.now(),
        )  # fmt: skip
    words = words_of(admin_client.get(f"{PRINT}?day=2026-11-23"))
    assert "Hannah Redcrow (first visit) 403-555-0178" in words
    assert "Walker. Hold the door." in words
    assert "Free: 9:45–12:00" in words
    assert "Printed Monday, November 23, 2026, 8:00 a.m. by admin. Shred after use." in words
    assert "My secret" not in words
    assert "Cancelled One" not in words
    entry = AccessLogEntry.objects.get()
    assert (entry.page, entry.count) == (PRINT, 1)


def test_sheets_can_be_one_per_person_and_the_week_one_per_day(admin_client, maya, steve, make_visit):
    make_visit()
    assert "paper--each" not in admin_client.get(PRINT).content.decode()
    assert "paper--each" in admin_client.get(f"{PRINT}?each=1").content.decode()
    words = words_of(admin_client.get(f"{PRINT}?week=1&with=maya-okafor&each=1"))
    assert "Maya Okafor, Nov 23 – Nov 29" in words
    assert "Tuesday, November 24" in words
    assert "A page per day" in words


def test_a_practitioner_prints_their_own_day_only(as_practitioner, steve, make_visit):
    make_visit("Bob Berg", practitioner=steve)
    make_visit("Alice Martin")
    words = words_of(as_practitioner.get(PRINT))
    assert "Alice Martin" in words
    assert "Bob Berg" not in words


# Access


@pytest.mark.parametrize("address", [WEEK, PRINT])
def test_the_views_need_the_calendars_permission(client, django_user_model, maya, address):
    client.force_login(django_user_model.objects.create_user("eve", password="x", is_staff=True))
    assert client.get(address).status_code == 403
    assert client.post(SETTINGS, {"set": "low"}).status_code == 403


BAD_QUERIES = ["?day=banana", "?day=9999-12-31", "?with=%00", "?with=nobody", "?at=09:00%2B02:00", "?list=x"]
BAD_QUERIES += ["?with=maya-okafor&at=09:00%2B02:00", "?location=x&each=1&week=1"]


@pytest.mark.parametrize("query", BAD_QUERIES)
@pytest.mark.parametrize("address", [DESK, WEEK, PRINT])
def test_a_bad_address_shows_what_it_can(admin_client, maya, address, query):
    assert admin_client.get(address + query).status_code == 200


@pytest.mark.parametrize("address", [WEEK, PRINT])
def test_without_practitioners_there_is_a_page(admin_client, db, address):
    assert admin_client.get(f"{address}?week=1").status_code == 200


# Size


def big_clinic(service, location, make_visit, people, visits):
    for number in range(people):
        person = factories.make_practitioner(
            [service], name=f"Person {number:02}", slug=f"person-{Practitioner.objects.count()}"
        )
        factories.make_hours(person, location)
        for slot in range(visits):
            starts_at = NINE + DAY * (slot % 5 if number == 0 else 0) + slot * 45 * MINUTES - 4 * 60 * MINUTES
            make_visit(f"Patient {number} {slot}", starts_at, practitioner=person)


def test_the_size_of_the_day_and_the_week_is_bounded(admin_client, maya, service, location, make_visit):
    def measure(address):
        with CaptureQueriesContext(connection) as queries:
            response = admin_client.get(address, headers={"Accept-Encoding": "gzip"})
        return len(queries), len(response.content)

    addresses = [DESK, f"{DESK}?list=1", f"{WEEK}?with=person-1", PRINT]
    big_clinic(service, location, make_visit, 2, 2)
    small = {address: measure(address)[0] for address in addresses}
    big_clinic(service, location, make_visit, 12, 13)
    for address in addresses:
        count, size = measure(address)
        assert count == small[address] <= 30
        assert size < 60 * 1024
