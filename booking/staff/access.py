"""Who may open a desk page, and what every desk page shows in its frame."""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from booking.models import Clinic, Message, WaitlistEntry

View = Callable[..., HttpResponse]


def staff_page(*permissions: str) -> Callable[[View], View]:
    """Refuse (403) users who have none of these permissions.

    The login itself, its second step and the time zone are ``clinic.accounts.staff_area``'s.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not any(request.user.has_perm(permission) for permission in permissions):  # type: ignore[union-attr]
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return checked

    return decorate


def desk_page(request: HttpRequest, template: str, context: Mapping[str, Any], *, status: int = 200) -> HttpResponse:
    """Render a page in the desk's frame, with the numbers on its links."""
    user: Any = request.user
    frame = {
        "clinic_name": Clinic.objects.values_list("name", flat=True).first(),
        "waiting_count": WaitlistEntry.objects.waiting().count() if _may_see(user, "waitlistentry") else None,
        "parked_count": (
            Message.objects.filter(state=Message.State.PARKED).count() if _may_see(user, "message") else None
        ),
    }
    return render(request, template, {**frame, **context}, status=status)


def _may_see(user: Any, model: str) -> bool:
    return bool(user.has_perm(f"booking.view_{model}") or user.has_perm(f"booking.change_{model}"))
