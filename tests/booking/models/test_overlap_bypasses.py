"""No write can bypass the overlap constraints: ORM, bulk operations, forms or raw SQL.

Tested on a migrated database, after table rebuilds, and after squashing all migrations and rebuilding
the tables twice.
"""

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth import get_user_model
from django.db import IntegrityError, connection, models, transaction
from django.db.migrations import AddField, AlterField, Migration, RemoveField
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.optimizer import MigrationOptimizer
from django.db.migrations.state import ProjectState
from django.db.models import F
from django.forms import modelform_factory

from booking import checks
from booking.models import Appointment, Patient, Status
from booking.scheduling.appointments import book_by_staff
from tests.proofs import race_site
from tests.support import factories

TEN = datetime(2026, 11, 24, 16, 0, tzinfo=UTC)
NOON = TEN + timedelta(hours=2)
HALF_HOUR = timedelta(minutes=30)


# Three databases


def all_leaf_nodes(executor):
    # Content, too: it stores redirects when slugs of practitioners and services change.
    return [*executor.loader.graph.leaf_nodes("booking"), *executor.loader.graph.leaf_nodes("content")]


def as_migrated():
    executor = MigrationExecutor(connection)
    executor.migrate(all_leaf_nodes(executor))
    return executor.loader.project_state()


def squashed():
    """All migrations of this app squashed into one and optimized, as ``squashmigrations`` does it."""
    executor = MigrationExecutor(connection)
    plan = [migration for migration, _ in executor.migration_plan(all_leaf_nodes(executor))]
    own = [migration for migration in plan if migration.app_label == "booking"]
    dependents = [migration for migration in plan if migration.app_label == "content"]
    dependencies = [migration for migration in plan if migration not in [*own, *dependents]]
    squashed_migration = Migration("0001_squashed", "booking")
    squashed_migration.operations = MigrationOptimizer().optimize(
        [step for each in own for step in each.operations], "booking"
    )
    state = ProjectState()
    for migration in [*dependencies, squashed_migration, *dependents]:
        with connection.schema_editor(atomic=migration.atomic) as editor:
            state = migration.apply(state, editor)
    return state


def rebuilt(state):
    """Three schema changes for which SQLite rebuilds the table."""
    for change in (
        AddField("appointment", "passing", models.CharField(max_length=5, default="x")),
        AlterField("appointment", "passing", models.CharField(max_length=9, default="y", db_index=True)),
        RemoveField("appointment", "passing"),
    ):
        after = state.clone()
        change.state_forwards("booking", after)
        with connection.schema_editor() as editor:
            change.database_forwards("booking", editor, state, after)
        state = after
    return state


HISTORIES = {
    "as migrated": as_migrated,
    "rebuilt": lambda: rebuilt(as_migrated()),
    "squashed and rebuilt twice": lambda: rebuilt(rebuilt(squashed())),
}


@pytest.fixture(scope="module", params=HISTORIES)
def _database(request, tmp_path_factory, django_db_blocker):
    folder = tmp_path_factory.mktemp("guarded")
    with django_db_blocker.unblock(), race_site.own_database(folder) as url, race_site.connected(url):
        HISTORIES[request.param]()
        yield


@pytest.fixture
def visit(_database):
    """An appointment at 10:00."""
    return factories.make_appointment(starts_at=TEN, room=factories.make_room())


# Ways to write a second, overlapping appointment


def unsaved(visit, **changes):
    copy = Appointment.objects.get(pk=visit.pk)
    copy.pk, copy.uid, copy.reference = None, uuid.uuid4(), uuid.uuid4().hex[:8].upper()
    copy._state.adding = True
    for name, value in changes.items():
        setattr(copy, name, value)
    return copy


def two_hours_later(visit, **changes):
    """Another appointment of the same practitioner in the same room, two hours later."""
    later = unsaved(visit, starts_at=visit.starts_at + timedelta(hours=2), ends_at=visit.ends_at + timedelta(hours=2))
    for name, value in changes.items():
        setattr(later, name, value)
    later.save()
    return later


def save(visit):
    unsaved(visit).save()


def save_by_room_alone(visit):
    unsaved(visit, practitioner=factories.make_practitioner()).save()


def create_in_bulk(visit):
    Appointment.objects.bulk_create([unsaved(visit, starts_at=visit.starts_at + HALF_HOUR)])


def create_in_bulk_ignoring_conflicts(visit):
    """``ignore_conflicts`` may suppress the error, but must not insert the row."""
    Appointment.objects.bulk_create([unsaved(visit)], ignore_conflicts=True)
    assert Appointment.objects.filter(practitioner=visit.practitioner).count() == 1
    raise IntegrityError


def update_in_bulk(visit):
    later = two_hours_later(visit)
    later.starts_at, later.ends_at = visit.starts_at, visit.ends_at
    Appointment.objects.bulk_update([later], ["starts_at", "ends_at"])


def update(visit):
    Appointment.objects.filter(pk=two_hours_later(visit).pk).update(starts_at=visit.starts_at)


def update_by_arithmetic(visit):
    ninety_minutes = timedelta(minutes=90)
    Appointment.objects.filter(pk=two_hours_later(visit).pk).update(
        starts_at=F("starts_at") - ninety_minutes, ends_at=F("ends_at") - ninety_minutes
    )


