"""Who may block whose time at the desk."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse

from booking.models import Practitioner
from booking.staff.access import staff_page

View = Callable[..., HttpResponse]


def blocking_page(view: View) -> View:
    """Refuse (403) who may see no calendar, as every answer shows it, or may block nobody's time."""

    @staff_page("booking.view_appointment", own="booking.view_own_day")
    @wraps(view)
    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not may_block_someone(request):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return checked


def may_block_someone(request: HttpRequest) -> bool:
    user: Any = request.user
    return bool(user.has_perm("booking.block_time") or user.has_perm("booking.block_own_time"))


def may_block_everyone(request: HttpRequest) -> bool:
    user: Any = request.user
    return bool(user.has_perm("booking.block_time"))


def blockable(request: HttpRequest, practitioners: list[Practitioner]) -> list[Practitioner]:
    """Those of these practitioners whose time the user may block."""
    user: Any = request.user
    if may_block_everyone(request):
        return practitioners
    if user.has_perm("booking.block_own_time"):
        return [person for person in practitioners if person.user_id == user.pk]
    return []
