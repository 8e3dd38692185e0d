"""The database refuses overlaps by itself, whichever way a row comes in."""

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
from tests.make import make_appointment, make_location, make_practitioner, make_room

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
def test_a_second_visit_in_the_same_time_is_refused(practitioner, offset):
    visit(practitioner)
    with pytest.raises(IntegrityError), transaction.atomic():
        visit(practitioner, TEN + offset)


def test_a_visit_inside_a_longer_one_is_refused(practitioner):
    visit(practitioner, ends_at=TEN + timedelta(hours=3))
    with pytest.raises(IntegrityError), transaction.atomic():
        visit(practitioner, TEN + timedelta(hours=1))


@pytest.mark.parametrize("offset", [timedelta(minutes=45), timedelta(minutes=-45)], ids=["after", "before"])
def test_touching_visits_are_no_overlap(practitioner, offset):
    visit(practitioner)
    visit(practitioner, TEN + offset)
    assert Appointment.objects.count() == 2


def test_two_practitioners_can_have_the_same_time(practitioner):
    visit(practitioner)
    visit(make_practitioner())
    assert Appointment.objects.count() == 2


def test_a_room_is_taken_once_whoever_uses_it(practitioner):
    place = make_location()
    room = make_room(place)
    visit(practitioner, room=room, location=place)
    with pytest.raises(IntegrityError), transaction.atomic():
        visit(make_practitioner(), room=room, location=place)


@pytest.mark.parametrize("status", [Status.CANCELLED, Status.EXPIRED])
def test_what_is_called_off_frees_its_time(practitioner, status):
    visit(practitioner, status=status)
    visit(practitioner)
    assert Appointment.objects.count() == 2


@pytest.mark.parametrize("status", [Status.HELD, Status.BOOKED, Status.ARRIVED, Status.FULFILLED, Status.NOSHOW])
def test_every_other_state_takes_its_time(practitioner, status):
    visit(practitioner, status=status)
    with pytest.raises(IntegrityError), transaction.atomic():
        visit(practitioner)


def test_a_time_overbooked_on_purpose_is_let_through(practitioner):
    visit(practitioner)
    visit(practitioner, overbooked_reason="Twins, seen together")
    assert Appointment.objects.count() == 2


def test_update_bulk_create_and_raw_sql_are_refused_alike(practitioner):
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


def test_taking_back_a_cancellation_is_refused_when_the_time_has_gone(practitioner):
    cancelled = visit(practitioner, status=Status.CANCELLED)
    visit(practitioner)
    with pytest.raises(IntegrityError), transaction.atomic():
        Appointment.objects.filter(pk=cancelled.pk).update(status=Status.BOOKED)


def test_a_form_is_told_in_words(practitioner):
    visit(practitioner)
    second = visit(practitioner, TEN + timedelta(hours=2))
    second.starts_at, second.ends_at = TEN, TEN + HALF_HOUR
    with pytest.raises(ValidationError) as refused:
        second.validate_constraints()
    assert refused.value.messages == ["This practitioner already has an appointment at that time."]


def test_a_lost_guard_is_reported(practitioner):
    assert checks.overlap_guards_stand(None, databases=["default"]) == []
    guard = next(guard for guard in Appointment._meta.constraints if isinstance(guard, NoOverlap))
    with connection.schema_editor(atomic=False) if connection.vendor == "postgresql" else connection.cursor() as thing:
        if connection.vendor == "postgresql":
            thing.remove_constraint(Appointment, guard)
        else:
            for trigger in guard.trigger_names():
                thing.execute(f"DROP TRIGGER {trigger}")
    assert [error.id for error in checks.overlap_guards_stand(None, databases=["default"])] == ["booking.E001"]


def run(state, operation, *, backwards=False):
    """Apply one migration operation to the database; the state after it."""
    after = state.clone()
    operation.state_forwards("booking", after)
    with connection.schema_editor() as editor:
        if backwards:
            operation.database_backwards("booking", editor, after, state)
        else:
            operation.database_forwards("booking", editor, state, after)
    return after


def lost_guards():
    reports = " ".join(error.msg for error in checks.overlap_guards_stand(None, databases=["default"]))
    return [guard.name for guard in Appointment._meta.constraints if guard.name in reports]


@pytest.mark.django_db(transaction=True)
def test_the_guards_survive_table_rebuilds_and_come_and_go_with_migrations():
    state = MigrationExecutor(connection).loader.project_state()
    added = run(state, AddField("appointment", "passing", models.CharField(max_length=5, default="x")))
    run(added, RemoveField("appointment", "passing"))
    assert lost_guards() == []
    removal = RemoveConstraint("appointment", "appointment_room_no_overlap")
    run(state, removal)
    assert lost_guards() == ["appointment_room_no_overlap"]
    run(state, removal, backwards=True)
    assert lost_guards() == []


def test_migrations_say_what_the_models_say():
    assert call_command("makemigrations", check=True, dry_run=True, verbosity=0) is None  # It exits when it finds some.
