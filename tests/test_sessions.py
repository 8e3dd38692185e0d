"""Sessions are stored by short statements of ours, and behave as Django's do."""

from datetime import timedelta

import pytest
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.backends.db import SessionStore as DjangosStore
from django.contrib.sessions.models import Session

from clinic.sessions import SessionStore
from tests.conftest import NOW

pytestmark = pytest.mark.django_db


def stored(**values):
    session = SessionStore()
    session.update(values)
    session.save()
    return session


def test_what_was_stored_is_there_again(now):
    session = stored(step="times")
    assert dict(SessionStore(session.session_key)) == {"step": "times"}
    session["step"] = "details"
    session.save()
    assert dict(SessionStore(session.session_key)) == {"step": "details"}
    assert Session.objects.count() == 1


def test_django_reads_what_we_stored_and_we_read_what_it_stored(now):
    assert dict(DjangosStore(stored(step="times").session_key)) == {"step": "times"}
    theirs = DjangosStore()
    theirs["step"] = "check"
    theirs.save()
    assert dict(SessionStore(theirs.session_key)) == {"step": "check"}


def test_a_session_ends_with_its_time(now, time_machine):
    session = stored(step="times")
    session.set_expiry(timedelta(hours=2))
    session.save()
    time_machine.move_to(NOW + timedelta(hours=2, seconds=1), tick=False)
    late = SessionStore(session.session_key)
    assert dict(late) == {}
    assert late.session_key is None


def test_a_session_that_was_ended_meanwhile_is_not_brought_back(now):
    session = stored(step="times")
    SessionStore(session.session_key).delete()
    session["step"] = "details"
    with pytest.raises(UpdateError):
        session.save()
    assert not Session.objects.exists()


def test_a_name_that_is_taken_is_not_used_twice(now, monkeypatch):
    first = stored(whose="Alice")
    names = iter([first.session_key, "another-name-altogether"])
    monkeypatch.setattr(SessionStore, "_get_new_session_key", lambda self: next(names))
    second = stored(whose="Bob")
    assert second.session_key == "another-name-altogether"
    assert dict(SessionStore(first.session_key)) == {"whose": "Alice"}


def test_storing_and_reading_take_one_statement_each(now, django_assert_num_queries):
    with django_assert_num_queries(1):
        session = stored(step="times")
    with django_assert_num_queries(1):
        session.save()
    with django_assert_num_queries(1):
        dict(SessionStore(session.session_key))
