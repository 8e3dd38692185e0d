"""Clear browser sessions of what they hold of a person: links they opened, answers in a form, records staff opened."""

import json
import re
from collections.abc import Collection, Iterable
from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session

from booking.models import Appointment, Patient, WaitlistEntry
from booking.privacy.disposal.people import Identity

_OPENED = "opened_patients"  # As booking.staff.access writes it: by primary key.
_BOOKING = "booking"  # A visitor's booking: somebody of the same name may be in the middle of one.
_LOGIN = ("_auth_", "account_")  # Django's and allauth's keys: they hold a login's name, not a patient's.


class Mentions:
    """Finds and removes what a session holds of these people."""

    def __init__(
        self,
        rows: Collection[Patient],
        identities: Iterable[Identity],
        visits: Collection[Appointment],
        entries: Collection[WaitlistEntry],
    ) -> None:
        links = {visit.uid.hex for visit in visits} | {visit.reference for visit in visits}
        links |= {entry.uid.hex for entry in entries}
        for identity in identities:
            links |= identity.emails | identity.phones
        names = {name for identity in identities for name in identity.names} | {row.given_names for row in rows}
        self._patients = {str(row.pk) for row in rows}
        self._links, self._words = _pattern(links), _pattern(links | names)

    def clear(self, session: SessionBase | dict[str, Any]) -> bool:
        """Remove the values that mention them. Returns whether there were any."""
        found = [key for key in list(session.keys()) if not key.startswith(_LOGIN) and self._is_in(key, session[key])]
        for key in found:
            del session[key]
        opened = session.get(_OPENED) or {}
        if self._patients & set(opened):
            session[_OPENED] = {key: value for key, value in opened.items() if key not in self._patients}
            return True
        return bool(found)

    def _is_in(self, key: str, value: Any) -> bool:
        pattern = self._links if key == _BOOKING else self._words
        return pattern.search(json.dumps(value, ensure_ascii=False, default=str)) is not None


def _pattern(words: Iterable[str]) -> re.Pattern[str]:
    """Matches one of these words as a whole; nothing if there are none."""
    choices = "|".join(re.escape(word) for word in sorted(words) if word)
    return re.compile(rf"(?<!\w)(?:{choices})(?!\w)" if choices else r"(?!)", re.IGNORECASE)


def clear_sessions(mentions: Mentions) -> int:
    """Clear all sessions. One without a login that mentions them is ended. Returns their number."""
    count = 0
    for session in Session.objects.iterator():
        values = session.get_decoded()
        if not mentions.clear(values):
            continue
        count += 1
        if SESSION_KEY in values:
            Session.objects.filter(pk=session.pk).update(session_data=SessionStore().encode(values))
        else:
            session.delete()
    return count
