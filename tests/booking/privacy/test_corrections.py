"""The right to correction: the privacy officer corrects a patient's data, or records that the request was refused."""

from datetime import date

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.test import Client

from booking.models import AccessLogEntry, ChangeLogEntry, Message
from tests.booking.desk.conftest import words_of
from tests.support import factories

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stopped_clock")]


@pytest.fixture
def patient(db):
    return factories.make_patient(name="Alice Martin", date_of_birth=date(1961, 11, 24))


@pytest.fixture
def officer(db):
    user = get_user_model().objects.create_user("dana", is_staff=True)
    user.groups.add(Group.objects.get(name="Privacy officer"))
    client = Client()
    client.force_login(user)
    return client


def address(patient):
    return f"/desk/privacy/patients/{patient.pk}/correct/"


def submit(client, patient, **changes):
    """Send the form of corrections as a browser would, with these changes."""
    form = client.get(address(patient)).context["correction"]
    shown = {name: form[name].value() or "" for name in form.fields}
    hidden = {f"initial-{name}": value for name, value in shown.items() if form.fields[name].show_hidden_initial}
    return client.post(address(patient), {**shown, **hidden, "send": "", **changes})


def test_a_correction_keeps_both_values_who_and_why(officer, patient):
    response = submit(officer, patient, name="Alice Roy", date_of_birth="1961-12-24", reason="Showed her passport")
    assert response.status_code == 302
    patient.refresh_from_db()
    assert (patient.name, patient.date_of_birth) == ("Alice Roy", date(1961, 12, 24))
    entry = ChangeLogEntry.objects.get()
    assert (entry.action, entry.reason, entry.actor.username) == ("corrected", "Showed her passport", "dana")
    assert entry.before == {"name": "Alice Martin", "date_of_birth": "1961-11-24"}
    assert entry.after == {"name": "Alice Roy", "date_of_birth": "1961-12-24"}
    assert entry.patient == patient


def test_a_corrected_contact_is_one_row_and_ends_earlier_links(officer, patient, location):
    visit = factories.make_appointment(patient=patient, location=location)
    submit(officer, patient, email="roy@patients.example", phone="403 555 0199", reason="New address", send="on")
    entry = ChangeLogEntry.objects.get()
    assert entry.before == {"email": "alice@patients.example", "phone": "+14035550123"}
    assert entry.after == {"email": "roy@patients.example", "phone": "+14035550199"}
    visit.refresh_from_db()
    assert visit.link_generation == 2
    assert Message.objects.filter(appointment=visit).exists()


def test_only_what_the_officer_changed_is_written(officer, patient):
    form = officer.get(address(patient)).context["correction"]
    shown = {name: form[name].value() or "" for name in form.fields}
    patient.pronouns = "she/her"
    patient.save()
    data = {**shown, **{f"initial-{name}": value for name, value in shown.items()}}
    officer.post(address(patient), {**data, "name": "Alice Roy", "reason": "Married"})
    patient.refresh_from_db()
    assert (patient.name, patient.pronouns) == ("Alice Roy", "she/her")
    assert ChangeLogEntry.objects.get().after == {"name": "Alice Roy"}


@pytest.mark.parametrize("changes", [{"name": "Alice Roy", "reason": ""}, {"reason": "Nothing is different"}])
def test_a_correction_needs_a_reason_and_a_change(officer, patient, changes):
    assert submit(officer, patient, **changes).status_code == 422
    patient.refresh_from_db()
    assert patient.name == "Alice Martin"
    assert not ChangeLogEntry.objects.exists()


def test_a_refusal_keeps_what_was_asked_why_not_and_the_statement(officer, patient):
    data = {"asked": "Delete the no-show.", "reason": "It is right.", "statement": "I was there."}
    response = officer.post(address(patient), {"refuse": "1"} | {f"refusal-{name}": v for name, v in data.items()})
    assert response.status_code == 302
    entry = ChangeLogEntry.objects.get()
    assert (entry.action, entry.reason, entry.before) == ("refused", "It is right.", {})
    assert entry.after == {"asked": "Delete the no-show.", "statement": "I was there."}
    page = officer.get(address(patient)).content.decode()
    assert "I was there." in page


def test_a_refusal_needs_what_was_asked_and_why_not(officer, patient):
    assert officer.post(address(patient), {"refuse": "1", "refusal-statement": "No."}).status_code == 422
    assert not ChangeLogEntry.objects.exists()


def test_the_page_writes_the_access_log(officer, patient):
    officer.get(address(patient))
    entry = AccessLogEntry.objects.get()
    assert (entry.kind, [person.patient for person in entry.people.all()]) == ("record", [patient])


def test_a_merged_patient_is_not_corrected(officer, patient):
    patient.merged_into = factories.make_patient(name="Alice Roy")
    patient.save()
    assert officer.get(address(patient)).status_code == 404


def test_the_change_log_says_what_a_refused_patient_asked_why_not_and_their_statement(officer, patient):
    data = {"asked": "Delete the no-show.", "reason": "It is right.", "statement": "I was there."}
    officer.post(address(patient), {"refuse": "1", **{f"refusal-{name}": text for name, text in data.items()}})
    page = words_of(officer.get(f"/desk/privacy/patients/{patient.pk}/changes/"))
    assert "They asked after: Delete the no-show." in page
    assert "Their statement of disagreement after: I was there." in page
    assert "Why: “It is right.”" in page
