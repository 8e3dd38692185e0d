"""A computer left alone at the front desk logs itself out.

Only staff: a patient's session holds no login, and is neither read nor ended here. What that
browser was booking as a visitor is kept when its login ends.
"""

import time
from collections.abc import Callable

from django.conf import settings
from django.contrib.auth import SESSION_KEY, logout
from django.contrib.auth.signals import user_logged_in
from django.contrib.auth.views import redirect_to_login
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse

from booking.views.visitor import KEY as VISITOR

OFFICE = ("/admin/", "/staff/")
SEEN = "staff_seen_at"
_WRITE_EVERY = 60  # seconds; a session row need not be written at each click


class IdleSessionMiddleware:
    """Ends a login that nobody has used for ``settings.STAFF_IDLE``, and leads back after the next one."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path.startswith(OFFICE) or SESSION_KEY not in request.session:
            return self.get_response(request)
        now = time.time()
        seen = request.session.get(SEEN, now)
        if now - seen > settings.STAFF_IDLE.total_seconds():
            end_login(request)
            if request.path.startswith("/staff/"):
                return self.get_response(request)  # Its pages know what to do with somebody who is not logged in.
            return redirect_to_login(request.get_full_path() if request.method == "GET" else "/admin/")
        if SEEN not in request.session or now - seen > _WRITE_EVERY:
            request.session[SEEN] = now
        return self.get_response(request)


@receiver(user_logged_in)
def begin_counting(sender: object, request: HttpRequest, **kwargs: object) -> None:
    request.session[SEEN] = time.time()


def end_login(request: HttpRequest) -> None:
    """Log out, but keep what the same browser holds as a visitor of the public pages."""
    kept = request.session.get(VISITOR)
    logout(request)
    if kept:
        request.session[VISITOR] = kept
