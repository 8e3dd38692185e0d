"""Append-only models cannot be updated or deleted, some of them by no SQL either."""

import uuid
from datetime import timedelta

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, models, transaction
from django.db.migrations import AddField, RemoveField
from django.db.migrations.executor import MigrationExecutor

from booking import checks
from booking.constraints import AppendOnly
from booking.models import (
    AccessLogEntry,
    AccessLogPerson,
    Appointment,
    AppointmentEvent,
    ChangeLogEntry,
    Disposal,
    DisposalItem,
)
from booking.models.append_only import AppendOnlyModel, AppendOnlyQuerySet
from content.models import Revision
from tests.support.content_factories import make_page
from tests.support.factories import make_appointment, make_patient

APPEND_ONLY_MODELS = [model for model in apps.get_models() if issubclass(model, AppendOnlyModel)]


def test_the_append_only_models():
    assert {model.__name__ for model in APPEND_ONLY_MODELS} == {
        "AccessLogEntry",
        "AccessLogPerson",
        "AppointmentEvent",
        "ChangeLogEntry",
        "Disposal",
        "DisposalItem",
        "PatientMerge",
        "Revision",
        "Review",
    }


@pytest.mark.parametrize("model", APPEND_ONLY_MODELS, ids=lambda model: model.__name__)
def test_querysets_cannot_update_or_delete(model):
    assert isinstance(model.objects.all(), AppendOnlyQuerySet)
    for act in (lambda rows: rows.update(pk=1), lambda rows: rows.delete()):
        with pytest.raises(TypeError, match="This is a record"):
            act(model.objects.all())


@pytest.mark.django_db
@pytest.mark.parametrize("model", [AppointmentEvent, Revision])
def test_a_row_cannot_be_saved_again_or_deleted(model, now):
    make_page()
    visit = make_appointment()
    AppointmentEvent.objects.create(appointment=visit, kind="booked", actor_kind="patient", at=now)
    row = model.objects.first()
    with pytest.raises(TypeError, match="it is never changed"):
        row.save()
    with pytest.raises(TypeError, match="it is never deleted"):
        row.delete()
    assert model.objects.filter(pk=row.pk).exists()
    assert Appointment.objects.filter(pk=visit.pk).exists()


GUARDED_MODELS = [
    model for model in APPEND_ONLY_MODELS if any(isinstance(c, AppendOnly) for c in model._meta.constraints)
]


@pytest.fixture
def patient(db):
    return make_patient()


@pytest.fixture
def change(patient, now):
    return ChangeLogEntry.objects.create(
        at=now,
        actor_kind="patient",
        action="changed",
        model="booking.patient",
        object_id=patient.pk,
        patient=patient,
        before={"name": "Alice Martin"},
        after={"name": "Alice Roy"},
        reason="Married",
    )


@pytest.fixture
def entry(patient, now):
    entry = AccessLogEntry.objects.create(at=now, kind="record", page="/desk/", count=1)
    AccessLogPerson.objects.create(entry=entry, at=now, patient=patient)
    return entry


@pytest.fixture
def certificate(patient, now):
    disposal = Disposal.objects.create(kind="request", at=now, counts={"patients": 1})
    DisposalItem.objects.create(disposal=disposal, patient=patient)
    return disposal


@pytest.fixture
def guarded_rows(entry, change, certificate):
    """A row of each guarded model."""
    assert all(model.objects.exists() for model in GUARDED_MODELS)


def test_the_logs_and_certificates_are_guarded_in_the_database():
    assert set(GUARDED_MODELS) == {AccessLogEntry, AccessLogPerson, ChangeLogEntry, Disposal, DisposalItem}


@pytest.mark.parametrize("model", GUARDED_MODELS, ids=lambda model: model.__name__)
@pytest.mark.parametrize("statement", ["UPDATE {} SET id = id", "DELETE FROM {}"])
def test_the_database_refuses_to_change_or_delete_a_guarded_row(guarded_rows, model, statement):
    before = list(model.objects.values())
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement.format(model._meta.db_table))
    assert list(model.objects.values()) == before


def test_no_queryset_of_django_gets_around_the_guard(entry):
    plain_rows = models.QuerySet(AccessLogEntry)
    with pytest.raises(IntegrityError), transaction.atomic():
        plain_rows.update(count=0)
    with pytest.raises(IntegrityError), transaction.atomic():
        models.QuerySet(AccessLogPerson).delete()
    with pytest.raises(IntegrityError), transaction.atomic():
        plain_rows.bulk_update([entry], ["page"])


EMPTIED = {"before": {}, "after": {}, "reason": ""}


