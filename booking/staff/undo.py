"""Undo: one POST form, offered on the next page, that takes the user's last act back.

It lives in the session, which is on the server, as it may name a patient. The act's own command decides whether it
can still be undone.
"""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest

SESSION_KEY = "desk_undo"


def offer_undo(request: HttpRequest, sentence: str, url: str, fields: Mapping[str, str]) -> None:
    """Say what was done, with a button that posts ``fields`` to ``url``. The form also carries ``back``."""
    request.session[SESSION_KEY] = {
        "sentence": sentence,
        "url": url,
        "fields": dict(fields),
        "back": request.POST.get("back", ""),
    }


def take_undo(request: HttpRequest) -> dict[str, Any] | None:
    """The offer, which is made once."""
    offer: dict[str, Any] | None = request.session.pop(SESSION_KEY, None)
    return offer
