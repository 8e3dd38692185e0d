"""The privacy officer's pages: find a person, who saw what, unusual looks, and where the officer lands."""

import csv
import io
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from booking import scheduling
from booking.models import AccessLogEntry, AccessLogPerson, ChangeLogEntry
from tests.booking.desk.conftest import words_of
from tests.support import factories

pytestmark = pytest.mark.django_db

HOME = "/desk/privacy/"
NOON = datetime(2026, 11, 20, 18, 0, tzinfo=UTC)  # Noon in Alberta on Friday, November 20.


def make_login(role, name="olga", **fields):
    user = get_user_model().objects.create_user(name, is_staff=True, **fields)
    user.groups.add(Group.objects.get(name=role))
    return user


@pytest.fixture
def officer(location):
    return make_login("Privacy officer", first_name="Olga", last_name="Oduya")


@pytest.fixture
def client(officer):
    client = Client()
    client.force_login(officer)
    return client


@pytest.fixture
def sam():
    return get_user_model().objects.create_user("sam", first_name="Sam", last_name="Sand", is_staff=True)


@pytest.fixture
def hannah():
    return factories.make_patient(name="Hannah Redcrow", phone="+14035550177")


def look(staff, *patients, at=NOON, **fields):
    defaults = {"kind": "record", "page": "/desk/patients/1/", "address": "192.0.2.7", "role": "Front desk"}
    entry = AccessLogEntry.objects.create(**defaults | {"at": at, "staff": staff, "count": len(patients)} | fields)
    for patient in patients:
        AccessLogPerson.objects.create(entry=entry, at=at, patient=patient)
    return entry


def own_looks(officer):
    return AccessLogEntry.objects.filter(staff=officer).order_by("pk")


def read_csv(response):
    text = b"".join(response.streaming_content).decode()
    assert text.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))


# Where the officer lands


@pytest.mark.parametrize("address", ["/desk/", "/admin/"])
def test_the_desk_and_the_office_lead_the_officer_to_the_privacy_pages(client, address):
    assert client.get(address).url == HOME


def test_the_officers_bar_has_no_link_that_is_refused(client):
    page = client.get(HOME).content.decode()
    bar = page[page.index("<header") : page.index("</header>")]
    links = [part.split('"')[0] for part in bar.split('href="')[1:]]
    assert links
    assert [link for link in links if client.get(link).status_code != 200] == []
    assert "desk-find" not in bar


def test_the_owner_keeps_the_calendar_and_sees_the_privacy_pages(client):
    client.force_login(make_login("Owner", name="oona"))
    assert client.get("/desk/").status_code == 200
    page = client.get(HOME).content.decode()
    assert 'href="/desk/"' in page
    assert "desk-find" in page


# Find a person


def test_a_person_is_found_by_a_post_that_is_logged_as_a_search(client, officer, hannah):
    page = client.post(HOME, {"words": "redcrow"})
    assert f'href="{HOME}patients/{hannah.pk}/"' in page.content.decode()
    entry = own_looks(officer).get()
    assert (entry.kind, entry.page, [person.patient for person in entry.people.all()]) == ("search", HOME, [hannah])


def test_a_merged_person_is_found_by_the_name_they_had(client, hannah):
    factories.make_patient(name="Hana Redcrow", merged_into=hannah)
    assert "merged into Hannah Redcrow" in words_of(client.post(HOME, {"words": "hana red"}))


@pytest.mark.parametrize("words", ["", "x", "a\0b"])
def test_a_search_without_words_says_what_is_missing(client, words):
    page = client.post(HOME, {"words": words})
    assert page.status_code == 422
    assert "<title>Error:" in page.content.decode().replace("\n", "")


# The log


def test_a_row_says_when_who_what_where_and_how_many(client, sam, hannah):
    look(sam, hannah, factories.make_patient(name="Owen Petrie"), kind="day", reason="")
    page = words_of(client.get(f"{HOME}log/"))
    for words in ("Fri, Nov 20, 2026, 12:00 p.m.", "Sam Sand", "Front desk", "A day", "2 people", "/desk/patients/1/"):
        assert words in page, words
    assert "192.0.2.7" in page
    assert "Redcrow" not in page


def test_the_names_are_on_the_page_of_the_entry_which_is_logged_with_them(client, officer, sam, hannah):
    entry = look(sam, hannah)
    assert "Hannah Redcrow" in words_of(client.get(f"{HOME}log/{entry.pk}/"))
    own = own_looks(officer).get()
    assert (own.kind, [person.patient for person in own.people.all()]) == ("log", [hannah])


