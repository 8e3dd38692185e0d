"""What the front desk requires of each request, as the admin does of its own: a login, its second step, the clinic's
time zone, and that nothing is stored by browsers or proxies.
"""

from collections.abc import Callable, Iterable
from datetime import tzinfo
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.cache import add_never_cache_headers

from booking.models import Location
from clinic.accounts import second_factor

DESK_PATH = "/desk/"
STAFF_PATHS = ("/admin/", DESK_PATH, "/staff/")  # Everything that only staff use.


class StaffAreaMiddleware:
    """Guard the views under ``/desk/``. ``request.locations``: all locations, in their order."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path.startswith(DESK_PATH):
            return self.get_response(request)
        try:
            response = self.get_response(request)
        finally:
            timezone.deactivate()
        if not response.has_header("Cache-Control"):  # The pages of errors have stricter ones.
            add_never_cache_headers(response)
        response.headers["X-Robots-Tag"] = "noindex"
        return response

    def process_view(self, request: HttpRequest, view: Any, *args: Any) -> HttpResponse | None:
        """Ask for a login, after Django has resolved the address and checked the CSRF token. Set the time zone."""
        if not request.path.startswith(DESK_PATH):
            return None
        user = request.user
        if not user.is_authenticated:
            return redirect_to_login(request.get_full_path() if request.method == "GET" else DESK_PATH)
        if not user.is_staff:
            raise PermissionDenied
        if second_factor.is_missing_in(request):
            return redirect("mfa_index")
        if not getattr(view, "shows_no_times", False):
            request.locations = list(Location.objects.all())  # type: ignore[attr-defined]
            timezone.activate(zone_of(request.locations))  # type: ignore[attr-defined]
        return None


def sees_only_own_day(user: Any) -> bool:
    """Whether the only diary that this user may see is their own: a practitioner, who works on a phone."""
    return bool(user.has_perm("booking.view_own_day") and not user.has_perm("booking.view_appointment"))


def is_privacy_officer_only(user: Any) -> bool:
    """Whether this user reads the logs and sees no diary."""
    has_diary = user.has_perm("booking.view_own_day") or user.has_perm("booking.view_appointment")
    return bool(user.has_perm("booking.view_accesslogentry") and not has_diary)


def clinic_zone() -> tzinfo:
    """Return the first location's time zone, or UTC if there is no location."""
    return zone_of(Location.objects.only("time_zone")[:1])


def zone_of(locations: Iterable[Location]) -> tzinfo:
    location = next(iter(locations), None)
    return location.zone if location else timezone.get_default_timezone()
