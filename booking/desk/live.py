"""GET /desk/version/: whether a calendar that stands open has to ask for its rows again.

Asked every few seconds by every open calendar: it writes nothing, is no activity (``clinic.accounts.idle_sessions``)
and takes one query besides those of the login.
"""

from typing import Any, cast

from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.views.decorators.http import require_safe

from booking.desk.calendar.version import calendar_version
from booking.staff.access import shows_no_times

BACKEND = "django.contrib.auth.backends.ModelBackend"


@require_safe
@shows_no_times
def version(request: HttpRequest) -> HttpResponse:
    """The version in the ETag and the body; 304 if it is the one that the page has. It depends on no other rights."""
    users = get_user_model().objects
    may_see = users.with_perm("booking.view_appointment", backend=BACKEND) | users.with_perm(
        "booking.view_own_day", backend=BACKEND
    )
    user: Any = request.user
    current = calendar_version(may_see.filter(pk=user.pk), now=timezone.now())
    if current is None:
        raise PermissionDenied
    etag = f'"{current}"'
    response = HttpResponse(current, content_type="text/plain", headers={"ETag": etag})
    return cast(HttpResponse, get_conditional_response(request, etag, None, response))
