"""Finding a patient, and their page: every spelling leads there, and it shows all that belongs to them."""

from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from booking.models import Message, Patient
from booking.text import fold
from tests import make

PATIENTS = "/admin/booking/patient/"


@pytest.fixture(autouse=True)
def _today(stopped_clock):
    """Monday 23 November 2026, 8:00 am in Alberta."""


def member_of_staff(*permissions):
    user = get_user_model().objects.create_user(f"staff-{len(permissions)}", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    assert user.user_permissions.count() == len(permissions)
    client = Client()
    client.force_login(user)
    return client


def found(office, term):
    return [patient.name for patient in office.get(PATIENTS, {"q": term}).context["cl"].result_list]


# Folding


@pytest.mark.parametrize(
    ("text", "folded"),
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
def test_names_are_folded_to_letters_that_everybody_types(text, folded):
    assert fold(text) == folded
    assert fold(folded) == folded


# Finding


@pytest.mark.parametrize(
    "term", ["zoe", "ZOË", "obrien", "O'Brien", "o’brien", "lukaszewicz zoe", "Łukasz", "Zo ", "zoe@PATIENTS.example"]
)
def test_accents_capitals_and_apostrophes_do_not_matter(admin_client, term):
    make.make_patient(name="Zoë O’Brien-Łukaszewicz", email="Zoe@patients.example")
    make.make_patient(name="Bogdan Ionescu", email="bogdan@patients.example")
    assert found(admin_client, term) == ["Zoë O’Brien-Łukaszewicz"]


@pytest.mark.parametrize("term", ["mia", "MÍA", "lena", "chen", "dragonfly", "lena@"])
def test_a_patient_is_found_by_every_name_and_by_who_booked_for_them(admin_client, term):
    make.make_patient(name="Mía Chen", preferred_name="Dragonfly", contact_name="Lena Chen", email="lena@home.example")
    make.make_patient(name="Bogdan Ionescu", email="bogdan@patients.example")
    assert found(admin_client, term) == ["Mía Chen"]


@pytest.mark.parametrize("term", ["%", "_", "...", "—", "\\", "' or 1=1"])
def test_signs_find_nobody_and_mean_nothing_to_the_database(admin_client, term):
    make.make_patient(name="Alice Martin")
    assert found(admin_client, term) in ([], ["Alice Martin"] if term == "..." else [])


@pytest.mark.parametrize(
    "term",
    ["403-555-0123", "(403) 555 0123", "403.555.0123", "4035550123", "+1 403 555 0123", "1-403-555-0123", "555-0123",
     "403\u2011555\u20110123", "４０３５５５０１２３", "tel:+1-403-555-0123", " 403\u00a0555\u00a00123 "],
)  # fmt: skip
def test_a_phone_number_is_found_however_it_is_typed(admin_client, term):
    make.make_patient(name="Alice Martin", phone="+14035550123")
    make.make_patient(name="Bogdan Ionescu", phone="+14035550124")
    assert found(admin_client, term) == ["Alice Martin"]


def test_a_new_name_is_found_and_the_old_one_is_not(admin_client):
    patient = make.make_patient(name="Alice Martin", email="a@patients.example")
    patient.name = "Alícia Roy"
    patient.save(update_fields=["name"])
    assert found(admin_client, "alicia roy") == ["Alícia Roy"]
    assert found(admin_client, "martin") == []


def test_the_diary_finds_visits_by_folded_names_and_leads_to_patients_without_any(admin_client, location):
    make.make_appointment(patient=make.make_patient(name="Zoë Martin"), location=location)
    page = admin_client.get("/admin/booking/appointment/", {"q": "ZOE"})
    assert [row.patient.name for row in page.context["cl"].result_list] == ["Zoë Martin"]
    assert f'href="{PATIENTS}?q=ZOE"' in page.content.decode()


def test_the_start_page_offers_to_find_a_patient_to_those_who_may(admin_client):
    assert 'id="find-patient"' in admin_client.get("/admin/").content.decode()
    assert 'id="find-patient"' not in member_of_staff("view_message").get("/admin/").content.decode()


# The page


def test_the_page_shows_visits_to_come_past_ones_and_messages(admin_client, now):
    patient = make.make_patient()
    ahead = make.make_appointment(patient=patient)
    past = make.make_appointment(patient=patient, starts_at=now - timedelta(days=7), status="fulfilled")
    Message.objects.create(
        key="m", kind="confirmation", appointment=ahead, state="parked", due_at=now, last_error="Refused (550)."
    )
    response = admin_client.get(f"{PATIENTS}{patient.pk}/change/")
    record = response.context["record"]
    assert [row.visit for row in record.ahead] == [ahead]
    assert [row.visit for row in record.past] == [past]
    assert [row.message.kind for row in record.messages] == ["confirmation"]
    page = response.content.decode()
    for words in ("Visits to come", "Past visits", "Refused (550).", "Could not be sent", ahead.reference):
        assert words in page


def test_the_page_shows_nobody_what_they_may_not_see(db, now):
    visit = make.make_appointment()
    Message.objects.create(key="m", kind="confirmation", appointment=visit, due_at=now)
    record = member_of_staff("view_patient").get(f"{PATIENTS}{visit.patient_id}/change/").context["record"]
    assert (record.ahead, record.past, record.messages, record.twins) == ([], [], [], [])


def queries_of(client, address):
    with CaptureQueriesContext(connection) as queries:
        assert client.get(address).status_code == 200
    return len(queries)


def test_list_and_page_need_as_many_queries_for_ten_as_for_one(admin_client, now):
    patient = make.make_patient()
    location, service = make.make_location(), make.make_service()

    def grow(week):
        visit = make.make_appointment(
            patient=patient, location=location, service=service, starts_at=now + timedelta(weeks=week)
        )
        Message.objects.create(key=f"m{week}", kind="confirmation", appointment=visit, due_at=now)
        make.make_patient(name="Alice Martin", email=f"a{week}@patients.example")

    grow(1)
    addresses = [f"{PATIENTS}{patient.pk}/change/", f"{PATIENTS}?q=alice", f"{PATIENTS}{patient.pk}/reach/"]
    admin_client.get(addresses[0])
    once = [queries_of(admin_client, address) for address in addresses]
    for week in range(2, 11):
        grow(week)
    assert [queries_of(admin_client, address) for address in addresses] == once


def test_who_may_be_the_same_person_is_proposed_and_nobody_else(admin_client):
    patient = make.make_patient(name="Zoë Martin", email="zoe@home.example", phone="+14035550161")
    same_name = make.make_patient(name="zoe martin", email="", phone="+14035550199")
    same_phone = make.make_patient(name="Z. Martin", email="", phone="+14035550161")
    make.make_patient(name="Bo Chen", email="zoe@home.example", phone="+14035550161")  # Lives with her.
    make.make_patient(name="Ann Martin", email="ann@home.example", phone="+14035550198")
    twins = admin_client.get(f"{PATIENTS}{patient.pk}/change/").context["record"].twins
    assert [twin.patient for twin in twins] == [same_name, same_phone]
    assert twins[0].compare == f"{PATIENTS}merge/?keep={patient.pk}&merged={same_name.pk}"


def test_the_data_migration_folds_what_stood_before(db):
    from importlib import import_module

    from django.apps import apps

    patient = make.make_patient(name="Zoë Martin")
    Patient.objects.filter(pk=patient.pk).update(search_key="")
    import_module("booking.migrations.0004_fold_names").fold_names(apps, connection.schema_editor())
    patient.refresh_from_db()
    assert patient.search_key == "zoe martin\nalice@patients.example\n"


# Another phone or address


def reach(client, patient, **typed):
    here = {"phone": "403-555-0123", "email": patient.email, "send": "on", "seen": patient.email}
    return client.post(f"{PATIENTS}{patient.pk}/reach/", here | typed)


@pytest.fixture
def visit(db):
    return make.make_appointment(patient=make.make_patient(email="alice@patients.exmaple"))


def test_the_change_form_itself_cannot_change_an_address(admin_client, visit):
    typed = {"name": "Alice Martin", "email": "eve@patients.example", "phone": "403-555-0199"}
    assert admin_client.post(f"{PATIENTS}{visit.patient_id}/change/", typed).status_code == 302
    visit.patient.refresh_from_db()
    assert (visit.patient.email, str(visit.patient.phone)) == ("alice@patients.exmaple", "+14035550123")


def test_the_page_says_that_earlier_links_stop_working(admin_client, visit):
    page = admin_client.get(f"{PATIENTS}{visit.patient_id}/reach/").content.decode()
    assert "every link sent so far stops working" in page


def test_a_mended_address_gets_the_confirmation_and_the_wrong_ones_link_dies(admin_client, visit, now):
    from booking import tokens

    wrong = tokens.manage_token(visit)
    response = reach(admin_client, visit.patient, email="alice@patients.example")
    assert response.url == f"{PATIENTS}{visit.patient_id}/change/"
    visit.refresh_from_db()
    (confirmation,) = visit.messages.filter(kind="confirmation")
    assert (visit.patient.email, visit.link_generation) == ("alice@patients.example", 2)
    assert (confirmation.state, confirmation.due_at) == ("waiting", now)
    assert tokens.appointment_for(wrong, now=now) is None
    assert tokens.appointment_for(tokens.manage_token(visit), now=now) == visit
    assert [event.kind for event in visit.events.all()] == ["link_renewed"]
    page = admin_client.get(response.url).content.decode()
    assert "Links sent before open nothing any more. 1 confirmation is on the way to alice@patients.example." in page


def test_the_same_address_gets_the_confirmation_again_and_links_stay(admin_client, visit):
    Message.objects.create(
        key="c", kind="confirmation", appointment=visit, state="sent", sent_at=visit.created_at, due_at=visit.created_at
    )
    for count in (2, 3):
        Message.objects.filter(state="waiting").update(state="sent", sent_at=visit.created_at)
        reach(admin_client, visit.patient)
        assert visit.messages.filter(kind="confirmation").count() == count
    visit.refresh_from_db()
    assert visit.link_generation == 1


def test_what_still_waits_is_not_sent_twice(admin_client, visit, now):
    waiting = Message.objects.create(
        key="c", kind="confirmation", appointment=visit, due_at=now + timedelta(minutes=2), content={"sequence": 0}
    )
    reach(admin_client, visit.patient, email="alice@patients.example")
    assert list(visit.messages.filter(kind="confirmation")) == [waiting]


def test_what_could_not_be_sent_to_the_wrong_address_is_tried_again(admin_client, visit, now):
    for kind in ("confirmation", "reminder"):
        Message.objects.create(
            key=kind, kind=kind, appointment=visit, state="parked", due_at=now, attempts=9,
            content={"sequence": 0, "hours_before": 3},
        )  # fmt: skip
    reach(admin_client, visit.patient, email="alice@patients.example")
    states = sorted(visit.messages.values_list("key", "state"))
    assert ("confirmation", "dropped") in states
    assert ("reminder", "waiting") in states
    assert visit.messages.filter(kind="confirmation", state="waiting").count() == 1


def test_another_phone_number_writes_to_nobody_unless_asked(admin_client, visit):
    reach(admin_client, visit.patient, phone="(403) 555-0188", send="")
    visit.refresh_from_db()
    assert (str(visit.patient.phone), visit.link_generation, visit.messages.count()) == ("+14035550188", 1, 0)


def test_past_and_cancelled_visits_get_no_new_link(admin_client, now):
    patient = make.make_patient(email="alice@patients.exmaple")
    past = make.make_appointment(patient=patient, starts_at=now - timedelta(days=1))
    cancelled = make.make_appointment(patient=patient, status="cancelled")
    reach(admin_client, patient, email="alice@patients.example")
    for visit in (past, cancelled):
        visit.refresh_from_db()
        assert (visit.link_generation, visit.messages.count()) == (1, 0)


@pytest.mark.parametrize(
    ("typed", "status"),
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
def test_what_makes_no_sense_changes_nothing_and_keeps_what_was_typed(admin_client, visit, typed, status):
    response = reach(admin_client, visit.patient, **typed)
    assert response.status_code == status
    visit.refresh_from_db()
    assert (visit.patient.email, visit.link_generation) == ("alice@patients.exmaple", 1)


def test_mending_needs_the_permission_to_change_patients(visit):
    client = member_of_staff("view_patient", "view_appointment")
    assert reach(client, visit.patient, email="alice@patients.example").status_code == 403
    assert client.get(f"{PATIENTS}{visit.patient_id}/reach/").status_code == 403
    assert reach(member_of_staff("change_patient"), visit.patient, email="b@patients.example").status_code == 302


def test_the_history_says_what_was_corrected_and_no_address(admin_client, visit):
    from django.contrib.admin.models import LogEntry

    reach(admin_client, visit.patient, email="alice@patients.example")
    entry = LogEntry.objects.get()
    assert "email" in entry.change_message
    assert "@" not in entry.change_message
