"""Who changed what, field by field in words: the change log and the history of appointments in one list."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.test import Client

from booking import scheduling
from booking.desk.privacy import changes
from booking.models import AccessLogEntry, ChangeLogEntry
from booking.scheduling import Actor
from tests.booking.desk.conftest import words_of
from tests.booking.desk.test_privacy_pages import read_csv
from tests.support import factories

pytestmark = pytest.mark.django_db

PRIVACY = "/desk/privacy/"
NOON = datetime(2026, 11, 20, 18, 0, tzinfo=UTC)


@pytest.fixture
def officer(location):
    user = get_user_model().objects.create_user("olga", is_staff=True)
    user.groups.add(Group.objects.get(name="Privacy officer"))
    return user


@pytest.fixture
def client(officer):
    client = Client()
    client.force_login(officer)
    return client


@pytest.fixture
def sam():
    return get_user_model().objects.create_user("sam", first_name="Sam", last_name="Sand", is_staff=True)


def change(actor, patient=None, **fields):
    defaults = {
        "at": NOON,
        "actor_kind": "staff",
        "actor": actor,
        "action": "changed",
        "model": "booking.patient",
        "object_id": str(patient.pk if patient else 1),
        "patient": patient,
    }
    return ChangeLogEntry.objects.create(**defaults | fields)


def test_values_before_and_after_are_shown_field_by_field_in_words(client, sam, make_visit):
    patient = make_visit(name="Hannah Redcrow").patient
    before = {"date_of_birth": "1961-11-24", "books_by_phone_only": False, "phone": "+14035550177", "tags": []}
    after = {
        "date_of_birth": "1961-12-24",
        "books_by_phone_only": True,
        "phone": "+14035550188",
        "tags": ["Interpreter (3)"],
    }
    change(sam, patient, before=before, after=after, reason="At their request")
    page = words_of(client.get(f"{PRIVACY}patients/{patient.pk}/changes/"))
    for words in (
        "Patient : Changed",
        "Sam Sand",
        "Date of birth before: November 24, 1961 → after: December 24, 1961",
        "Books by phone only before: no → after: yes",
        "Phone before: 403-555-0177 → after: 403-555-0188",
        "Tags after: Interpreter (3)",
        "“At their request”",
    ):
        assert words.replace(" : ", ": ") in page.replace(" : ", ": "), words


def test_a_patients_list_holds_the_history_of_their_appointments_newest_first(client, sam, make_visit, now):
    visit = make_visit(name="Hannah Redcrow", starts_at=now + timedelta(days=2))
    change(sam, visit.patient, at=now - timedelta(hours=1), before={"name": "Hana"}, after={"name": "Hannah"})
    scheduling.cancel(appointment=visit, by=Actor.staff(sam), now=now, reason="Has a cold")
    page = words_of(client.get(f"{PRIVACY}patients/{visit.patient_id}/changes/"))
    assert "Status before: Booked → after: Cancelled" in page
    assert page.index("Has a cold") < page.index("Hana")
    only = words_of(client.get(f"{PRIVACY}patients/{visit.patient_id}/changes/?kind=booking.patient"))
    assert "Has a cold" not in only
    assert "Hana" in only


def test_merged_entries_belong_to_the_patients_list(client, sam):
    patient = factories.make_patient(name="Hannah Redcrow")
    merged = factories.make_patient(name="Hana Redcrow", merged_into=patient)
    change(sam, merged, before={"pronouns": ""}, after={"pronouns": "she/her"})
    assert "she/her" in words_of(client.get(f"{PRIVACY}patients/{patient.pk}/changes/"))


def test_a_staff_members_list_holds_what_they_changed_and_nothing_else(client, sam, officer):
    change(sam, model="booking.service", label="Assessment", before={"price": "90.00"}, after={"price": "95.00"})
    change(officer, model="booking.service", label="Massage", before={"price": "1.00"}, after={"price": "2.00"})
    page = words_of(client.get(f"{PRIVACY}staff/{sam.pk}/changes/"))
    assert "Price before: $90 → after: $95" in page
    assert "Massage" not in page


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("from=2026-11-20&to=2026-11-20", {"Aspen"}),
        ("from=2026-11-21&to=2026-11-21", {"Birch"}),
        ("kind=booking.service", {"Birch"}),
        ("from=2020-01-01&to=2020-01-02", set()),
    ],
)
def test_changes_by_date_and_by_kind_of_data(client, sam, query, shown):
    patient = factories.make_patient()
    change(sam, patient, after={"name": "Aspen"}, at=datetime(2026, 11, 21, 5, 30, tzinfo=UTC))  # 11:30 p.m.
    change(sam, model="booking.service", after={"name": "Birch"}, at=datetime(2026, 11, 21, 6, 30, tzinfo=UTC))
    page = words_of(client.get(f"{PRIVACY}changes/?{query}"))
    assert {name for name in ("Aspen", "Birch") if name in page} == shown


def test_values_of_someone_who_was_disposed_of_read_as_removed(client, sam, now):
    gone = factories.make_patient(name="", disposed_at=now)
    change(sam, gone)
    page = words_of(client.get(f"{PRIVACY}changes/"))
    assert "removed on disposal" in page
    assert f"Patient {gone.pk}, disposed of" in page


def test_an_unknown_model_or_field_is_shown_as_it_was_stored(client, sam):
    change(sam, model="booking.gone", before={"old_name": "1"}, after={"old_name": [2, 3]})
    change(sam, model="booking.patient", before={"date_of_birth": "?"}, after={"date_of_birth": "1961-11-24"})
    page = words_of(client.get(f"{PRIVACY}changes/"))
    assert "booking.gone" in page
    assert "Old name before: 1 → after: 2; 3" in page
    assert "before: ? → after: November 24, 1961" in page


def test_looking_is_logged_with_everyone_whom_the_page_names(client, officer, sam):
    one, other = factories.make_patient(name="Ann Roy"), factories.make_patient(name="Ben Roy")
    change(sam, one, after={"name": "Ann Roy"})
    change(sam, other, after={"name": "Ben Roy"}, at=NOON - timedelta(days=400))
    client.get(f"{PRIVACY}changes/")
    entry = AccessLogEntry.objects.get(staff=officer)
    assert (entry.kind, [person.patient for person in entry.people.all()]) == ("log", [one])


def test_the_csv_has_a_line_for_each_field_and_is_an_export(client, officer, sam, make_visit):
    patient = make_visit(name="Hannah Redcrow").patient
    change(sam, patient, before={"name": "Hana", "pronouns": ""}, after={"name": "=Hannah", "pronouns": "she"})
    rows = read_csv(client.get(f"{PRIVACY}patients/{patient.pk}/changes/?format=csv"))
    lines = [(row["time"], row["patient"], row["field"], row["before"], row["after"]) for row in rows]
    at = "2026-11-20T12:00:00-06:00"
    key = str(patient.pk)
    assert lines == [(at, key, "Name", "Hana", "'=Hannah"), (at, key, "Pronouns", "", "she")]
    entry = AccessLogEntry.objects.get(staff=officer)
    assert (entry.kind, [person.patient for person in entry.people.all()]) == ("export", [patient])


def test_a_change_while_the_csv_is_sent_repeats_no_line(client, sam, make_visit, monkeypatch):
    monkeypatch.setattr(changes, "_CSV_CHUNK", 2)
    patient = make_visit(name="Hannah Redcrow").patient
    for n in range(5):
        change(sam, patient, after={"name": f"Name {n}"}, at=NOON - timedelta(hours=n))
    response = client.get(f"{PRIVACY}patients/{patient.pk}/changes/?format=csv")
    lines = iter(response.streaming_content)
    sent = [next(lines) for _ in range(3)]  # The header and the first two.
    change(sam, patient, after={"name": "Another name"}, at=NOON + timedelta(hours=1))
    text = b"".join([*sent, *lines]).decode()
    assert [text.count(f"Name {n}") for n in range(5)] == [1, 1, 1, 1, 1]
