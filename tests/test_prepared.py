"""A row read by a prepared query is the very row that Django reads, with all that belongs to it."""

import uuid

import pytest
from django.db import connection, transaction
from django.db.models import Model

from booking.models import Appointment, Status
from booking.models.prepared import Prepared
from tests import journey

pytestmark = pytest.mark.django_db
BESIDE = ("practitioner", "service", "location", "room", "patient")


def rows():
    return Appointment.objects.select_related(*BESIDE)


by_uid = Prepared(rows, by="uid")
by_id_and_locked = Prepared(lambda: rows().select_for_update(of=("self",)), by="id")


def everything(row):
    """All values of a row and of what stands beside it."""
    values = {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}
    return values | {
        name: everything(beside) if isinstance(beside := getattr(row, name), Model) else beside
        for name in BESIDE
        if isinstance(row, Appointment)
    }


@pytest.fixture
def held(client, now):
    journey.make_small_clinic()
    assert journey.choose(client).status_code == 302
    return Appointment.objects.get(status=Status.HELD)


def test_a_hold_without_a_patient_is_read_whole(held):
    assert everything(by_uid.find(held.uid.hex)) == everything(rows().get(pk=held.pk))
    assert by_uid.find(held.uid.hex).patient is None


def test_a_visit_is_read_whole_and_as_it_now_is(client, held):
    assert by_uid.find(held.uid.hex).status == Status.HELD
    journey.type_details(client)
    journey.confirm(client)
    visit = by_uid.find(held.uid.hex)
    assert everything(visit) == everything(rows().get(pk=held.pk))
    assert (visit.status, visit.patient.name) == (Status.BOOKED, "Alice Martin")


def test_what_was_read_can_be_changed_and_saved(held):
    found = by_uid.find(held.uid.hex)
    found.cancel_reason = "Tried"
    found.save()
    assert Appointment.objects.get(pk=held.pk).cancel_reason == "Tried"


def test_what_stands_beside_is_each_row_s_own_and_as_it_now_is(held):
    one, other = by_uid.find(held.uid.hex), by_uid.find(held.uid.hex)
    assert one.service == other.service
    assert one.service is not other.service
    one.service.name = "Changed, and not stored"
    assert other.service.name == by_uid.find(held.uid.hex).service.name == held.service.name
    other.service.name = "Changed and stored"
    other.service.save()
    assert by_uid.find(held.uid.hex).service.name == "Changed and stored"


def test_what_is_read_through_a_row_is_read_for_it_alone(held):
    """A service's first visit may be another one tomorrow, while the service's own row stays as it was."""
    service = by_uid.find(held.uid.hex).service
    assert "first_visit_service" not in service._state.fields_cache
    service.first_visit_service  # noqa: B018  # Kept beside this copy.
    assert "first_visit_service" not in by_uid.find(held.uid.hex).service._state.fields_cache


def test_a_row_is_locked_where_rows_can_be(held, django_assert_num_queries):
    with transaction.atomic(), django_assert_num_queries(1) as asked:
        assert by_id_and_locked.get(held.pk) == held
    assert ("FOR UPDATE OF" in asked.captured_queries[0]["sql"]) == (connection.vendor == "postgresql")


def test_what_is_not_there_is_not_found(held):
    assert by_uid.find(uuid.uuid4().hex) is None
    with transaction.atomic(), pytest.raises(Appointment.DoesNotExist):
        by_id_and_locked.get(held.pk + 1)
