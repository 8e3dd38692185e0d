"""The waitlist at the desk: the list, one entry, adding a caller, and a gap offered or booked by hand."""

import re
from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext

from booking import scheduling
from booking.desk.waitlist import lists
from booking.models import AccessLogPerson, Appointment, Message, WaitlistEntry, WaitlistOffer
from booking.scheduling import Actor
from tests.support import factories

LIST, ADD = "/desk/waitlist/", "/desk/waitlist/add/"
BACK = "/desk/?day=2026-11-23&with=maya&at=09%3A00"
TODAY = date(2026, 11, 23)  # Monday; it is 8:00 a.m.
NINE = "2026-11-23T15:00Z"


@pytest.fixture(autouse=True)
def clinic(db):
    return factories.make_clinic()


@pytest.fixture
def service():
    return factories.make_service(name="Back assessment", slug="back", buffer_after=timedelta(0))


@pytest.fixture
def maya(service, location):
    maya = factories.make_practitioner([service], name="Maya Okafor", slug="maya", position=1)
    factories.make_hours(maya, location, end_time=time(12))
    return maya


@pytest.fixture
def wait(service, location, maya, now):
    def wait(name="Ruth Sampson", email="ruth@patients.example", joined=None, **fields):
        wish = factories.make_wish(service, location, name=name, email=email, **fields)
        desk = Actor.staff(None)
        return scheduling.add_caller(wish=wish, by=desk, now=joined or now)

    return wait


@pytest.fixture
def login(client, django_user_model):
    def login(*permissions):
        user = django_user_model.objects.create_user("sam", password="x", is_staff=True)
        user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
        client.force_login(user)
        return client

    return login


def words_of(response):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def at_nine(**fields):
    return {"starts_at": NINE, "practitioner": "maya", "back": BACK} | fields


# The list


def test_the_list_shows_who_waits_in_order_and_who_must_be_called(admin_client, wait, maya, now):
    wait("Second", "second@patients.example", practitioner=maya, parts=frozenset({"evening"}))
    wait("First", "", joined=now - timedelta(days=6), phone="+14035550188")
    words = words_of(admin_client.get(LIST))
    assert words.index("First ") < words.index("Second ")
    for text in ("403-555-0188", "Call: no email address", "Maya Okafor", "Evenings (from 5:00 p.m.)",
                 "Mon, Nov 23 to Mon, Dec 7", "Tue, Nov 17"):  # fmt: skip
        assert text in words


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", {"Ruth Sampson", "Bob Berg"}),
        ("?state=staff", {"Gone"}),
        ("?state=all", {"Ruth Sampson", "Bob Berg", "Gone"}),
        ("?practitioner=anyone", {"Ruth Sampson"}),
        ("?practitioner=maya", {"Bob Berg"}),
        ("?service=back", {"Ruth Sampson", "Bob Berg"}),
        ("?q=ruth@", {"Ruth Sampson"}),
        ("?q=403 555-0177", {"Bob Berg"}),
        ("?q=%00&state=x&service=%00&practitioner=x&page=x", {"Ruth Sampson", "Bob Berg"}),
        ("?page=" + "9" * 50, {"Ruth Sampson", "Bob Berg"}),
    ],
)
def test_the_filters(admin_client, wait, maya, now, query, expected):
    wait()
    wait("Bob Berg", "bob@patients.example", practitioner=maya, phone="+14035550177")
    scheduling.leave(entry=wait("Gone"), by=Actor.staff(None), now=now)
    response = admin_client.post(LIST, QueryDict(query.removeprefix("?")).dict())
    assert {entry.name for entry in response.context["entries"]} == expected


def test_words_in_the_address_of_the_list_search_for_nobody_and_other_filters_do(admin_client, wait):
    wait()
    assert len(admin_client.get(f"{LIST}?q=nobody").context["entries"]) == 1
    assert len(admin_client.get(f"{LIST}?state=staff&q=nobody").context["entries"]) == 0


def test_the_pages_of_the_list_keep_its_filters_and_the_words_out_of_addresses(admin_client, wait, monkeypatch):
    monkeypatch.setattr(lists, "PAGE_SIZE", 1)
    for name in ("ruth", "rudi"):
        wait(name.title(), f"{name}@patients.example")
    first = admin_client.post(LIST, {"q": "patients.example", "state": "all"})
    shown = first.content.decode()
    assert "q=patients" not in shown
    for field in ('name="q" value="patients.example"', 'name="state" value="all"'):
        assert f'<input type="hidden" {field}>' in shown
    second = admin_client.post(LIST, {"q": "patients.example", "state": "all", "page": "2"})
    assert [entry.name for entry in second.context["entries"]] == ["Rudi"]


