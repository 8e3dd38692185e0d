"""A link's token opens one appointment, cannot be guessed or forged, and expires."""

import base64
import re
from datetime import timedelta

import pytest

from booking import tokens
from booking.models import Status
from tests.support.factories import make_appointment

pytestmark = pytest.mark.django_db


def test_a_token_opens_its_own_appointment(now):
    alices, bobs = make_appointment(), make_appointment()
    assert tokens.appointment_for(tokens.manage_token(alices), now=now) == alices
    assert tokens.appointment_for(tokens.manage_token(bobs), now=now) == bobs


def test_a_token_is_43_url_safe_characters():
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", tokens.manage_token(make_appointment()))


def test_a_token_is_stable_so_that_later_emails_contain_the_same_link(now):
    appointment = make_appointment()
    first = tokens.manage_token(appointment)
    appointment.refresh_from_db()
    assert tokens.manage_token(appointment) == first


def test_incrementing_the_generation_revokes_earlier_links(now):
    appointment = make_appointment()
    old = tokens.manage_token(appointment)
    appointment.link_generation += 1
    appointment.save()
    assert tokens.appointment_for(old, now=now) is None
    assert tokens.appointment_for(tokens.manage_token(appointment), now=now) == appointment


def test_a_token_with_any_one_character_changed_opens_nothing(now):
    token = tokens.manage_token(make_appointment())
    for index, character in enumerate(token):
        other = "A" if character != "A" else "B"
        assert tokens.appointment_for(token[:index] + other + token[index + 1 :], now=now) is None


def test_one_appointments_hash_does_not_open_another(now):
    alices, bobs = make_appointment(), make_appointment()
    bobs_hash = base64.urlsafe_b64decode(tokens.manage_token(bobs) + "=")[16:]
    forged = base64.urlsafe_b64encode(alices.uid.bytes + bobs_hash).decode().rstrip("=")
    assert tokens.appointment_for(forged, now=now) is None


def test_only_the_canonical_encoding_of_a_token_is_valid(now):
    """43 base64 characters encode two bits more than 32 bytes: these must be zero."""
    appointment = make_appointment()
    token = tokens.manage_token(appointment)
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    opened = [last for last in alphabet if tokens.appointment_for(token[:-1] + last, now=now)]
    assert opened == [token[-1]]


MALFORMED = {
    "empty": "",
    "short": "x",
    "a character missing": "A" * 42,
    "a character more": "A" * 44,
    "zeros": "A" * 43,
    "other letters": "é" * 43,
    "other digits": "٣" * 43,
    "padding": "A" * 42 + "=",
    "newline within": "A" * 42 + "\n",
    "newline at the end": "A" * 43 + "\n",
    "NUL": "\x00" * 43,
    "lone surrogate": "\ud800" * 43,
}


@pytest.mark.parametrize("token", MALFORMED.values(), ids=MALFORMED.keys())
def test_a_malformed_token_opens_nothing(token, now):
    make_appointment()
    assert tokens.appointment_for(token, now=now) is None


def test_a_link_shows_the_appointment_until_a_day_after_it_and_expires_after_180_days():
    appointment = make_appointment()
    token = tokens.manage_token(appointment)
    tick = timedelta(microseconds=1)
    shows_until, expires_at = appointment.ends_at + timedelta(days=1), appointment.ends_at + timedelta(days=180)
    assert tokens.appointment_for(token, now=shows_until) == appointment
    assert not tokens.is_past(appointment, shows_until)
    assert tokens.is_past(appointment, shows_until + tick)
    assert tokens.appointment_for(token, now=expires_at) == appointment
    assert tokens.is_past(appointment, expires_at)
    assert tokens.appointment_for(token, now=expires_at + tick) is None


@pytest.mark.parametrize("status", [Status.HELD, Status.EXPIRED])
def test_a_hold_has_no_link(status, now):
    assert tokens.appointment_for(tokens.manage_token(make_appointment(status=status)), now=now) is None


def test_a_cancelled_appointment_can_still_be_opened(now):
    appointment = make_appointment(status=Status.CANCELLED)
    assert tokens.appointment_for(tokens.manage_token(appointment), now=now) == appointment


def test_links_survive_key_rotation_while_the_old_key_is_a_fallback(settings, now):
    appointment = make_appointment()
    token, old = tokens.manage_token(appointment), settings.SECRET_KEY
    settings.SECRET_KEY = "another-key-of-at-least-thirty-two-characters"
    assert tokens.appointment_for(token, now=now) is None
    settings.SECRET_KEY_FALLBACKS = [old]
    assert tokens.appointment_for(token, now=now) == appointment


def test_the_links_url_is_absolute_and_contains_the_token(settings):
    settings.SITE_URL = "https://clinic.example"
    appointment = make_appointment()
    assert tokens.manage_url(appointment) == f"https://clinic.example/appointment/{tokens.manage_token(appointment)}/"
