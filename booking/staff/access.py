"""Who may open a desk page, and what every desk page shows in its frame."""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from booking.models import Appointment, AppointmentQuerySet, Clinic, Message, Practitioner, WaitlistEntry
from booking.staff.undo import take_undo

View = Callable[..., HttpResponse]


def staff_page(*permissions: str, own: str = "") -> Callable[[View], View]:
    """Refuse (403) users who have none of these permissions.

    ``own``: a permission with which practitioners may open the page for their own visits only. Such a view limits what
    it loads by ``own_practitioner`` and ``visible_visits``.

    The login itself, its second step and the time zone are ``clinic.accounts.staff_area``'s.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            user: Any = request.user
            if not any(user.has_perm(permission) for permission in permissions):
                practitioner = Practitioner.objects.active().filter(user=user).first() if own else None
                if practitioner is None or not user.has_perm(own):
                    raise PermissionDenied
                request.own_practitioner = practitioner  # type: ignore[attr-defined]
            return view(request, *args, **kwargs)

        return checked

    return decorate


def shows_no_times(view: View) -> View:
    """Mark a view that shows no times, so that the clinic's time zone is not queried for it."""
    view.shows_no_times = True  # type: ignore[attr-defined]
    return view


def own_practitioner(request: HttpRequest) -> Practitioner | None:
    """The practitioner to whose visits this request is limited; None if it is not limited."""
    practitioner: Practitioner | None = getattr(request, "own_practitioner", None)
    return practitioner


def visible_visits(request: HttpRequest) -> AppointmentQuerySet:
    """The appointments and holds that this request may show or change."""
    practitioner = own_practitioner(request)
    return Appointment.objects.filter(practitioner=practitioner) if practitioner else Appointment.objects.all()


def desk_page(request: HttpRequest, template: str, context: Mapping[str, Any], *, status: int = 200) -> HttpResponse:
    """Render a page in the desk's frame, with the numbers on its links."""
    user: Any = request.user
    frame = {
        "clinic_name": Clinic.objects.values_list("name", flat=True).first(),
        "waiting_count": WaitlistEntry.objects.waiting().count() if _may_see(user, "waitlistentry") else None,
        "parked_count": (
            Message.objects.filter(state=Message.State.PARKED).count() if _may_see(user, "message") else None
        ),
        "undo": take_undo(request),
    }
    return render(request, template, {**frame, **context}, status=status)


def _may_see(user: Any, model: str) -> bool:
    return bool(user.has_perm(f"booking.view_{model}") or user.has_perm(f"booking.change_{model}"))