def test_looking_at_the_log_is_logged_even_if_it_names_nobody(client, officer, sam):
    for page in ("log/", f"staff/{sam.pk}/", "unusual/", "changes/"):
        client.get(f"{HOME}{page}")
    assert [(entry.kind, entry.page, entry.count) for entry in own_looks(officer)] == [
        ("log", f"{HOME}log/", 0),
        ("log", f"{HOME}staff/{sam.pk}/", 0),
        ("log", f"{HOME}unusual/", 0),
        ("log", f"{HOME}changes/", 0),
    ]


def test_a_patients_log_holds_all_time_and_the_merged_entries(client, officer, sam, hannah):
    merged = factories.make_patient(name="Hana Redcrow", merged_into=hannah)
    look(sam, hannah, at=NOON - timedelta(days=900), page="/long-ago/")
    look(sam, merged, page="/merged/")
    look(sam, factories.make_patient(), page="/other/")
    for patient in (hannah, merged):
        page = words_of(client.get(f"{HOME}patients/{patient.pk}/"))
        assert "/long-ago/" in page
        assert "/merged/" in page
        assert "/other/" not in page
    own = own_looks(officer).first()
    assert {person.patient for person in own.people.all()} == {hannah, merged}


def test_what_a_patient_waits_for_is_in_their_log(client, sam, hannah, service, location, maya):
    entry = scheduling.join(wish=factories.make_wish(service, location), now=NOON)
    entry.patient = hannah
    entry.save()
    shown = look(sam, page="/desk/waitlist/", count=1)
    AccessLogPerson.objects.create(entry=shown, at=NOON, waitlist_entry=entry)
    assert "/desk/waitlist/" in words_of(client.get(f"{HOME}patients/{hannah.pk}/"))


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("from=2026-11-20&to=2026-11-20", {"/noon/", "/late/"}),
        ("from=2026-11-21&to=2026-11-21", {"/next/"}),
        ("from=2026-11-20&to=2026-11-21&kind=search", {"/next/"}),
        ("from=2026-11-20&to=2026-11-20&unusual=night", {"/late/", "/next/"}),
        ("from=&to=2026-11-20&unusual=reason", {"/noon/"}),
        ("from=2026-11-22", set()),
    ],
)
def test_days_are_those_of_the_clinics_zone_and_filters_add_up(client, sam, query, shown):
    look(sam, page="/noon/", reason="I cover.")
    look(sam, page="/late/", at=datetime(2026, 11, 21, 5, 30, tzinfo=UTC))  # 11:30 p.m.
    look(sam, page="/next/", at=datetime(2026, 11, 21, 6, 30, tzinfo=UTC), kind="search")  # 12:30 a.m.
    page = words_of(client.get(f"{HOME}staff/{sam.pk}/?{query}"))
    assert {name for name in ("/noon/", "/late/", "/next/") if name in page} == shown


@pytest.mark.parametrize(
    "query",
    [
        "from=2026-11-31",
        "from=9999-12-31&to=9999-12-31",
        "from=0001-01-01",
        "from=2026-11-02&to=2026-11-01",
        "from=2024-01-01&to=2026-11-01&unusual=night",
        "from=2199-01-01&unusual=night",
        "kind=nonsense",
        "unusual=%00",
    ],
)
def test_odd_filters_are_refused_in_words(client, query):
    page = client.get(f"{HOME}log/?{query}")
    assert page.status_code == 422
    assert "Error:" in words_of(page)


@pytest.mark.parametrize(
    "address", ["log/", "staff/{sam}/", "patients/{hannah}/", "changes/", "patients/{hannah}/changes/"]
)
def test_a_page_of_a_log_costs_the_same_with_one_row_and_with_fifty(client, sam, hannah, address):
    path = HOME + address.format(sam=sam.pk, hannah=hannah.pk)
    counts = []
    for number in (1, 54):
        for index in range(number):
            look(sam, hannah, at=NOON + timedelta(seconds=index))
            ChangeLogEntry.objects.create(
                at=NOON, actor_kind="staff", actor=sam, action="changed", model="booking.patient",
                object_id=str(hannah.pk), patient=hannah, before={"name": "Hana"}, after={"name": "Hannah"},
            )  # fmt: skip
        client.get(path)
        with CaptureQueriesContext(connection) as queries:
            page = client.get(path)
        counts.append(len(queries))
    assert counts[0] == counts[1]
    assert "Page 1 of 2" in words_of(page)


