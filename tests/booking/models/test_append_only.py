"""Append-only models cannot be updated or deleted."""

import pytest
from django.apps import apps

from booking.models import Appointment, AppointmentEvent
from booking.models.append_only import AppendOnlyModel, AppendOnlyQuerySet
from content.models import Revision
from tests.support.content_factories import make_page
from tests.support.factories import make_appointment

APPEND_ONLY_MODELS = [model for model in apps.get_models() if issubclass(model, AppendOnlyModel)]


def test_the_append_only_models():
    assert {model.__name__ for model in APPEND_ONLY_MODELS} == {
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
