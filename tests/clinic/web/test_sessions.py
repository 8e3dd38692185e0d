"""Database sessions: they expire, and a deleted session is not recreated."""

from datetime import timedelta

import pytest
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session

from tests.conftest import NOW

pytestmark = pytest.mark.django_db


def make_session(**values):
    session = SessionStore()
    session.update(values)
    session.save()
    return session


def test_a_stored_session_is_loaded_again(now):
    session = make_session(step="times")
    assert dict(SessionStore(session.session_key)) == {"step": "times"}
    session["step"] = "details"
    session.save()
    assert dict(SessionStore(session.session_key)) == {"step": "details"}
    assert Session.objects.count() == 1


def test_a_session_expires(time_machine):
    time_machine.move_to(NOW, tick=False)
    session = make_session(step="times")
    session.set_expiry(timedelta(hours=2))
    session.save()
    time_machine.move_to(NOW + timedelta(hours=2, seconds=1), tick=False)
    expired = SessionStore(session.session_key)
    assert dict(expired) == {}
    assert expired.session_key is None


def test_a_session_that_was_deleted_meanwhile_is_not_recreated(now):
    session = make_session(step="times")
    SessionStore(session.session_key).delete()
    session["step"] = "details"
    with pytest.raises(UpdateError):
        session.save()
    assert not Session.objects.exists()
