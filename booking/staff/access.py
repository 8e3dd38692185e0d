"""Who may open a desk page, and what every desk page shows in its frame."""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.db.models import F, Func, QuerySet, Subquery
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


def may_see_calendar(user: Any) -> bool:
    """Whether the calendar at /desk/ opens for this login, be it for everyone's visits or for their own."""
    if user.has_perm("booking.view_appointment"):
        return True
    return user.has_perm("booking.view_own_day") and Practitioner.objects.active().filter(user=user).exists()


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
    frame = {**desk_counts(request), "undo": take_undo(request)}
    return render(request, template, {**frame, **context}, status=status)


def desk_counts(request: HttpRequest) -> dict[str, Any]:
    """The clinic's name and the numbers on the bar's links, None for those that the user may not see. One query."""
    user: Any = request.user
    waiting = WaitlistEntry.objects.waiting()
    parked = Message.objects.filter(state=Message.State.PARKED)
    row = (
        get_user_model()
        .objects.filter(pk=user.pk)
        .values_list(Subquery(Clinic.objects.values("name")[:1]), _count(waiting), _count(parked))
    )
    name, waiting_count, parked_count = row.get()
    return {
        "clinic_name": name,
        "waiting_count": waiting_count if _may_see(user, "waitlistentry") else None,
        "parked_count": parked_count if _may_see(user, "message") else None,
    }


def _count(rows: QuerySet[Any]) -> Subquery:
    """The number of these rows. ``Func``, because an aggregate in a subquery would be grouped by the outer row."""
    return Subquery(rows.order_by().annotate(count=Func(F("pk"), function="COUNT")).values("count"))


def _may_see(user: Any, model: str) -> bool:
    return bool(user.has_perm(f"booking.view_{model}") or user.has_perm(f"booking.change_{model}"))
