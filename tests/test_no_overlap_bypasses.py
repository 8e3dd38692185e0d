"""No way around the guards: whatever writes two overlapping visits is refused, by whichever road.

On a database as it is migrated, after its tables were rebuilt, and after all migrations were squashed
into one and the tables rebuilt twice.
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
from booking.scheduling import desk
from tests import make, race_site

TEN = datetime(2026, 11, 24, 16, 0, tzinfo=UTC)
NOON = TEN + timedelta(hours=2)
HALF_HOUR = timedelta(minutes=30)


# Three databases


def everything(executor):
    # The pages, too: they keep the addresses of people and services that change.
    return [*executor.loader.graph.leaf_nodes("booking"), *executor.loader.graph.leaf_nodes("content")]


def as_migrated():
    executor = MigrationExecutor(connection)
    executor.migrate(everything(executor))
    return executor.loader.project_state()


def squashed():
    """All of this app's migrations as one, thinned out as ``squashmigrations`` does it."""
    executor = MigrationExecutor(connection)
    plan = [migration for migration, _ in executor.migration_plan(everything(executor))]
    ours = [migration for migration in plan if migration.app_label == "booking"]
    above = [migration for migration in plan if migration.app_label == "content"]
    below = [migration for migration in plan if migration not in [*ours, *above]]
    one = Migration("0001_squashed", "booking")
    one.operations = MigrationOptimizer().optimize([step for each in ours for step in each.operations], "booking")
    state = ProjectState()
    for migration in [*below, one, *above]:
        with connection.schema_editor(atomic=migration.atomic) as editor:
            state = migration.apply(state, editor)
    return state


def rebuilt(state):
    """Three changes for which SQLite makes the table anew."""
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
    """A visit at ten."""
    return make.make_appointment(starts_at=TEN, room=make.make_room())


# Ways to write a second visit over it


def unsaved(visit, **changes):
    copy = Appointment.objects.get(pk=visit.pk)
    copy.pk, copy.uid, copy.reference = None, uuid.uuid4(), uuid.uuid4().hex[:8].upper()
    copy._state.adding = True
    for name, value in changes.items():
        setattr(copy, name, value)
    return copy


def apart(visit, **changes):
    """Another visit of the same person in the same room, two hours later."""
    later = unsaved(visit, starts_at=visit.starts_at + timedelta(hours=2), ends_at=visit.ends_at + timedelta(hours=2))
    for name, value in changes.items():
        setattr(later, name, value)
    later.save()
    return later


def save(visit):
    unsaved(visit).save()


def save_by_room_alone(visit):
    unsaved(visit, practitioner=make.make_practitioner()).save()


def create_in_bulk(visit):
    Appointment.objects.bulk_create([unsaved(visit, starts_at=visit.starts_at + HALF_HOUR)])


def create_in_bulk_unless_it_is_there(visit):
    """``ignore_conflicts`` may swallow the refusal, but never the rule."""
    Appointment.objects.bulk_create([unsaved(visit)], ignore_conflicts=True)
    assert Appointment.objects.filter(practitioner=visit.practitioner).count() == 1
    raise IntegrityError


def update_in_bulk(visit):
    later = apart(visit)
    later.starts_at, later.ends_at = visit.starts_at, visit.ends_at
    Appointment.objects.bulk_update([later], ["starts_at", "ends_at"])


def update(visit):
    Appointment.objects.filter(pk=apart(visit).pk).update(starts_at=visit.starts_at)


def update_by_arithmetic(visit):
    ninety_minutes = timedelta(minutes=90)
    Appointment.objects.filter(pk=apart(visit).pk).update(
        starts_at=F("starts_at") - ninety_minutes, ends_at=F("ends_at") - ninety_minutes
    )


def lengthen(visit):
    apart(visit)
    Appointment.objects.filter(pk=visit.pk).update(ends_at=NOON + HALF_HOUR)


