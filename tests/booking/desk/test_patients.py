"""Patients at the desk: search, record, possible duplicates, and correction of contact details."""

import re
import uuid
from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.db import connection
from django.http import QueryDict
from django.test import Client
from django.test.utils import CaptureQueriesContext

from booking.desk.patients import patient_list
from booking.models import AccessLogEntry, Message, Patient
from booking.text_cleaning import normalize_for_search
from tests.support import factories
from tests.support.journey import words_of

PATIENTS = "/desk/patients/"


def member_of_staff(*permissions):
    user = get_user_model().objects.create_user(f"staff-{len(permissions)}", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    assert user.user_permissions.count() == len(permissions)
    client = Client()
    client.force_login(user)
    return client


def search(client, term):
    return [patient.name for patient in client.post(PATIENTS, {"q": term}).context["page"]]


# Normalization


@pytest.mark.parametrize(
    ("text", "normalized"),
    [
        ("Zoë O’Brien-Łukaszewicz", "zoe obrien lukaszewicz"),
        ("ZOE O'BRIEN LUKASZEWICZ", "zoe obrien lukaszewicz"),
        ("Bjørn Æbelø", "bjorn aebelo"),
        ("Straße", "strasse"),
        ("Ayşe Çelik-Işık", "ayse celik isik"),
        ("Nguyễn Thị Đào", "nguyen thi dao"),
        ("Дмитрий", "дмитрии"),
        ("王小明", "王小明"),
        ("ＡＬＩＣＥ", "alice"),
        ("alice@patients.example", "alice@patients.example"),
        ("  -  ", ""),
    ],
)
@pytest.mark.once
def test_names_are_normalized_to_plain_letters(text, normalized):
    assert normalize_for_search(text) == normalized
    assert normalize_for_search(normalized) == normalized


# Search


@pytest.mark.parametrize(
    "term", ["zoe", "ZOË", "obrien", "O'Brien", "o’brien", "lukaszewicz zoe", "Łukasz", "Zo ", "zoe@PATIENTS.example"]
)
def test_accents_capitals_and_apostrophes_do_not_matter(admin_client, term):
    factories.make_patient(name="Zoë O’Brien-Łukaszewicz", email="Zoe@patients.example")
    factories.make_patient(name="Bogdan Ionescu", email="bogdan@patients.example")
    assert search(admin_client, term) == ["Zoë O’Brien-Łukaszewicz"]


@pytest.mark.parametrize("term", ["mia", "MÍA", "lena", "chen", "dragonfly", "lena@"])
def test_search_covers_all_names_and_the_contact(admin_client, term):
    factories.make_patient(
        name="Mía Chen", preferred_name="Dragonfly", contact_name="Lena Chen", email="lena@home.example"
    )
    factories.make_patient(name="Bogdan Ionescu", email="bogdan@patients.example")
    assert search(admin_client, term) == ["Mía Chen"]


@pytest.mark.parametrize("term", ["%", "_", "...", "—", "\\", "' or 1=1"])
def test_punctuation_and_like_wildcards_match_nobody(admin_client, term):
    factories.make_patient(name="Alice Martin")
    assert search(admin_client, term) in ([], ["Alice Martin"] if term == "..." else [])


@pytest.mark.parametrize(
    "term",
    ["403-555-0123", "(403) 555 0123", "403.555.0123", "4035550123", "+1 403 555 0123", "1-403-555-0123", "555-0123",
     "403\u2011555\u20110123", "４０３５５５０１２３", "tel:+1-403-555-0123", "\u202d+1 403\u2013555\u00ad0123\u202c",
     " 403\u00a0555\u00a00123 "],
)  # fmt: skip
def test_phone_numbers_are_found_in_any_format(admin_client, term):
    factories.make_patient(name="Alice Martin", phone="+14035550123")
    factories.make_patient(name="Bogdan Ionescu", phone="+14035550124")
    assert search(admin_client, term) == ["Alice Martin"]


def test_a_new_name_is_found_and_the_old_one_is_not(admin_client):
    patient = factories.make_patient(name="Alice Martin", email="a@patients.example")
    patient.name = "Alícia Roy"
    patient.save(update_fields=["name"])
    assert search(admin_client, "alicia roy") == ["Alícia Roy"]
    assert search(admin_client, "martin") == []


def test_the_start_page_has_a_patient_search_by_permission(admin_client):
    assert 'id="find-patient"' in admin_client.get("/admin/").content.decode()
    assert 'id="find-patient"' not in member_of_staff("view_message").get("/admin/").content.decode()


# Record


def test_the_page_shows_upcoming_and_past_visits_and_messages(admin_client, now):
    patient = factories.make_patient()
    ahead = factories.make_appointment(patient=patient)
    past = factories.make_appointment(patient=patient, starts_at=now - timedelta(days=7), status="fulfilled")
    Message.objects.create(
        key="m", kind="confirmation", appointment=ahead, state="parked", due_at=now, last_error="Refused (550)."
    )
    response = admin_client.get(f"{PATIENTS}{patient.pk}/")
    record = response.context["record"]
    assert [row.visit for row in record.ahead] == [ahead]
    assert [row.visit for row in record.past] == [past]
    assert [row.message.kind for row in record.messages] == ["confirmation"]
    page = response.content.decode()
    for words in ("Upcoming visits", "Past visits", "Refused (550).", "Could not be sent", ahead.reference):
        assert words in page


def test_the_record_is_limited_by_permission(db, now):
    visit = factories.make_appointment()
    Message.objects.create(key="m", kind="confirmation", appointment=visit, due_at=now)
    record = member_of_staff("view_patient").get(f"{PATIENTS}{visit.patient_id}/").context["record"]
    assert (record.ahead, record.past, record.messages, record.duplicates) == ([], [], [], [])


def count_queries(client, address):
    with CaptureQueriesContext(connection) as queries:
        response = client.get(address) if address != PATIENTS else client.post(address, {"q": "alice"})
        assert response.status_code == 200
    return len(queries)


def test_the_query_counts_do_not_grow_with_rows(admin_client, now):
    patient = factories.make_patient()
    location, service = factories.make_location(), factories.make_service()

    def add_visit(week):
        visit = factories.make_appointment(
            patient=patient, location=location, service=service, starts_at=now + timedelta(weeks=week)
        )
        Message.objects.create(key=f"m{week}", kind="confirmation", appointment=visit, due_at=now)
        factories.make_patient(name="Alice Martin", email=f"a{week}@patients.example")

    add_visit(1)
    addresses = [f"{PATIENTS}{patient.pk}/", PATIENTS, f"{PATIENTS}{patient.pk}/contact/"]
    admin_client.get(addresses[0])
    with_one = [count_queries(admin_client, address) for address in addresses]
    for week in range(2, 11):
        add_visit(week)
    assert [count_queries(admin_client, address) for address in addresses] == with_one


def test_possible_duplicates_are_proposed(admin_client):
    patient = factories.make_patient(name="Zoë Martin", email="zoe@home.example", phone="+14035550161")
    same_name = factories.make_patient(name="zoe martin", email="", phone="+14035550199")
    same_phone = factories.make_patient(name="Z. Martin", email="", phone="+14035550161")
    factories.make_patient(name="Bo Chen", email="zoe@home.example", phone="+14035550161")  # Same household.
    factories.make_patient(name="Ann Martin", email="ann@home.example", phone="+14035550198")
    duplicates = admin_client.get(f"{PATIENTS}{patient.pk}/").context["record"].duplicates
    assert [duplicate.patient for duplicate in duplicates] == [same_name, same_phone]
    assert duplicates[0].compare == f"{PATIENTS}merge/?keep={patient.pk}&merged={same_name.pk}"


def test_the_data_migration_normalizes_existing_names(db):
    from importlib import import_module

    from django.apps import apps

    patient = factories.make_patient(name="Zoë Martin")
    Patient.objects.filter(pk=patient.pk).update(search_key="")
    import_module("booking.migrations.0004_fold_names").fold_names(apps, connection.schema_editor())
    patient.refresh_from_db()
    assert patient.search_key == "zoe martin\nalice@patients.example\n"


# Names and the rest


def edit(client, patient, **data):
    names = ("name", "preferred_name", "pronouns", "contact_name", "phone_only_note")
    shown = {f"initial-{name}": getattr(patient, name) for name in names}
    values = {name: getattr(patient, name) for name in names}
    return client.post(f"{PATIENTS}{patient.pk}/edit/", shown | values | data)


def test_names_and_the_date_of_birth_are_changed_and_named_in_the_history(admin_client):
    patient = factories.make_patient()
    response = edit(admin_client, patient, name="  Alícia   Roy ", date_of_birth="1980-11-24")
    assert response.url == f"{PATIENTS}{patient.pk}/"
    patient.refresh_from_db()
    assert (patient.name, str(patient.date_of_birth)) == ("Alícia Roy", "1980-11-24")
    assert search(admin_client, "alicia") == ["Alícia Roy"]
    assert "Roy" not in LogEntry.objects.get().change_message


def test_what_another_user_changed_meanwhile_stays(admin_client):
    patient = factories.make_patient()
    shown = Patient.objects.get(pk=patient.pk)
    Patient.objects.filter(pk=patient.pk).update(pronouns="she/her")
    edit(admin_client, shown, preferred_name="Ally")
    patient.refresh_from_db()
    assert (patient.preferred_name, patient.pronouns) == ("Ally", "she/her")


@pytest.mark.parametrize(
    "data",
    [{"name": ""}, {"name": "x" * 121}, {"name": "..."}, {"name": "Alice\u202eMartin"}, {"date_of_birth": "2999-01-01"},
     {"date_of_birth": "yesterday"}, {"phone_only_note": "x" * 1001}],
    ids=str,
)  # fmt: skip
def test_bad_details_are_refused_beside_their_field(admin_client, data):
    patient = factories.make_patient()
    response = edit(admin_client, patient, **data)
    assert response.status_code == 422
    assert "There is a problem" in response.content.decode()
    assert Patient.objects.get().name == patient.name


def test_a_new_patient_who_may_be_here_already_is_added_only_on_request(admin_client):
    factories.make_patient(name="Zoë Martin", phone="+14035550161")
    data = {"name": "Zoe Martin", "phone": "403-555-0199"}
    response = admin_client.post(f"{PATIENTS}new/", data)
    assert response.status_code == 422
    assert "Zoë Martin" in response.content.decode()
    assert Patient.objects.count() == 1
    response = admin_client.post(f"{PATIENTS}new/", data | {"add_anyway": "on"})
    assert response.url == f"{PATIENTS}{Patient.objects.get(name='Zoe Martin').pk}/"


# The list


def test_the_list_says_who_comes_next_and_who_came_last(admin_client, now):
    coming = factories.make_patient(name="Ann Berg")
    factories.make_appointment(patient=coming)
    factories.make_appointment(patient=coming, starts_at=now + timedelta(days=30))
    seen = factories.make_patient(name="Bob Berg")
    factories.make_appointment(patient=seen, starts_at=now - timedelta(days=7), status="fulfilled")
    factories.make_appointment(patient=seen, starts_at=now + timedelta(days=7), status="cancelled")
    words = words_of(admin_client.get(PATIENTS))
    assert "Next: Tue, Nov 24, 2026, 11:15 a.m." in words
    assert "Last seen Mon, Nov 16, 2026, 8:00 a.m." in words


def test_the_list_shows_who_books_by_phone_only(admin_client):
    factories.make_patient(name="Ann Berg")
    factories.make_patient(name="Bob Berg", books_by_phone_only=True)
    assert [row.name for row in admin_client.get(f"{PATIENTS}?phone_only=1").context["page"]] == ["Bob Berg"]


@pytest.mark.parametrize(
    "query", ["page=0", "page=x", f"page={10**30}", "merge=x", f"merge={10**17}", "q=%07", "q=" + "x" * 5000]
)
def test_a_bad_query_of_the_list_is_harmless(admin_client, query):
    factories.make_patient()
    assert admin_client.get(f"{PATIENTS}?{query}").status_code == 200
    assert admin_client.post(PATIENTS, QueryDict(query).dict()).status_code == 200


def test_words_in_the_address_of_the_list_search_for_nobody(admin_client):
    factories.make_patient(name="Ann Berg")
    assert len(admin_client.get(f"{PATIENTS}?q=nobody").context["page"]) == 1
    assert AccessLogEntry.objects.get().kind == "list"


def test_a_search_is_paged_and_filtered_by_forms_that_keep_its_words_out_of_addresses(admin_client, monkeypatch):
    monkeypatch.setattr(patient_list, "PAGE_SIZE", 2)
    for number in range(5):
        factories.make_patient(name=f"Berg {number}", books_by_phone_only=number != 1)
    words = {"q": "berg", "phone_only": "1"}
    first = admin_client.post(PATIENTS, words)
    assert [row.name for row in first.context["page"]] == ["Berg 0", "Berg 2"]
    assert "q=berg" not in first.content.decode()
    second = admin_client.post(PATIENTS, words | {"page": "2"})
    assert [row.name for row in second.context["page"]] == ["Berg 3", "Berg 4"]
    for response in (first, second):
        shown = response.content.decode()
        assert '<input type="hidden" name="q" value="berg">' in shown
        assert re.search(r'<button[^>]* form="patient-pages" name="page" value="[12]">', shown)


@pytest.mark.parametrize("page", ["", "edit/", "contact/"])
@pytest.mark.parametrize("pk", [1, 10**17, 10**30])
def test_a_patient_who_does_not_exist_is_not_found(admin_client, pk, page):
    assert admin_client.get(f"{PATIENTS}{pk}/{page}").status_code == 404


@pytest.mark.parametrize(
    ("old", "new"),
    [("", ""), ("?q=zoe", "?q=zoe"), ("add/", "new/"), ("7/change/", "7/"), ("7/reach/", "7/contact/"),
     ("x/change/", ""), ("merge/?keep=1&merged=2", "merge/?keep=1&merged=2")],
)  # fmt: skip
def test_the_addresses_of_before_lead_to_the_desk(admin_client, old, new):
    assert admin_client.get(f"/admin/booking/patient/{old}").url == f"{PATIENTS}{new}"


def test_the_record_offers_a_booking_and_shows_a_series(admin_client, now):
    patient, series = factories.make_patient(), uuid.uuid4()
    for week in (-1, 1, 2):
        factories.make_appointment(
            patient=patient, series=series, starts_at=now + timedelta(weeks=week),
            status="fulfilled" if week < 0 else "booked",
        )  # fmt: skip
    response = admin_client.get(f"{PATIENTS}{patient.pk}/")
    assert f"/desk/?do=book&amp;patient={patient.pk}" in response.content.decode()
    assert "3 visits: 1 done, 2 ahead" in words_of(response)


def test_the_record_links_to_the_visits_in_the_calendar(admin_client):
    visit = factories.make_appointment()
    page = admin_client.get(f"{PATIENTS}{visit.patient_id}/").content.decode()
    link = f"/desk/?day=2026-11-24&amp;appointment={visit.reference}"
    assert f'<a href="{link}">Tue, Nov 24, 2026, 11:15 a.m.</a>' in page


def test_a_record_with_ten_visits_stays_within_a_query_limit(admin_client, django_assert_max_num_queries):
    visit = factories.make_appointment()
    for week in range(1, 10):
        factories.make_appointment(patient=visit.patient, starts_at=visit.starts_at + timedelta(weeks=week))
    with django_assert_max_num_queries(22):  # Six of them are for the access log.
        admin_client.get(f"{PATIENTS}{visit.patient_id}/")


# Correction of contact details


def correct_contact(client, patient, **data):
    initial = {"phone": "403-555-0123", "email": patient.email, "send": "on", "seen": patient.email}
    return client.post(f"{PATIENTS}{patient.pk}/contact/", initial | data)


@pytest.fixture
def visit(db):
    return factories.make_appointment(patient=factories.make_patient(email="alice@patients.exmaple"))


def test_the_form_of_the_names_cannot_change_an_address(admin_client, visit):
    data = {"name": "Alice Martin", "email": "eve@patients.example", "phone": "403-555-0199"}
    assert admin_client.post(f"{PATIENTS}{visit.patient_id}/edit/", data).status_code == 302
    visit.patient.refresh_from_db()
    assert (visit.patient.email, str(visit.patient.phone)) == ("alice@patients.exmaple", "+14035550123")


def test_the_page_says_that_earlier_links_stop_working(admin_client, visit):
    page = admin_client.get(f"{PATIENTS}{visit.patient_id}/contact/").content.decode()
    assert "every link sent so far stops working" in page


def test_a_corrected_address_gets_the_confirmation_and_older_links_are_revoked(admin_client, visit, now):
    from booking import tokens

    wrong = tokens.manage_token(visit)
    response = correct_contact(admin_client, visit.patient, email="alice@patients.example")
    assert response.url == f"{PATIENTS}{visit.patient_id}/"
    visit.refresh_from_db()
    (confirmation,) = visit.messages.filter(kind="confirmation")
    assert (visit.patient.email, visit.link_generation) == ("alice@patients.example", 2)
    assert (confirmation.state, confirmation.due_at) == ("waiting", now)
    assert tokens.appointment_for(wrong, now=now) is None
    assert tokens.appointment_for(tokens.manage_token(visit), now=now) == visit
    assert [event.kind for event in visit.events.all()] == ["link_renewed"]
    page = admin_client.get(response.url).content.decode()
    assert "Earlier links no longer work. 1 confirmation is on the way to alice@patients.example." in page


def test_the_same_address_gets_the_confirmation_again_and_links_stay_valid(admin_client, visit):
    Message.objects.create(
        key="c", kind="confirmation", appointment=visit, state="sent", sent_at=visit.created_at, due_at=visit.created_at
    )
    for count in (2, 3):
        Message.objects.filter(state="waiting").update(state="sent", sent_at=visit.created_at)
        correct_contact(admin_client, visit.patient)
        assert visit.messages.filter(kind="confirmation").count() == count
    visit.refresh_from_db()
    assert visit.link_generation == 1


def test_a_waiting_confirmation_is_not_queued_twice(admin_client, visit, now):
    waiting = Message.objects.create(
        key="c", kind="confirmation", appointment=visit, due_at=now + timedelta(minutes=2), content={"sequence": 0}
    )
    correct_contact(admin_client, visit.patient, email="alice@patients.example")
    assert list(visit.messages.filter(kind="confirmation")) == [waiting]


def test_messages_parked_for_the_wrong_address_are_queued_again(admin_client, visit, now):
    for kind in ("confirmation", "reminder"):
        Message.objects.create(
            key=kind, kind=kind, appointment=visit, state="parked", due_at=now, attempts=9,
            content={"sequence": 0, "hours_before": 3},
        )  # fmt: skip
    correct_contact(admin_client, visit.patient, email="alice@patients.example")
    states = sorted(visit.messages.values_list("key", "state"))
    assert ("confirmation", "dropped") in states
    assert ("reminder", "waiting") in states
    assert visit.messages.filter(kind="confirmation", state="waiting").count() == 1


def test_changing_the_phone_number_alone_sends_nothing(admin_client, visit):
    correct_contact(admin_client, visit.patient, phone="(403) 555-0188", send="")
    visit.refresh_from_db()
    assert (str(visit.patient.phone), visit.link_generation, visit.messages.count()) == ("+14035550188", 1, 0)


def test_past_and_cancelled_visits_get_no_new_link(admin_client, now):
    patient = factories.make_patient(email="alice@patients.exmaple")
    past = factories.make_appointment(patient=patient, starts_at=now - timedelta(days=1))
    cancelled = factories.make_appointment(patient=patient, status="cancelled")
    correct_contact(admin_client, patient, email="alice@patients.example")
    for visit in (past, cancelled):
        visit.refresh_from_db()
        assert (visit.link_generation, visit.messages.count()) == (1, 0)


@pytest.mark.parametrize(
    ("data", "status"),
    [
        ({"email": "nonsense"}, 422),
        ({"email": ""}, 422),
        ({"email": "a\r\nBcc: b@c.example"}, 422),
        ({"phone": "12"}, 422),
        ({"phone": ""}, 422),
        ({"seen": "somebody.else@patients.example", "email": "new@patients.example"}, 409),
    ],
    ids=str,
)
def test_invalid_input_changes_nothing(admin_client, visit, data, status):
    response = correct_contact(admin_client, visit.patient, **data)
    assert response.status_code == status
    visit.refresh_from_db()
    assert (visit.patient.email, visit.link_generation) == ("alice@patients.exmaple", 1)


def test_correcting_needs_the_permission_to_change_patients(visit):
    client = member_of_staff("view_patient", "view_appointment")
    assert correct_contact(client, visit.patient, email="alice@patients.example").status_code == 403
    assert client.get(f"{PATIENTS}{visit.patient_id}/contact/").status_code == 403
    assert (
        correct_contact(member_of_staff("change_patient"), visit.patient, email="b@patients.example").status_code == 302
    )


def test_the_history_names_the_corrected_fields_and_no_address(admin_client, visit):
    correct_contact(admin_client, visit.patient, email="alice@patients.example")
    entry = LogEntry.objects.get()
    assert "email" in entry.change_message
    assert "@" not in entry.change_message
