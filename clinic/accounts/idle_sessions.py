"""Log staff out after an idle timeout, and after an absolute session lifetime however busy the session is.

The first is for unattended computers at the front desk, the second for a session cookie that was copied.

Sessions without a login are not affected. A booking in progress in the same browser survives the logout.
"""

import time
from collections.abc import Callable

from django.conf import settings
from django.contrib.auth import SESSION_KEY, logout
from django.contrib.auth.signals import user_logged_in
from django.contrib.auth.views import redirect_to_login
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from booking.views.session import BOOKING_KEY
from clinic.accounts.staff_area import DESK_PATH, STAFF_PATHS, sees_only_own_day

VERSION_PATH = "/desk/version/"
BACKGROUND_HEADER = "X-Desk-Refresh"
SEEN = "staff_seen_at"
STARTED = "staff_login_at"
_WRITE_INTERVAL = 60  # seconds, so that not every request writes the session


class IdleSessionMiddleware:
    """Log out a user who has been idle for ``STAFF_IDLE`` or logged in for ``STAFF_SESSION``.

    Practitioners, who use a phone between rooms, are logged out after ``STAFF_IDLE_OWN_DAY``.

    The next login returns to the same page.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path.startswith(STAFF_PATHS) or SESSION_KEY not in request.session:
            return self.get_response(request)
        now = time.time()
        seen_at = request.session.get(SEEN, now)
        started_at = request.session.get(STARTED, now)
        is_idle = _is_idle(request, now - seen_at)
        if is_idle or now - started_at >= settings.STAFF_SESSION.total_seconds():
            start = _start_of(request)
            end_login(request)
            if request.path.startswith("/staff/"):
                return self.get_response(request)  # allauth's views redirect anonymous users themselves.
            return redirect_to_login(request.get_full_path() if request.method == "GET" else start)
        if SEEN not in request.session or (now - seen_at > _WRITE_INTERVAL and not _is_background(request)):
            request.session[SEEN] = now
            request.session.setdefault(STARTED, now)  # Sessions of an earlier release.
        return self.get_response(request)


def _is_idle(request: HttpRequest, idle: float) -> bool:
    """Whether so many seconds without a request end this login."""
    if idle > settings.STAFF_IDLE.total_seconds():
        return True
    return idle > settings.STAFF_IDLE_OWN_DAY.total_seconds() and sees_only_own_day(request.user)


def _start_of(request: HttpRequest) -> str:
    """Where to go on after the next login, if the request cannot be repeated."""
    if sees_only_own_day(request.user):
        return reverse("desk:my_day")
    return DESK_PATH if request.path.startswith(DESK_PATH) else "/admin/"


def _is_background(request: HttpRequest) -> bool:
    """Whether a page that stands open asks by itself: that is no activity of the user."""
    return request.path == VERSION_PATH or BACKGROUND_HEADER in request.headers


@receiver(user_logged_in)
def start_idle_timer(sender: object, request: HttpRequest, **kwargs: object) -> None:
    request.session[SEEN] = request.session[STARTED] = time.time()


def end_login(request: HttpRequest) -> None:
    """Log out, but keep the session's booking in progress."""
    booking = request.session.get(BOOKING_KEY)
    logout(request)
    if booking:
        request.session[BOOKING_KEY] = booking
