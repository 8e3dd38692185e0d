"""Durations are parsed and formatted as people write them."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError

from booking.staff.durations import HumanDurationField, format_duration, parse_duration
from tests.support import factories

pytestmark = pytest.mark.once


@pytest.mark.parametrize(
    ("text", "duration"),
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
def test_common_duration_formats_are_parsed(text, duration):
    assert parse_duration(text) == duration


@pytest.mark.parametrize(
    "text", ["soon", "-5", "1:75", "45 parsecs", "1.5 h", "30 30", "٤٥", "1 h 2 h", "9" * 40, "400 days", "45\x00"]
)
def test_invalid_durations_are_refused_with_a_sentence(text):
    with pytest.raises(ValidationError) as error:
        parse_duration(text)
    assert error.value.messages[0].endswith(".")


@pytest.mark.parametrize(
    ("duration", "text"),
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
def test_a_formatted_duration_can_be_parsed_again(duration, text):
    assert format_duration(duration) == text
    assert parse_duration(text) == duration


def test_an_unedited_duration_has_not_changed():
    field = HumanDurationField()
    assert not field.has_changed(timedelta(minutes=90), field.prepare_value(timedelta(minutes=90)))


def test_a_service_is_saved_with_typed_durations(admin_client):
    service = factories.make_service()
    form = admin_client.get(f"/admin/booking/service/{service.pk}/change/").context["adminform"].form
    data = {name: value for name in form.fields if (value := form[name].value()) is not None}
    data = {name: field.prepare_value(data[name]) for name, field in form.fields.items() if name in data}
    data |= {"duration": "50", "step": "0:15", "lead_time": "2 days", "needs_room": "on"}
    data |= {"practitioner_services-TOTAL_FORMS": "0", "practitioner_services-INITIAL_FORMS": "0"}
    response = admin_client.post(f"/admin/booking/service/{service.pk}/change/", data)
    assert response.status_code == 302
    service.refresh_from_db()
    assert [service.duration, service.step, service.lead_time] == [
        timedelta(minutes=50),
        timedelta(minutes=15),
        timedelta(days=2),
    ]