def test_the_number_of_queries_does_not_grow_with_the_entries(admin_client, wait, now):
    def count():
        with CaptureQueriesContext(connection) as queries:
            assert admin_client.get(LIST).status_code == 200
            assert admin_client.get(BACK).status_code == 200
        return len(queries)

    wait()
    small = count()
    for number in range(5):
        wait(f"Person {number}", f"p{number}@patients.example")
    assert count() == small


def test_an_entrys_page_shows_its_offers(admin_client, wait, now):
    entry = wait()
    WaitlistEntry.objects.update(known_starts=[])
    scheduling.offer_available_slots(now=now)
    words = words_of(admin_client.get(f"{LIST}{entry.pk}/"))
    for text in ("Ruth Sampson", "ruth@patients.example", "Waiting for an answer"):
        assert text in words
    assert admin_client.get(f"{LIST}0/").status_code == 404


def test_an_entry_is_ended_once_and_its_offer_withdrawn(admin_client, admin_user, wait, maya, now):
    entry = wait()
    admin_client.post(f"{LIST}{entry.pk}/offer/", at_nine())
    response = admin_client.post(f"{LIST}{entry.pk}/end/", follow=True)
    assert "Ruth Sampson is off the waitlist." in words_of(response)
    entry.refresh_from_db()
    assert (entry.outcome, WaitlistOffer.objects.get().state) == ("staff", "withdrawn")
    assert "no longer on the waitlist" in words_of(admin_client.post(f"{LIST}{entry.pk}/end/", follow=True))


# Adding a caller


def caller(**fields):
    values = {"name": "Ruth Sampson", "phone": "403-555-0119", "email": "", "service": "back",
              "practitioner": "anyone", "first_on": "2026-11-23", "last_on": "2026-12-07",
              "parts": ["morning", "evening"], "is_first_visit": "on"}  # fmt: skip
    return {name: value for name, value in (values | fields).items() if value is not None}


def test_a_caller_is_added_with_a_name_and_a_phone_number(admin_client, maya):
    response = admin_client.post(ADD, caller(), follow=True)
    entry = WaitlistEntry.objects.get()
    assert (entry.name, str(entry.phone), entry.email, entry.is_first_visit) == (
        "Ruth Sampson", "+14035550119", "", True,
    )  # fmt: skip
    assert (entry.mornings, entry.afternoons, entry.evenings, entry.practitioner) == (True, False, True, None)
    assert "Ruth Sampson is on the waitlist. Call when something opens up." in words_of(response)
    assert not Message.objects.exists()


def test_a_caller_with_an_address_is_told_by_email(admin_client, maya):
    response = admin_client.post(ADD, caller(email="ruth@patients.example", practitioner="maya"), follow=True)
    assert "They will get an email." in words_of(response)
    assert Message.objects.get().kind == "waitlist_joined"
    assert WaitlistEntry.objects.get().practitioner == maya


def test_a_known_patient_is_found_chosen_and_kept_with_the_entry(admin_client, maya):
    patient = factories.make_patient(name="Ruth Sampson", email="", phone="+14035550119")
    found = admin_client.post(ADD, caller(name="", phone="", q="samps", find="1"))
    assert found.status_code == 200
    assert "Ruth Sampson 403-555-0119" in words_of(found)
    assert AccessLogPerson.objects.get().patient == patient
    chosen = admin_client.post(ADD, caller(name="", phone="", choose=patient.pk))
    values = chosen.context["form"].initial
    assert (values["name"], values["phone"], values["parts"]) == (
        "Ruth Sampson",
        "403-555-0119",
        ["morning", "evening"],
    )
    admin_client.post(ADD, caller(patient=patient.pk))
    entry = WaitlistEntry.objects.get()
    assert (entry.patient, entry.is_first_visit) == (patient, False)
    assert AccessLogPerson.objects.filter(patient=patient).count() == 2


def test_enter_in_the_search_box_searches(admin_client, maya):
    """It presses the form's first button, which has no name."""
    patient = factories.make_patient(name="Ruth Sampson", phone="+14035550119")
    found = admin_client.post(ADD, caller(name="", phone="", q="samps"))
    assert found.status_code == 200
    assert found.context["found"] == [patient]
    chosen = admin_client.post(ADD, caller(name="", phone="", q="samps", choose=patient.pk))
    assert chosen.context["patient"] == patient
    admin_client.post(ADD, caller(patient=patient.pk, q="samps"))
    assert WaitlistEntry.objects.get().patient == patient


