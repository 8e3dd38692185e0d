"""Fixtures of the desk's tests: a practitioner with hours, visits, and logins."""

import re
from datetime import UTC, datetime, time, timedelta

import pytest
from django.contrib.auth.models import Group

from tests.support import factories

NINE = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)  # 9:00 a.m. in Alberta on Monday, November 23; it is 8:00.
MINUTES = timedelta(minutes=1)


def words_of(response):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


@pytest.fixture(autouse=True)
def _fixed_clock(stopped_clock):
    """Monday, November 23, 2026, 8:00 a.m. in Alberta."""


@pytest.fixture
def service():
    return factories.make_service(duration=45 * MINUTES, buffer_after=timedelta(0), needs_room=False)


@pytest.fixture
def maya(service, location):
    maya = factories.make_practitioner([service], name="Maya Okafor", slug="maya-okafor", position=1)
    factories.make_hours(maya, location, end_time=time(12))
    return maya


@pytest.fixture
def make_visit(service, location, maya):
    def make_visit(name="Alice Martin", starts_at=NINE, **fields):
        defaults = {"practitioner": maya, "service": service, "location": location}
        patient = fields.pop("patient", None) or factories.make_patient(name=name)
        return factories.make_appointment(**defaults | {"patient": patient, "starts_at": starts_at} | fields)

    return make_visit


@pytest.fixture
def as_practitioner(client, django_user_model, maya):
    """A client logged in as Maya, whose role sees her own day only."""
    user = django_user_model.objects.create_user("maya", password="x", is_staff=True)
    user.groups.add(Group.objects.get(name="Practitioner"))
    maya.user = user
    maya.save()
    client.force_login(user)
    return client
