"""Who may open a desk page, and what every desk page shows in its frame."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import wraps
from typing import Any, TypeVar, cast

from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, F, Func, OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone

from booking.models import (
    AGREED,
    Appointment,
    AppointmentQuerySet,
    Clinic,
    Message,
    Patient,
    PatientNote,
    Practitioner,
    Status,
    WaitlistEntry,
)
from booking.staff.undo import take_undo

View = Callable[..., HttpResponse]
AnyView = TypeVar("AnyView", bound=Callable[..., HttpResponseBase])  # Also a view that streams a file.

OWN_PATIENT_FOR = timedelta(days=2 * 365)  # After the last visit.
OPENED_FOR = timedelta(hours=1)  # A record that was opened with a reason.
_OPENED = "opened_patients"  # Session key: primary key -> until when, and why.


def staff_page(*permissions: str, own: str = "") -> Callable[[AnyView], AnyView]:
    """Refuse (403) users who have none of these permissions.

    ``own``: a permission with which practitioners may open the page for their own visits only. Such a view limits what
    it loads by ``own_practitioner`` and ``visible_visits``.

    The login itself, its second step and the time zone are ``clinic.accounts.staff_area``'s.
    """

    def decorate(view: AnyView) -> AnyView:
        @wraps(view)
        def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            user: Any = request.user
            if not any(user.has_perm(permission) for permission in permissions):
                practitioner = Practitioner.objects.active().filter(user=user).first() if own else None
                if practitioner is None or not user.has_perm(own):
                    raise PermissionDenied
                request.own_practitioner = practitioner  # type: ignore[attr-defined]
            return view(request, *args, **kwargs)

        return cast(AnyView, checked)

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


def own_patients(practitioner: Practitioner) -> QuerySet[Patient]:
    """The patients with a visit with this practitioner within two years, or ahead."""
    visits = Appointment.objects.filter(
        patient=OuterRef("pk"),
        practitioner=practitioner,
        status__in=set(AGREED) - {Status.CANCELLED},
        starts_at__gte=timezone.now() - OWN_PATIENT_FOR,
    )
    return Patient.objects.current().filter(Exists(visits))


def visible_patients(request: HttpRequest) -> QuerySet[Patient]:
    """The patients whom this request may list."""
    if _sees_every_patient(request):
        return Patient.objects.current()
    practitioner = own_practitioner(request)
    return own_patients(practitioner) if practitioner else Patient.objects.none()


def treats_patient(request: HttpRequest, patient: Patient) -> bool:
    """False if the request is limited to a practitioner's own patients, and this is none of them."""
    practitioner = own_practitioner(request)
    return practitioner is None or own_patients(practitioner).filter(pk=patient.pk).exists()


def may_open_patient(request: HttpRequest, patient: Patient) -> bool:
    """Whether this request may show the patient's record.

    Practitioners open those of their own patients, and for an hour the one that they gave a reason for.
    """
    if _sees_every_patient(request):
        return True
    if own_practitioner(request) is None:
        return False
    return treats_patient(request, patient) or bool(opening_reason(request, patient))


def open_with_reason(request: HttpRequest, patient: Patient, reason: str) -> None:
    """Let this session open the patient's record for an hour. Every view of it is logged with the reason."""
    until = timezone.now() + OPENED_FOR
    opened = request.session.get(_OPENED, {})
    request.session[_OPENED] = opened | {str(patient.pk): {"until": until.isoformat(), "reason": reason}}


def opening_reason(request: HttpRequest, patient: Patient) -> str:
    """Why this session may open the record of another's patient; "" if it may not."""
    opened = request.session.get(_OPENED, {}).get(str(patient.pk))
    if opened is None or datetime.fromisoformat(opened["until"]) <= timezone.now():
        return ""
    return str(opened["reason"])


def visible_notes(request: HttpRequest) -> QuerySet[PatientNote]:
    """The notes that this request may show, of the patients that it may show: the desk's, and one's own."""
    user: Any = request.user
    if not may_read_notes(request):
        return PatientNote.objects.none()
    if user.has_perm("booking.view_every_note"):
        return PatientNote.objects.all()
    return PatientNote.objects.filter(Q(audience=PatientNote.Audience.DESK) | Q(author=user))


def may_read_notes(request: HttpRequest) -> bool:
    return own_practitioner(request) is not None or _may_see(request.user, "patientnote")


def may_write_notes(request: HttpRequest) -> bool:
    user: Any = request.user
    is_own = own_practitioner(request) is not None and user.has_perm("booking.keep_own_day")
    return is_own or user.has_perm("booking.change_patientnote")


def may_tag_patients(request: HttpRequest) -> bool:
    user: Any = request.user
    is_own = own_practitioner(request) is not None and user.has_perm("booking.keep_own_day")
    return is_own or user.has_perm("booking.change_patient")


def _sees_every_patient(request: HttpRequest) -> bool:
    return _may_see(request.user, "patient")


def desk_page(request: HttpRequest, template: str, context: Mapping[str, Any], *, status: int = 200) -> HttpResponse:
    """Render a page in the desk's frame, with the numbers on its links."""
    user: Any = request.user
    counts = desk_counts(request)
    sees_visits = user.has_perm("booking.view_appointment")
    only_here = counts["has_own_day"] or user.has_perm("booking.view_accesslogentry")  # Without a page in the office.
    frame = {
        **counts,
        "undo": take_undo(request),
        "is_own_desk": own_practitioner(request) is not None,
        "may_see_calendar": counts["has_own_day"] or sees_visits,
        "has_office": not only_here or sees_visits or user.has_perm("content.view_page"),
    }
    return render(request, template, {**frame, **context}, status=status)


def desk_counts(request: HttpRequest) -> dict[str, Any]:
    """The clinic's name, whether the user has a day of their own, and the numbers on the bar's links. One query.

    The numbers are None for those that the user may not see.
    """
    user: Any = request.user
    waiting = WaitlistEntry.objects.waiting()
    parked = Message.objects.filter(state=Message.State.PARKED)
    practitioners = Practitioner.objects.active().filter(user=OuterRef("pk"))
    row = (
        get_user_model()
        .objects.filter(pk=user.pk)
        .values_list(
            Subquery(Clinic.objects.values("name")[:1]), Exists(practitioners), _count(waiting), _count(parked)
        )
    )
    name, is_practitioner, waiting_count, parked_count = row.get()
    return {
        "clinic_name": name,
        "has_own_day": is_practitioner and user.has_perm("booking.view_own_day"),
        "waiting_count": waiting_count if _may_see(user, "waitlistentry") else None,
        "parked_count": parked_count if _may_see(user, "message") else None,
    }


def _count(rows: QuerySet[Any]) -> Subquery:
    """The number of these rows. ``Func``, because an aggregate in a subquery would be grouped by the outer row."""
    return Subquery(rows.order_by().annotate(count=Func(F("pk"), function="COUNT")).values("count"))


def _may_see(user: Any, model: str) -> bool:
    return bool(user.has_perm(f"booking.view_{model}") or user.has_perm(f"booking.change_{model}"))