@pytest.mark.parametrize(
    ("term", "field"), [("Ruth Sampson", "name"), ("403 555 0119", "phone"), ("ruth@patients.example", "email")]
)
def test_a_search_without_result_begins_a_new_caller(admin_client, maya, term, field):
    typed = caller(name="", phone="")
    page = admin_client.post(ADD, typed | {"q": term})
    assert page.context["form"].initial == typed | {field: term, "q": term, "parts": typed["parts"]}
    page = admin_client.post(ADD, typed | {field: "typed before", "q": term, "find": "1"})
    assert page.context["form"].initial[field] == "typed before"


@pytest.mark.parametrize(
    ("back", "leads_to"),
    [
        ("", LIST),
        ("/desk/?day=2026-11-24", "/desk/?day=2026-11-24"),
        ("https://spam.example/desk/?day=2026-11-24", "/desk/?day=2026-11-24"),
        ("odd", "/desk/?day=2026-11-23"),
    ],
)
def test_whoever_came_from_the_calendar_goes_back_there(admin_client, maya, back, leads_to):
    page = admin_client.get(ADD, {"back": back})
    assert page.context["back"] == back
    assert admin_client.post(ADD, caller(back=back)).url == leads_to


def test_where_nothing_is_free_the_booking_panel_leads_to_the_waitlist(admin_client, maya, service):
    other = factories.make_service(name="Massage", slug="massage")  # Nobody offers it, and Maya has gaps.
    form = {"service": other.pk, "on": "2026-11-23", "back": "/desk/?do=book"}
    patient = factories.make_patient(name="Ruth Sampson")
    free = admin_client.post("/desk/book/", form | {"service": service.pk, "free": "1"})
    assert "Add to the waitlist" not in words_of(free)
    page = admin_client.post("/desk/book/", form | {"free": "1", "patient": patient.pk})
    assert "Nothing is free in these two weeks" in words_of(page)
    (address,) = re.findall(r'href="(/desk/waitlist/add/[^"]*patient[^"]*)"', page.content.decode())
    added = admin_client.get(address.replace("&amp;", "&"))
    assert (added.context["patient"], added.context["form"].initial["service"]) == (patient, "massage")
    assert added.context["back"] == "/desk/?day=2026-11-23"


def test_patients_are_not_found_by_who_may_not_see_them(login, maya):
    patient = factories.make_patient(name="Ruth Sampson")
    client = login("add_waitlistentry")
    assert "Ruth Sampson" not in words_of(client.post(ADD, {"q": "ruth", "find": "1"}))
    assert "Ruth Sampson" not in words_of(client.get(f"{ADD}?patient={patient.pk}"))
    assert client.post(ADD, {"choose": patient.pk}).context["patient"] is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"name": "https://spam.example"},
        {"phone": "12"},
        {"phone": "\x00"},
        {"email": "x"},
        {"service": "none"},
        {"service": None},
        {"practitioner": "nobody"},
        {"first_on": "2026-11-22"},
        {"last_on": "9999-12-31"},
        {"last_on": "2026-11-23", "first_on": "2026-11-24"},
        {"parts": None},
        {"parts": ["night"]},
    ],
)
def test_what_is_missing_or_impossible_is_said_beside_the_field(admin_client, maya, wrong):
    response = admin_client.post(ADD, caller(**wrong))
    assert response.status_code == 422
    assert set(wrong) & set(response.context["form"].errors)
    assert not WaitlistEntry.objects.exists()


@pytest.mark.parametrize("patient", ["x", "\x00", "0", "9" * 40])
def test_an_odd_patient_is_nobody(admin_client, maya, patient):
    assert admin_client.get(ADD, {"patient": patient}).status_code == 200
    assert admin_client.post(ADD, caller(patient=patient)).status_code == 302
    assert WaitlistEntry.objects.get().patient is None


def test_a_service_that_the_person_does_not_offer_is_refused(admin_client, maya):
    factories.make_practitioner(name="Idle", slug="idle")
    response = admin_client.post(ADD, caller(practitioner="idle"))
    assert response.status_code == 422
    assert "doesn&#x27;t offer" in response.content.decode()


# A gap


def test_a_gap_shows_who_would_take_it_why_and_in_which_order(admin_client, wait, maya, now):
    wait("Second", "second@patients.example")
    wait("First", "", joined=now - timedelta(days=6), phone="+14035550188", practitioner=maya)
    wait("Evening", "eve@patients.example", parts=frozenset({"evening"}))
    words = words_of(admin_client.get(BACK))
    panel = words[words.index("2 people would take this gap") :]
    assert panel.index("First") < panel.index("Second")
    for text in ("9:00 a.m. · Back assessment · 403-555-0188", "Asked for Maya, at any time of the day",
                 "waiting 6 days", "No email address: please call.", "With anyone", "since today"):  # fmt: skip
        assert text in panel
    assert "Evening" not in panel
    assert panel.count("Book now") == 2
    assert "to Second by email" in panel
    assert "to First by email" not in panel


