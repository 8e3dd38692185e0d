"""End the sessions of a login, for example when it is switched off."""

from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session
from django.utils import timezone


def end_sessions(user: Any) -> None:
    """Delete the user's sessions. A session names its user in its encoded data only, so each is read."""
    sessions = Session.objects.filter(expire_date__gt=timezone.now()).iterator()
    ended = [session.pk for session in sessions if session.get_decoded().get(SESSION_KEY) == str(user.pk)]
    Session.objects.filter(pk__in=ended).delete()
