"""Which patients a practitioner may open, and the reason that opens another's record for an hour."""

from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.test import Client

from booking.models import AccessLogEntry
from tests.support import factories
from tests.support.journey import words_of

PATIENTS = "/desk/patients/"
pytestmark = pytest.mark.django_db


@pytest.fixture
def steve():
    user = get_user_model().objects.create_user("steve", is_staff=True)
    user.groups.add(Group.objects.get(name="Practitioner"))
    return factories.make_practitioner([factories.make_service()], user=user)


@pytest.fixture
def client(steve):
    client = Client()
    client.force_login(steve.user)
    return client


def seen(steve, **fields):
    patient = fields.pop("patient", None) or factories.make_patient(name="Hannah Redcrow")
    factories.make_appointment(practitioner=steve, patient=patient, **fields)
    return patient


def is_open(client, patient):
    response = client.get(f"{PATIENTS}{patient.pk}/")
    assert response.status_code == 200
    return patient.name in words_of(response)


def open_with(client, patient, reason="I cover for Mei Lin."):
    return client.post(f"{PATIENTS}{patient.pk}/open/", {"reason": reason})


@pytest.mark.parametrize(
    ("fields", "is_own"),
    [
        ({"days": 30}, True),
        ({"days": -700}, True),
        ({"days": -740}, False),
        ({"days": 30, "status": "cancelled"}, False),
        ({"days": -30, "status": "noshow"}, True),
    ],
    ids=str,
)
def test_own_patients_have_a_visit_within_two_years_or_ahead(client, steve, now, fields, is_own):
    days = timedelta(days=fields.pop("days"))
    patient = seen(steve, starts_at=now + days, **fields)
    assert is_open(client, patient) == is_own
    assert (patient.name in words_of(client.get(PATIENTS))) == is_own
    assert (patient.name in words_of(client.post(PATIENTS, {"q": "redcrow"}))) == is_own


def test_another_practitioners_patient_is_named_only_after_a_reason(client, steve):
    patient = factories.make_appointment(patient=factories.make_patient(name="Hannah Redcrow")).patient
    page = client.get(f"{PATIENTS}{patient.pk}/")
    assert "Why do you need this record?" in words_of(page)
    assert "Redcrow" not in page.content.decode()
    assert not AccessLogEntry.objects.filter(people__patient=patient).exists()
    assert open_with(client, patient).url == f"{PATIENTS}{patient.pk}/"
    assert is_open(client, patient)
    entry = AccessLogEntry.objects.get(people__patient=patient)
    assert (entry.kind, entry.staff, entry.reason) == ("record", steve.user, "I cover for Mei Lin.")


def test_a_reason_opens_one_record_for_an_hour_and_for_one_session(client, steve, now):
    patient, other = factories.make_patient(name="Hannah Redcrow"), factories.make_patient(name="Owen Petrie")
    open_with(client, patient)
    assert is_open(client, patient)
    assert not is_open(client, other)
    elsewhere = Client()
    elsewhere.force_login(steve.user)
    assert not is_open(elsewhere, patient)
    for minutes in (*range(4, 60, 4), 59, 61):  # In steps, or the login would end for want of activity.
        with time_machine.travel(now + timedelta(minutes=minutes), tick=False):
            assert is_open(client, patient) == (minutes < 60)


@pytest.mark.parametrize("reason", ["", "   ", "x", "y" * 201, "a\0bcdefg"])
def test_without_a_good_reason_the_record_stays_closed(client, reason):
    patient = factories.make_patient(name="Hannah Redcrow")
    assert open_with(client, patient, reason).status_code == 422
    assert not is_open(client, patient)


def test_a_record_opened_with_a_reason_shows_no_notes_and_takes_none(client, steve):
    patient = factories.make_patient(name="Hannah Redcrow")
    factories.make_note(patient, author=steve.user, text="Uses a wheelchair.")
    open_with(client, patient)
    assert "Uses a wheelchair." not in words_of(client.get(f"{PATIENTS}{patient.pk}/"))
    assert client.post(f"{PATIENTS}{patient.pk}/note/", {"text": "x", "audience": "desk"}).status_code == 404


def test_a_view_of_an_own_patient_has_no_reason(client, steve):
    patient = seen(steve)
    assert is_open(client, patient)
    assert AccessLogEntry.objects.get(people__patient=patient).reason == ""


@pytest.mark.parametrize("page", ["edit/", "contact/"])
def test_practitioners_change_no_names_and_no_contact_details(client, steve, page):
    patient = seen(steve)
    assert client.get(f"{PATIENTS}{patient.pk}/{page}").status_code == 403
    assert client.post(f"{PATIENTS}{patient.pk}/{page}", {"name": "x", "phone": "403-555-0188"}).status_code == 403


@pytest.mark.parametrize("address", ["new/", "merge/", "import/"])
def test_practitioners_neither_add_nor_merge_nor_import(client, address):
    assert client.get(PATIENTS + address).status_code == 403


def test_visits_with_others_are_listed_without_a_link(client, steve):
    patient = seen(steve)
    other = factories.make_appointment(patient=patient)
    page = client.get(f"{PATIENTS}{patient.pk}/").content.decode()
    assert other.reference in page
    assert f"appointment={other.reference}" not in page


def test_a_login_whose_practitioner_left_opens_nothing(client, steve):
    patient = seen(steve)
    steve.is_active = False
    steve.save()
    assert client.get(f"{PATIENTS}{patient.pk}/").status_code == 403
    assert client.get(PATIENTS).status_code == 403