def test_the_csv_has_the_rows_of_the_filter_in_iso_dates_and_no_formula(client, officer, sam, hannah):
    look(sam, hannah, reason="=HYPERLINK(1)", page="/one/")
    look(sam, hannah, at=NOON - timedelta(days=1), page="/two/")
    response = client.get(f"{HOME}patients/{hannah.pk}/?from=2026-11-20&to=2026-11-20&format=csv")
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert "no-store" in response["Cache-Control"]
    rows = read_csv(response)
    assert [row["page"] for row in rows] == ["/one/"]
    assert (rows[0]["time"], rows[0]["login"], rows[0]["kind"]) == (
        "2026-11-20T12:00:00-06:00",
        "sam",
        "One patient or appointment",
    )
    assert (rows[0]["patients"], rows[0]["reason"]) == (str(hannah.pk), "'=HYPERLINK(1)")
    assert [entry.kind for entry in own_looks(officer)] == ["export"]


def test_each_unusual_filter_is_counted_with_a_link_to_its_rows(client, sam):
    look(sam, reason="I cover for Mei Lin.")
    page = client.get(f"{HOME}unusual/").content.decode()
    link = f"{HOME}log/?from=2026-10-25&amp;to=2026-11-23&amp;unusual=reason"
    assert link in page
    assert "Unusual does not mean wrong" in page
    assert "I cover for Mei Lin." in words_of(client.get(link.replace("&amp;", "&")))


def test_a_record_opened_with_a_reason_is_marked_in_the_log(client, hannah, django_user_model):
    steve = make_login("Practitioner", name="steve")
    factories.make_practitioner([factories.make_service()], user=steve)
    steves = Client()
    steves.force_login(steve)
    steves.post(f"/desk/patients/{hannah.pk}/open/", {"reason": "I cover for Mei Lin."})
    steves.get(f"/desk/patients/{hannah.pk}/")
    for address in (f"patients/{hannah.pk}/", f"staff/{steve.pk}/", "log/?unusual=reason", "log/?unusual=no_visit"):
        assert "Reason I cover for Mei Lin." in words_of(client.get(f"{HOME}{address}")), address


def test_staff_who_left_are_in_the_list(client, sam):
    sam.is_active = sam.is_staff = False
    sam.save()
    assert "Sam Sand" not in words_of(client.get(f"{HOME}staff/"))
    look(sam)
    assert "Sam Sand Login is off" in words_of(client.get(f"{HOME}staff/"))


# Whose data a staff member saw


def test_each_person_a_login_saw_is_listed_once_with_how_to_reach_them(client, officer, sam, hannah):
    owen = factories.make_patient(name="Owen Petrie", phone="+14035550188")
    look(sam, hannah, owen, kind="day")
    look(sam, hannah, at=NOON + timedelta(hours=1))
    look(officer, factories.make_patient(name="Ida Other"))
    page = words_of(client.get(f"{HOME}staff/{sam.pk}/people/"))
    assert page.count("Hannah Redcrow 403-555-0177") == 1
    assert page.index("Hannah Redcrow") < page.index("Owen Petrie 403-555-0188")
    assert "2 people" in page
    assert "Ida Other" not in page


def test_the_list_of_people_keeps_to_the_days_of_the_log(client, sam, hannah):
    look(sam, hannah)
    look(sam, factories.make_patient(name="Owen Petrie"), at=NOON + timedelta(days=1))
    days = "from=2026-11-20&to=2026-11-20"
    log = client.get(f"{HOME}staff/{sam.pk}/?{days}").content.decode()
    assert f"{HOME}staff/{sam.pk}/people/?{days}".replace("&", "&amp;") in log
    page = words_of(client.get(f"{HOME}staff/{sam.pk}/people/?{days}"))
    assert "Hannah Redcrow" in page
    assert "Owen Petrie" not in page


def test_the_list_of_people_is_logged_with_those_whom_it_names(client, officer, sam, hannah):
    look(sam, hannah)
    client.get(f"{HOME}staff/{sam.pk}/people/")
    own = own_looks(officer).get()
    assert (own.kind, [person.patient for person in own.people.all()]) == ("log", [hannah])


def test_the_list_of_people_needs_the_same_queries_for_one_and_for_three(client, sam):
    counts = []
    for people in (1, 2):
        look(sam, *(factories.make_patient(name=f"Person {n}") for n in range(people)))
        with CaptureQueriesContext(
            connection,
        ) as queries:
            client.get(f"{HOME}staff/{sam.pk}/people/")
        counts.append(len(queries))
    assert counts[0] == counts[1]