def test_the_values_of_a_person_are_emptied_while_they_are_disposed_of(patient, change, now):
    with transaction.atomic():
        disposal = Disposal(kind="request", at=now, counts={})
        DisposalItem.objects.create(disposal_id=disposal.pk, patient=patient)
        assert ChangeLogEntry.objects.redact(**EMPTIED) == 1
        disposal.save(force_insert=True)
    row = ChangeLogEntry.objects.get()
    assert (row.before, row.after, row.reason) == ({}, {}, "")
    assert (row.at, row.patient_id, row.action) == (now, patient.pk, "changed")


def test_nothing_else_of_a_disposed_person_is_changed(patient, change, now):
    disposal = Disposal(kind="request", at=now, counts={})
    DisposalItem.objects.create(disposal_id=disposal.pk, patient=patient)
    for values in ({"before": {}}, EMPTIED | {"at": now + timedelta(days=1)}, EMPTIED | {"patient": None}):
        with pytest.raises(IntegrityError), transaction.atomic():
            ChangeLogEntry.objects.redact(**values)
    with pytest.raises(IntegrityError), transaction.atomic():
        ChangeLogEntry.objects.delete_expired()
    Disposal.objects.bulk_create(
        [Disposal(pk=DisposalItem.objects.get().disposal_id, kind="request", at=now, counts={})]
    )


def test_the_values_of_another_person_stay(change, now):
    disposal = Disposal(kind="request", at=now, counts={})
    DisposalItem.objects.create(disposal_id=disposal.pk, patient=make_patient(name="Somebody Else"))
    with pytest.raises(IntegrityError), transaction.atomic():
        ChangeLogEntry.objects.redact(**EMPTIED)
    disposal.save(force_insert=True)


def test_after_its_certificate_a_disposal_opens_nothing_any_more(change, certificate):
    with pytest.raises(IntegrityError), transaction.atomic():
        ChangeLogEntry.objects.redact(**EMPTIED)


@pytest.mark.django_db(transaction=True)
def test_a_disposal_without_a_certificate_is_never_committed(now):
    patient = make_patient()
    with pytest.raises(IntegrityError), transaction.atomic():
        DisposalItem.objects.create(disposal_id=uuid.uuid4(), patient=patient)
    assert not DisposalItem.objects.exists()


def test_the_access_log_is_deleted_up_to_the_end_of_its_period_and_no_further(entry, now):
    old = AccessLogEntry.objects.create(at=now - timedelta(days=3651), kind="record", page="/desk/", count=1)
    AccessLogPerson.objects.create(entry=old, at=old.at, patient=make_patient(name="Somebody Else"))
    disposal = Disposal(kind="period", at=now, counts={})
    DisposalItem.objects.create(disposal_id=disposal.pk, log_before=now - timedelta(days=3650))
    with pytest.raises(IntegrityError), transaction.atomic():
        AccessLogPerson.objects.delete_expired()
    assert AccessLogPerson.objects.filter(entry=old).delete_expired() == 1
    assert AccessLogEntry.objects.filter(pk=old.pk).delete_expired() == 1
    disposal.save(force_insert=True)
    assert AccessLogEntry.objects.get() == entry
    assert AccessLogPerson.objects.get().entry == entry


def guards_missing():
    return [error.msg for error in checks.check_trigger_constraints(None, databases=["default"])]


@pytest.mark.django_db(transaction=True)
def test_the_guard_survives_a_table_rebuild():
    state = MigrationExecutor(connection).loader.project_state()
    for operation in (
        AddField("accesslogentry", "passing", models.CharField(max_length=5, default="x")),
        RemoveField("accesslogentry", "passing"),
    ):
        after = state.clone()
        operation.state_forwards("booking", after)
        with connection.schema_editor() as editor:
            operation.database_forwards("booking", editor, state, after)
        state = after
    assert guards_missing() == []
    row = AccessLogEntry.objects.create(at="2026-11-23T15:00Z", kind="record", page="/desk/", count=0)
    with pytest.raises(IntegrityError):
        models.QuerySet(AccessLogEntry).filter(pk=row.pk).delete()


@pytest.mark.django_db(transaction=True)
def test_the_system_check_reports_a_guard_that_was_taken_away():
    guard = next(c for c in AccessLogPerson._meta.constraints if isinstance(c, AppendOnly))
    with connection.schema_editor() as editor:
        guard.remove_sql(AccessLogPerson, editor)
    try:
        assert len(guards_missing()) == 1
        assert guard.name in guards_missing()[0]
    finally:
        with connection.schema_editor() as editor:
            guard.create_sql(AccessLogPerson, editor)
    assert guards_missing() == []
