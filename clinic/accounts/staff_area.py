"""What the front desk requires of each request, as the admin does of its own: a login, its second step, the clinic's
time zone, and that nothing is stored by browsers or proxies.
"""

from collections.abc import Callable
from datetime import tzinfo

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.cache import add_never_cache_headers, patch_cache_control

from booking.models import Location
from clinic.accounts import second_factor

DESK_PATH = "/desk/"


def staff_area_middleware(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Guard the addresses under ``/desk/``."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if not request.path.startswith(DESK_PATH):
            return get_response(request)
        response = _refusal(request)
        if response is None:
            with timezone.override(clinic_zone()):
                response = get_response(request)
        add_never_cache_headers(response)
        patch_cache_control(response, no_store=True)
        response.headers["X-Robots-Tag"] = "noindex"
        return response

    return middleware


def _refusal(request: HttpRequest) -> HttpResponse | None:
    user = request.user
    if not user.is_authenticated:
        return redirect_to_login(request.get_full_path() if request.method == "GET" else DESK_PATH)
    if not user.is_staff:
        raise PermissionDenied
    return redirect("mfa_index") if second_factor.is_missing(user) else None


def clinic_zone() -> tzinfo:
    """Return the first location's time zone, or UTC if there is no location."""
    location = Location.objects.only("time_zone").first()
    return location.zone if location else timezone.get_default_timezone()
