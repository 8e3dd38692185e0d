import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group

from tests.support import factories


@pytest.fixture
def location(db):
    return factories.make_location(slug="okotoks")


@pytest.fixture
def owner(client, db):
    """A browser of the clinic's owner."""
    factories.make_clinic()
    user = get_user_model().objects.create_user("dana", "dana@clinic.example", is_staff=True)
    user.groups.add(Group.objects.get(name="Owner"))
    client.force_login(user)
    return client
