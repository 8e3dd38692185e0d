"""Append-only models cannot be updated or deleted, some of them by no SQL either."""

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, models, transaction
from django.db.migrations import AddField, RemoveField
from django.db.migrations.executor import MigrationExecutor

from booking import checks
from booking.constraints import AppendOnly
from booking.models import AccessLogEntry, AccessLogPerson, Appointment, AppointmentEvent
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
def entry(db, now):
    entry = AccessLogEntry.objects.create(at=now, kind="record", page="/desk/", count=1)
    AccessLogPerson.objects.create(entry=entry, patient=make_patient())
    return entry


def test_the_access_log_is_guarded_in_the_database():
    assert set(GUARDED_MODELS) == {AccessLogEntry, AccessLogPerson}


@pytest.mark.parametrize("model", GUARDED_MODELS, ids=lambda model: model.__name__)
@pytest.mark.parametrize("statement", ["UPDATE {} SET id = id", "UPDATE {} SET id = 99", "DELETE FROM {}"])
def test_the_database_refuses_to_change_or_delete_a_guarded_row(entry, model, statement):
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
