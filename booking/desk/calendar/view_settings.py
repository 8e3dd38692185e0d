"""What one login or browser chose for its calendar: whose columns, the height of rows, and keys.

The people live in the session. Rows and keys are of the screen and the keyboard, so they live in cookies.
"""

from collections.abc import Iterable, Sequence
from datetime import timedelta

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from booking.models import Practitioner

PEOPLE = "desk_people"  # In the session: primary keys.
ROWS_COOKIE, LOW_ROWS = "desk_rows", "low"
KEYS_COOKIE, KEYS_OFF = "desk_keys", "off"
COOKIE_AGE = timedelta(days=365)


def has_low_rows(request: HttpRequest) -> bool:
    return request.COOKIES.get(ROWS_COOKIE) == LOW_ROWS


def has_keys(request: HttpRequest) -> bool:
    return request.COOKIES.get(KEYS_COOKIE) != KEYS_OFF


def chosen_people(request: HttpRequest, everyone: Sequence[Practitioner]) -> list[Practitioner]:
    """Those that the login chose to see; everyone if it chose nobody who is there."""
    chosen = request.session.get(PEOPLE, [])
    return [person for person in everyone if person.pk in chosen] or list(everyone)


def choose_people(request: HttpRequest, chosen: Iterable[Practitioner]) -> None:
    request.session[PEOPLE] = [person.pk for person in chosen]


def remember(response: HttpResponse, cookie: str, value: str) -> None:
    """Keep a setting in this browser, for the desk only; an empty value forgets it."""
    if not value:
        response.delete_cookie(cookie, path="/desk/", samesite="Lax")
        return
    response.set_cookie(
        cookie,
        value,
        max_age=COOKIE_AGE,
        path="/desk/",
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
