"""The office writes durations as people do."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError

from booking.admin.durations import WrittenDurationField, read_duration, write_duration
from tests import make

pytestmark = pytest.mark.once


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("45", timedelta(minutes=45)),
        (" 45 min ", timedelta(minutes=45)),
        ("45m", timedelta(minutes=45)),
        ("0:45", timedelta(minutes=45)),
        ("0:45:00", timedelta(minutes=45)),
        ("1:30", timedelta(minutes=90)),
        ("1 h 30 min", timedelta(minutes=90)),
        ("90 Minutes", timedelta(minutes=90)),
        ("24 h", timedelta(days=1)),
        ("1 day", timedelta(days=1)),
        ("2 days", timedelta(days=2)),
        ("1 day 12 hours", timedelta(hours=36)),
        ("0", timedelta()),
    ],
)
def test_a_duration_is_read_as_people_write_it(written, meant):
    assert read_duration(written) == meant


@pytest.mark.parametrize(
    "written", ["soon", "-5", "1:75", "45 parsecs", "1.5 h", "30 30", "٤٥", "1 h 2 h", "9" * 40, "400 days", "45\x00"]
)
def test_what_is_no_duration_is_refused_with_a_sentence(written):
    with pytest.raises(ValidationError) as refused:
        read_duration(written)
    assert refused.value.messages[0].endswith(".")


@pytest.mark.parametrize(
    ("duration", "shown"),
    [
        (timedelta(), "0 min"),
        (timedelta(minutes=45), "45 min"),
        (timedelta(hours=1), "1 h"),
        (timedelta(minutes=90), "1 h 30 min"),
        (timedelta(hours=24), "24 h"),
        (timedelta(days=2), "2 days"),
        (timedelta(hours=50), "50 h"),
        (timedelta(seconds=90), "0:01:30"),
    ],
)
def test_a_duration_is_shown_so_that_it_can_be_read_again(duration, shown):
    assert write_duration(duration) == shown
    assert read_duration(shown) == duration


def test_an_untouched_duration_has_not_changed():
    field = WrittenDurationField()
    assert not field.has_changed(timedelta(minutes=90), field.prepare_value(timedelta(minutes=90)))


def test_a_service_is_saved_with_durations_as_they_are_written(admin_client):
    service = make.make_service()
    form = admin_client.get(f"/admin/booking/service/{service.pk}/change/").context["adminform"].form
    typed = {name: value for name in form.fields if (value := form[name].value()) is not None}
    typed = {name: field.prepare_value(typed[name]) for name, field in form.fields.items() if name in typed}
    typed |= {"duration": "50", "step": "0:15", "lead_time": "2 days", "needs_room": "on"}
    typed |= {"practitioner_services-TOTAL_FORMS": "0", "practitioner_services-INITIAL_FORMS": "0"}
    response = admin_client.post(f"/admin/booking/service/{service.pk}/change/", typed)
    assert response.status_code == 302
    service.refresh_from_db()
    assert [service.duration, service.step, service.lead_time] == [
        timedelta(minutes=50),
        timedelta(minutes=15),
        timedelta(days=2),
    ]
