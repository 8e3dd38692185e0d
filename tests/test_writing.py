"""A row stored by a statement that is put together once is the very row that Django would have stored."""

import pytest
from django.db import connection, transaction

from booking.models import Appointment, AppointmentEvent, Message, Patient, Service, Status, writing
from tests import make

pytestmark = pytest.mark.django_db


def values(row, *, but=()):
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields if field.name not in but}


@pytest.fixture
def visit(now):
    return make.make_appointment()


def test_a_new_row_is_stored_whole(visit):
    made = Appointment.objects.get(pk=visit.pk)
    made.pk, made._state.adding = None, True
    made.reference, made.uid, made.starts_at = "NEW23456", made.uid.__class__(int=1), made.ends_at
    made.ends_at = made.starts_at + visit.duration
    writing.insert(made)
    assert made.pk not in {None, visit.pk}
    assert values(Appointment.objects.get(pk=made.pk)) == values(made)


def test_json_is_stored_as_json(visit):
    told = {"status": "booked", "room": None, "words": "Zoë “quoted”"}
    event = AppointmentEvent(appointment=visit, kind="booked", at=visit.starts_at, actor_kind="system", after=told)
    writing.insert(event)
    assert AppointmentEvent.objects.get(pk=event.pk).after == told
    assert AppointmentEvent.objects.filter(after__status="booked").get() == event


def test_only_the_fields_that_are_named_are_stored(visit):
    before = Appointment.objects.get(pk=visit.pk)
    visit.status, visit.cancel_reason = Status.ARRIVED, "Not stored"
    writing.update(visit, "status")
    after = Appointment.objects.get(pk=visit.pk)
    assert (after.status, after.cancel_reason) == (Status.ARRIVED, before.cancel_reason)
    assert values(after, but={"status", "updated_at"}) == values(before, but={"status", "updated_at"})


def test_a_change_of_a_row_that_is_gone_is_an_error(now):
    nobody = Patient(pk=12345, name="Nobody")
    with pytest.raises(Patient.DoesNotExist):
        writing.update(nobody, "name")


def test_what_is_there_already_stays_as_it_is(visit):
    Message.objects.all().delete()
    rows = [Message(key=key, kind="confirmation", appointment=visit, due_at=visit.starts_at) for key in "aab"]
    writing.insert_missing(rows)
    writing.insert_missing([Message(key="a", kind="reminder", appointment=visit, due_at=visit.ends_at)])
    assert sorted(Message.objects.values_list("key", "kind")) == [("a", "confirmation"), ("b", "confirmation")]
    writing.insert_missing([])


def event_of(visit, **fields):
    return AppointmentEvent(appointment=visit, kind="booked", actor_kind="system", **fields)


def rows_that_belong_together(visit, *, now):
    """A patient who is new, a visit that becomes theirs, the event that says so, and two messages."""
    patient = Patient(name="Carol Roy", phone="+14035550177", email="carol@patients.example")
    visit.patient, visit.status = patient, Status.ARRIVED
    messages = [Message(key=key, kind="confirmation", appointment=visit, due_at=now) for key in ("new", "old")]
    return patient, event_of(visit, at=now), messages


def test_rows_that_belong_together_are_stored_at_once(visit, now, django_assert_num_queries):
    Message.objects.create(key="old", kind="reminder", appointment=visit, due_at=now)
    patient, event, messages = rows_that_belong_together(visit, now=now)
    changes = writing.AtOnce()
    changes.insert(patient)
    changes.update(visit, "status", "patient")
    changes.insert(event)
    changes.insert_missing(messages)
    changes.insert_missing([])
    with django_assert_num_queries(1 if connection.vendor == "postgresql" else 4):
        changes.store()
    assert values(Patient.objects.get(name="Carol Roy")) == values(patient)
    stored = Appointment.objects.get(pk=visit.pk)
    assert (stored.patient, stored.status, visit.patient_id) == (patient, Status.ARRIVED, patient.pk)
    assert values(AppointmentEvent.objects.get(pk=event.pk)) == values(event)
    assert sorted(Message.objects.filter(key__in=["new", "old"]).values_list("key", "kind")) == [
        ("new", "confirmation"), ("old", "reminder"),
    ]  # fmt: skip


def test_a_new_row_may_point_to_a_new_one(visit, now):
    made = Appointment.objects.get(pk=visit.pk)
    made.pk, made.reference, made.uid = None, "NEW23456", made.uid.__class__(int=1)
    made.starts_at, made.ends_at = made.ends_at, made.ends_at + visit.duration
    event = event_of(made, at=now)
    changes = writing.AtOnce()
    changes.insert(made)
    changes.insert(event)
    changes.store()
    assert event.appointment_id == made.pk != visit.pk
    assert AppointmentEvent.objects.get(pk=event.pk).appointment == made


def test_where_one_of_several_is_gone_nothing_is_stored(visit, now):
    changes = writing.AtOnce()
    changes.insert(event_of(visit, at=now))
    changes.update(Patient(pk=12345, name="Nobody"), "name")
    with pytest.raises(Patient.DoesNotExist), transaction.atomic():
        changes.store()
    assert not AppointmentEvent.objects.filter(at=now).exists()


def test_a_model_that_somebody_listens_to_is_refused(visit):
    service = Service.objects.get()
    with pytest.raises(TypeError, match="listens"):
        writing.update(service, "name")


def test_the_second_row_takes_the_same_words(now, django_assert_num_queries):
    for name in ("one", "two"):
        with django_assert_num_queries(1) as asked:
            writing.insert(Patient(name=name))
        assert asked.captured_queries[0]["sql"].startswith("INSERT INTO")
