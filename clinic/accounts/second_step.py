"""End sessions that have not passed the second step of a login that has one.

A session that was opened by password alone, perhaps by a thief, must not keep its access once the person sets up a
second factor in another browser. The session in which the factor is added stays.
"""

from collections.abc import Callable
from typing import Any

from allauth.mfa import signals
from allauth.mfa.models import Authenticator
from django.contrib import messages
from django.contrib.auth import SESSION_KEY
from django.contrib.auth.views import redirect_to_login
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext

from clinic.accounts.idle_sessions import end_login
from clinic.accounts.second_factor import ADDED_KEY, is_step_due
from clinic.accounts.staff_area import STAFF_PATHS


def second_step_middleware(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Log out sessions that lack the second step, on staff addresses. The next login returns to the same page."""

    def middleware(request: HttpRequest) -> HttpResponse:
        is_staff_path = request.path.startswith(STAFF_PATHS) and SESSION_KEY in request.session
        if not is_staff_path or not request.user.is_authenticated or not is_step_due(request):
            return get_response(request)
        end_login(request)
        messages.info(request, gettext("Your login now has a second step. Please log in again."))
        return redirect_to_login(request.get_full_path() if request.method == "GET" else "/admin/")

    return middleware


@receiver(signals.authenticator_added)
@receiver(signals.authenticator_reset)
@receiver(signals.authenticator_removed)
def keep_own_session(sender: Any, request: HttpRequest, user: Any, **kwargs: Any) -> None:
    """Keep the session in which the user, who has just proved who they are, changes their second factors."""
    if request.user == user:
        ids = Authenticator.objects.filter(user=user).order_by("pk").values_list("pk", flat=True)
        request.session[ADDED_KEY] = list(ids)
