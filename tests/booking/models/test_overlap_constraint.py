"""The overlap constraints (``NoOverlap``) in the database, in forms, in the system check and in migrations."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import IntegrityError, connection, models, transaction
from django.db.migrations import AddField, RemoveConstraint, RemoveField
from django.db.migrations.executor import MigrationExecutor

from booking import checks
from booking.constraints import NoOverlap
from booking.models import Appointment, Status
from tests.support.factories import make_appointment, make_location, make_practitioner, make_room

TEN = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)
HALF_HOUR = timedelta(minutes=30)
pytestmark = pytest.mark.django_db


@pytest.fixture
def practitioner():
    return make_practitioner()


def visit(practitioner, start=TEN, **fields):
    return make_appointment(
        practitioner=practitioner, starts_at=start, **{"ends_at": start + timedelta(minutes=45)} | fields
    )


@pytest.mark.parametrize(
    "offset",
    [timedelta(0), HALF_HOUR, -HALF_HOUR, timedelta(minutes=44)],
    ids=["same", "later", "earlier", "by a minute"],
)
def test_an_overlapping_appointment_is_rejected(practitioner, offset):
    visit(practitioner)
    with pytest.raises(IntegrityError), transaction.atomic():
        visit(practitioner, TEN + offset)


def test_an_appointment_within_a_longer_one_is_rejected(practitioner):
    visit(practitioner, ends_at=TEN + timedelta(hours=3))
    with pytest.raises(IntegrityError), transaction.atomic():
        visit(practitioner, TEN + timedelta(hours=1))


@pytest.mark.parametrize("offset", [timedelta(minutes=45), timedelta(minutes=-45)], ids=["after", "before"])
def test_touching_appointments_do_not_overlap(practitioner, offset):
    visit(practitioner)
    visit(practitioner, TEN + offset)
    assert Appointment.objects.count() == 2


def test_two_practitioners_can_have_the_same_time(practitioner):
    visit(practitioner)
    visit(make_practitioner())
    assert Appointment.objects.count() == 2


def test_a_room_is_occupied_once_by_any_practitioner(practitioner):
    place = make_location()
    room = make_room(place)
    visit(practitioner, room=room, location=place)
    with pytest.raises(IntegrityError), transaction.atomic():
        visit(make_practitioner(), room=room, location=place)


@pytest.mark.parametrize("status", [Status.CANCELLED, Status.EXPIRED])
def test_cancelled_appointments_and_expired_holds_free_their_time(practitioner, status):
    visit(practitioner, status=status)
    visit(practitioner)
    assert Appointment.objects.count() == 2


@pytest.mark.parametrize("status", [Status.HELD, Status.BOOKED, Status.ARRIVED, Status.FULFILLED, Status.NOSHOW])
def test_every_other_status_occupies_its_time(practitioner, status):
    visit(practitioner, status=status)
    with pytest.raises(IntegrityError), transaction.atomic():
        visit(practitioner)


def test_an_overbooked_appointment_is_accepted(practitioner):
    visit(practitioner)
    visit(practitioner, overbooked_reason="Twins, seen together")
    assert Appointment.objects.count() == 2


def test_update_bulk_create_and_raw_sql_are_rejected(practitioner):
    visit(practitioner)
    later = visit(practitioner, TEN + timedelta(hours=2))
    copy = Appointment.objects.get(pk=later.pk)
    copy.pk, copy.uid, copy.reference = None, "00000000-0000-4000-8000-000000000001", "COPY2345"
    copy.starts_at, copy.ends_at = TEN, TEN + HALF_HOUR
    with pytest.raises(IntegrityError), transaction.atomic():
        Appointment.objects.filter(pk=later.pk).update(starts_at=TEN, ends_at=TEN + HALF_HOUR)
    with pytest.raises(IntegrityError), transaction.atomic():
        Appointment.objects.bulk_create([copy])
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE booking_appointment SET starts_at = %s, ends_at = %s WHERE id = %s",
            [TEN, TEN + HALF_HOUR, later.pk],
        )
    later.refresh_from_db()
    assert later.starts_at == TEN + timedelta(hours=2)


def test_undoing_a_cancellation_is_rejected_if_the_time_was_taken(practitioner):
    cancelled = visit(practitioner, status=Status.CANCELLED)
    visit(practitioner)
    with pytest.raises(IntegrityError), transaction.atomic():
        Appointment.objects.filter(pk=cancelled.pk).update(status=Status.BOOKED)


def test_validation_reports_the_overlap(practitioner):
    visit(practitioner)
    second = visit(practitioner, TEN + timedelta(hours=2))
    second.starts_at, second.ends_at = TEN, TEN + HALF_HOUR
    with pytest.raises(ValidationError) as error_info:
        second.validate_constraints()
    assert error_info.value.messages == ["This practitioner already has an appointment at that time."]


def test_the_system_check_reports_a_missing_constraint(practitioner):
    assert checks.check_trigger_constraints(None, databases=["default"]) == []
    constraint = next(constraint for constraint in Appointment._meta.constraints if isinstance(constraint, NoOverlap))
    with connection.schema_editor(atomic=False) if connection.vendor == "postgresql" else connection.cursor() as editor:
        if connection.vendor == "postgresql":
            editor.remove_constraint(Appointment, constraint)
        else:
            for trigger in constraint.trigger_names():
                editor.execute(f"DROP TRIGGER {trigger}")
    assert [error.id for error in checks.check_trigger_constraints(None, databases=["default"])] == ["booking.E001"]


def run(state, operation, *, backwards=False):
    """Apply one migration operation to the database; returns the state after it."""
    after = state.clone()
    operation.state_forwards("booking", after)
    with connection.schema_editor() as editor:
        if backwards:
            operation.database_backwards("booking", editor, after, state)
        else:
            operation.database_forwards("booking", editor, state, after)
    return after


def missing_constraints():
    reports = " ".join(error.msg for error in checks.check_trigger_constraints(None, databases=["default"]))
    return [constraint.name for constraint in Appointment._meta.constraints if constraint.name in reports]


@pytest.mark.django_db(transaction=True)
def test_constraints_survive_table_rebuilds_and_follow_migrations():
    state = MigrationExecutor(connection).loader.project_state()
    added = run(state, AddField("appointment", "passing", models.CharField(max_length=5, default="x")))
    run(added, RemoveField("appointment", "passing"))
    assert missing_constraints() == []
    removal = RemoveConstraint("appointment", "appointment_room_no_overlap")
    run(state, removal)
    assert missing_constraints() == ["appointment_room_no_overlap"]
    run(state, removal, backwards=True)
    assert missing_constraints() == []


def test_no_migration_is_missing():
    # With check=True it exits if changes are missing.
    assert call_command("makemigrations", check=True, dry_run=True, verbosity=0) is None
