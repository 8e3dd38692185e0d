"""The change log records which values were changed, by whom."""

from datetime import date

import pytest

from booking.models import ChangeLogEntry, Tag
from booking.privacy.change_log import log_added, log_changed, log_removed, values_of
from booking.scheduling import Actor
from tests.support import factories


@pytest.fixture
def patient(db):
    return factories.make_patient(name="Alice Martin", date_of_birth=date(1961, 11, 24))


def test_only_changed_fields_are_recorded_with_both_values(patient, now, admin_user):
    before = values_of(patient)
    patient.name, patient.date_of_birth = "Alice Roy", date(1961, 12, 24)
    patient.save()
    log_changed(Actor.staff(admin_user), patient, before, reason="Married")
    entry = ChangeLogEntry.objects.get()
    assert entry.before == {"name": "Alice Martin", "date_of_birth": "1961-11-24"}
    assert entry.after == {"name": "Alice Roy", "date_of_birth": "1961-12-24"}
    assert (entry.at, entry.actor, entry.action, entry.reason) == (now, admin_user, "changed", "Married")
    assert (entry.model, entry.object_id, entry.patient, entry.label) == (
        "booking.patient",
        str(patient.pk),
        patient,
        "",
    )


def test_nothing_is_recorded_if_nothing_changed(patient, admin_user):
    assert log_changed(Actor.staff(admin_user), patient, values_of(patient)) is None
    assert not ChangeLogEntry.objects.exists()


def test_related_rows_are_recorded_by_name_and_key(patient, admin_user):
    before, tag = values_of(patient), Tag.objects.create(name="Needs an interpreter")
    patient.tags.add(tag)
    log_changed(Actor.staff(admin_user), patient, before)
    entry = ChangeLogEntry.objects.get()
    assert (entry.before, entry.after) == ({"tags": []}, {"tags": [f"Needs an interpreter ({tag.pk})"]})


def test_added_and_removed_rows_are_recorded_with_their_filled_fields(patient, admin_user):
    note = factories.make_note(patient, author=admin_user, text="Uses the side entrance.")
    log_added(Actor.staff(admin_user), note)
    log_removed(Actor.staff(admin_user), note)
    removed, added = ChangeLogEntry.objects.all()
    assert added.after["text"] == removed.before["text"] == "Uses the side entrance."
    assert added.before == removed.after == {}
    assert added.patient == removed.patient == patient


def test_rows_that_are_nobodys_are_labelled(admin_user):
    service = factories.make_service(name="Dry needling")
    before = values_of(service)
    service.price = "95.00"
    service.save()
    service.refresh_from_db()
    log_changed(Actor.staff(admin_user), service, before)
    entry = ChangeLogEntry.objects.get()
    assert (entry.label, entry.patient, entry.after) == (str(service), None, {"price": "95.00"})