def give_to_the_same_person(visit):
    other = unsaved(visit, practitioner=make.make_practitioner(), room=None)
    other.save()
    Appointment.objects.filter(pk=other.pk).update(practitioner=visit.practitioner)


def put_into_the_same_room(visit):
    other = unsaved(visit, practitioner=make.make_practitioner(), room=None)
    other.save()
    Appointment.objects.filter(pk=other.pk).update(room=visit.room)


def call_back_what_was_cancelled(visit):
    other = unsaved(visit, status=Status.CANCELLED)
    other.save()
    Appointment.objects.filter(pk=other.pk).update(status=Status.BOOKED)


def take_the_reason_away(visit):
    other = unsaved(visit, overbooked_reason="In pain")
    other.save()
    Appointment.objects.filter(pk=other.pk).update(overbooked_reason="")


def update_by_sql(visit):
    written = connection.ops.adapt_datetimefield_value(visit.starts_at)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE booking_appointment SET starts_at = %s WHERE id = %s", [written, apart(visit).pk])


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
    "way",
    [
        save, save_by_room_alone, create_in_bulk, create_in_bulk_unless_it_is_there, update_in_bulk, update,
        update_by_arithmetic, lengthen, give_to_the_same_person, put_into_the_same_room,
        call_back_what_was_cancelled, take_the_reason_away, update_by_sql, insert_by_sql,
    ],
    ids=lambda way: way.__name__.replace("_", " "),
)  # fmt: skip
def test_a_visit_over_another_is_refused(visit, way):
    before = Appointment.objects.count()
    with pytest.raises(IntegrityError), transaction.atomic():
        way(visit)
    assert Appointment.objects.count() == before


@pytest.mark.parametrize(
    "spelling", ["%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d %H:%M:%S+00:00", "%Y-%m-%d %H:%M", "%Y%m%d %H%M"]
)
@pytest.mark.parametrize("shift", [timedelta(0), HALF_HOUR], ids=["same", "later"])
def test_an_instant_spelled_another_way_is_no_way_around(visit, spelling, shift):
    later = apart(visit)
    start, end = ((instant + shift).strftime(spelling) for instant in (visit.starts_at, visit.ends_at))
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE booking_appointment SET starts_at = %s, ends_at = %s WHERE id = %s", [start, end, later.pk]
        )


def test_a_form_says_why_and_a_form_that_does_not_ask_is_refused_all_the_same(visit):
    later = apart(visit)
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


def test_touching_visits_and_fractions_of_a_second_are_let_through(visit):
    next_one = unsaved(visit, starts_at=visit.ends_at, ends_at=visit.ends_at + timedelta(microseconds=1))
    next_one.save()
    unsaved(visit, starts_at=next_one.ends_at, ends_at=NOON).save()
    with pytest.raises(IntegrityError), transaction.atomic():
        unsaved(visit, starts_at=visit.ends_at, ends_at=next_one.ends_at).save()


def test_the_check_of_the_guards_finds_them_all(visit):
    assert checks.overlap_guards_stand(None, databases=["default"]) == []


@pytest.mark.django_db
def test_what_the_office_overlooks_the_database_refuses_and_the_office_says_so(client, stopped_clock, monkeypatch):
    service, place = make.make_service(), make.make_location()
    person = make.make_practitioner([service])
    make.make_appointment(service=service, practitioner=person, location=place, starts_at=TEN)
    monkeypatch.setattr(desk, "take_for_staff", lambda *args, **kwargs: None)
    client.force_login(get_user_model().objects.create_superuser("desk"))
    call = {"name": "Rita Hollow Horn", "phone": "403 555 0177", "on": "2026-11-24", "at": "10:00"}
    response = client.post("/admin/booking/appointment/add/", call | {"service": service.pk, "practitioner": person.pk})
    assert response.status_code == 409
    assert "already has an appointment at that time" in response.content.decode()
    assert (Appointment.objects.count(), Patient.objects.filter(name="Rita Hollow Horn").count()) == (1, 0)
