"""Fixtures for the scheduling tests: a clinic, a one-hour service, a practitioner and a staff actor."""

from contextlib import contextmanager
from datetime import timedelta

import pytest

from booking.scheduling import Actor
from tests.support.factories import make_clinic, make_hours, make_practitioner, make_service


@pytest.fixture
def clinic():
    return make_clinic()


@pytest.fixture
def service():
    return make_service(duration=timedelta(hours=1))


@pytest.fixture
def practitioner(service, location):
    practitioner = make_practitioner([service])
    make_hours(practitioner, location)
    return practitioner


@pytest.fixture
def desk(django_user_model):
    return Actor.staff(django_user_model.objects.create_user("desk", password="a long password"))


@pytest.fixture
def just_before_the_lock(monkeypatch):
    """Run a callback after a command's first check and before it acquires the lock."""

    def arrange(module, happening):
        real = module.locked

        @contextmanager
        def late(*args, **kwargs):
            happening()
            with real(*args, **kwargs):
                yield

        monkeypatch.setattr(module, "locked", late)

    return arrange