def lengthen(visit):
    two_hours_later(visit)
    Appointment.objects.filter(pk=visit.pk).update(ends_at=NOON + HALF_HOUR)


def assign_to_the_same_practitioner(visit):
    other = unsaved(visit, practitioner=factories.make_practitioner(), room=None)
    other.save()
    Appointment.objects.filter(pk=other.pk).update(practitioner=visit.practitioner)


def move_to_the_same_room(visit):
    other = unsaved(visit, practitioner=factories.make_practitioner(), room=None)
    other.save()
    Appointment.objects.filter(pk=other.pk).update(room=visit.room)


def undo_a_cancellation(visit):
    other = unsaved(visit, status=Status.CANCELLED)
    other.save()
    Appointment.objects.filter(pk=other.pk).update(status=Status.BOOKED)


def remove_the_overbooked_reason(visit):
    other = unsaved(visit, overbooked_reason="In pain")
    other.save()
    Appointment.objects.filter(pk=other.pk).update(overbooked_reason="")


def update_by_sql(visit):
    written = connection.ops.adapt_datetimefield_value(visit.starts_at)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE booking_appointment SET starts_at = %s WHERE id = %s", [written, two_hours_later(visit).pk]
        )


def insert_by_sql(visit):
    table, number = Appointment._meta.db_table, uuid.uuid4().hex
    columns = [field.column for field in Appointment._meta.concrete_fields if field.column != "id"]
    copied = [{"uid": f"'{number}'", "reference": f"'{number[:8]}'"}.get(name, name) for name in columns]
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(copied)} FROM {table} WHERE id = %s",
            [visit.pk],
        )


@pytest.mark.parametrize(
    "write",
    [
        save, save_by_room_alone, create_in_bulk, create_in_bulk_ignoring_conflicts, update_in_bulk, update,
        update_by_arithmetic, lengthen, assign_to_the_same_practitioner, move_to_the_same_room,
        undo_a_cancellation, remove_the_overbooked_reason, update_by_sql, insert_by_sql,
    ],
    ids=lambda write: write.__name__.replace("_", " "),
)  # fmt: skip
def test_an_overlapping_appointment_is_rejected(visit, write):
    before = Appointment.objects.count()
    with pytest.raises(IntegrityError), transaction.atomic():
        write(visit)
    assert Appointment.objects.count() == before


@pytest.mark.parametrize(
    "date_format",
    ["%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d %H:%M:%S+00:00", "%Y-%m-%d %H:%M", "%Y%m%d %H%M"],
)
@pytest.mark.parametrize("shift", [timedelta(0), HALF_HOUR], ids=["same", "later"])
def test_another_datetime_format_is_rejected(visit, date_format, shift):
    later = two_hours_later(visit)
    start, end = ((instant + shift).strftime(date_format) for instant in (visit.starts_at, visit.ends_at))
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE booking_appointment SET starts_at = %s, ends_at = %s WHERE id = %s", [start, end, later.pk]
        )


def test_a_form_reports_the_conflict_and_saving_anyway_is_rejected(visit):
    later = two_hours_later(visit)
    names = ["practitioner", "room", "status", "overbooked_reason", "starts_at", "ends_at"]
    form = modelform_factory(Appointment, fields=names)
    sent = form(instance=later).initial | {
        name: getattr(visit, name).strftime("%Y-%m-%d %H:%M:%S") for name in ("starts_at", "ends_at")
    }
    filled = form(sent, instance=later)
    assert filled.non_field_errors() == [
        "This practitioner already has an appointment at that time.",
        "This room is already taken at that time.",
    ]
    with pytest.raises(IntegrityError), transaction.atomic():
        filled.instance.save()


def test_touching_appointments_are_accepted_down_to_a_microsecond(visit):
    next_visit = unsaved(visit, starts_at=visit.ends_at, ends_at=visit.ends_at + timedelta(microseconds=1))
    next_visit.save()
    unsaved(visit, starts_at=next_visit.ends_at, ends_at=NOON).save()
    with pytest.raises(IntegrityError), transaction.atomic():
        unsaved(visit, starts_at=visit.ends_at, ends_at=next_visit.ends_at).save()


def test_the_system_check_finds_all_constraints(visit):
    assert checks.check_trigger_constraints(None, databases=["default"]) == []


@pytest.mark.django_db
def test_the_desk_reports_an_overlap_that_only_the_database_rejects(client, stopped_clock, monkeypatch):
    service, place = factories.make_service(), factories.make_location()
    person = factories.make_practitioner([service])
    factories.make_appointment(service=service, practitioner=person, location=place, starts_at=TEN)
    monkeypatch.setattr(book_by_staff, "reserve_for_staff", lambda *args, **kwargs: None)
    client.force_login(get_user_model().objects.create_superuser("desk"))
    call = {"is_new": "1", "name": "Rita Hollow Horn", "phone": "403 555 0177", "on": "2026-11-24", "at": "10:00"}
    response = client.post("/desk/book/", call | {"service": service.pk, "practitioner": person.slug})
    assert response.status_code == 409
    assert "already has an appointment at that time" in response.content.decode()
    assert (Appointment.objects.count(), Patient.objects.filter(name="Rita Hollow Horn").count()) == (1, 0)