def test_the_start_is_the_first_that_suits_the_part_of_the_day(admin_client, wait, maya, location, service):
    factories.make_hours(maya, location, weekdays=[0], start_time=time(12), end_time=time(15))
    wait(parts=frozenset({"afternoon"}))
    (person,) = admin_client.get(BACK).context["gap_people"]
    assert f"{person.starts_at:%H:%M}" == "12:00"


def test_a_gap_is_offered_and_held(admin_client, wait, maya):
    entry = wait()
    response = admin_client.post(f"{LIST}{entry.pk}/offer/", at_nine(), follow=True)
    assert "Offered to Ruth Sampson by email, and held until 9:00 a.m." in words_of(response)
    assert "On offer Ruth Sampson" in words_of(response)
    assert WaitlistOffer.objects.get().state == "open"
    again = admin_client.post(f"{LIST}{entry.pk}/offer/", at_nine(starts_at="2026-11-23T16:00Z"), follow=True)
    assert "already has an offer" in words_of(again)


def test_a_gap_is_booked_and_the_entry_ended(admin_client, wait, maya):
    entry = wait("Ruth Sampson", "")
    response = admin_client.post(f"{LIST}{entry.pk}/book/", at_nine(), follow=True)
    visit = Appointment.objects.get()
    assert "Booked: Ruth Sampson, 9:00 a.m. No email will be sent." in words_of(response)
    assert f"appointment={visit.reference}" in response.redirect_chain[-1][0]
    entry.refresh_from_db()
    assert entry.outcome == "booked"


def test_a_time_that_is_taken_is_refused_with_the_reason(admin_client, wait, maya, service, location):
    entry = wait()
    start = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
    factories.make_appointment(practitioner=maya, service=service, location=location, starts_at=start)
    for action, text in [("offer", "no longer free"), ("book", "already has an appointment")]:
        assert text in words_of(admin_client.post(f"{LIST}{entry.pk}/{action}/", at_nine(), follow=True))
    entry.refresh_from_db()
    assert entry.is_waiting
    assert Appointment.objects.count() == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"starts_at": ""},
        {"starts_at": "banana"},
        {"starts_at": "\x00"},
        {"starts_at": "2026-11-23T15:00"},
        {"starts_at": "0001-01-01T00:00+23:59"},
        {"starts_at": "9999-12-31T23:59-23:59"},
        {"practitioner": ""},
        {"practitioner": "\x00"},
        {"practitioner": "nobody"},
    ],
)
@pytest.mark.parametrize("action", ["offer", "book"])
def test_odd_times_are_refused(admin_client, wait, action, wrong):
    entry = wait()
    assert admin_client.post(f"{LIST}{entry.pk}/{action}/", at_nine(**wrong)).status_code == 400
    assert not Appointment.objects.exists()
    assert admin_client.post(f"{LIST}999999/{action}/", at_nine()).status_code == 404


# Access


def test_each_action_needs_its_permission(login, wait):
    entry = wait()
    client = login("view_appointment")
    for url in (LIST, ADD, f"{LIST}{entry.pk}/"):
        assert client.get(url).status_code == 403
    for action in ("end", "offer", "book"):
        assert client.post(f"{LIST}{entry.pk}/{action}/", at_nine()).status_code == 403
        assert client.get(f"{LIST}{entry.pk}/{action}/").status_code == 405
    assert client.post(ADD, caller()).status_code == 403
    assert WaitlistEntry.objects.get().is_waiting


def test_looking_needs_no_right_to_change_and_booking_needs_both(login, wait):
    entry = wait()
    client = login("view_waitlistentry")
    assert "Take off the list" not in words_of(client.get(LIST))
    assert client.post(f"{LIST}{entry.pk}/end/").status_code == 403
    client.get("/staff/logout/")
    entry.refresh_from_db()
    assert entry.is_waiting


def test_booking_needs_the_right_to_add_appointments(login, wait):
    entry = wait()
    assert login("change_waitlistentry").post(f"{LIST}{entry.pk}/book/", at_nine()).status_code == 403
    assert not Appointment.objects.exists()


def test_the_log_names_who_waits(admin_client, wait):
    entry = wait()
    for url in (LIST, f"{LIST}{entry.pk}/", BACK):
        AccessLogPerson.objects.all()
        before = AccessLogPerson.objects.count()
        admin_client.get(url)
        assert AccessLogPerson.objects.filter(waitlist_entry=entry).count() == before + 1
