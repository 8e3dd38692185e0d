"""Appointments have no pages in the Django admin: their old addresses lead to the front desk, as mails name them."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_safe

from booking.admin.read_only import ReadOnlyAdmin
from booking.models import Appointment, Practitioner
from booking.text_cleaning import is_plain_digits

SEE = ("view_appointment", "change_appointment", "view_own_day")


@admin.register(Appointment)
class AppointmentAdmin(ReadOnlyAdmin):
    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("booking.add_appointment")

    def get_urls(self) -> list[URLPattern]:
        to_visit = self.admin_site.admin_view(visit_at_desk)
        return [
            path("", self.admin_site.admin_view(day_at_desk), name="booking_appointment_changelist"),
            path("add/", self.admin_site.admin_view(booking_at_desk), name="booking_appointment_add"),
            path("<int:pk>/change/", to_visit, name="booking_appointment_change"),
            path("<int:pk>/move/", to_visit, {"do": "move"}),
            path("<int:pk>/cancel/", to_visit, {"do": "cancel"}),
            *(path(f"<int:pk>/{step}/", to_visit) for step in ("arrived", "attended", "no-show", "undo", "history")),
        ]


@require_safe
def day_at_desk(request: HttpRequest) -> HttpResponse:
    """The day that ``?day=`` names, else today."""
    _check(request, *SEE)
    return _redirect({"day": request.GET.get("day", "")})


@require_safe
def booking_at_desk(request: HttpRequest) -> HttpResponse:
    """The booking panel, with the parameters of the page that it has replaced: patient, practitioner, on, at."""
    _check(request, "add_appointment")
    pk = request.GET.get("practitioner", "")
    person = Practitioner.objects.filter(pk=pk).first() if is_plain_digits(pk) and len(pk) < 19 else None
    names = {"on": "day", "at": "at", "patient": "patient"}
    query = {new: request.GET.get(old, "") for old, new in names.items()}
    return _redirect({"do": "book", **query, "with": person.slug if person else ""})


@require_safe
def visit_at_desk(request: HttpRequest, pk: int, do: str = "") -> HttpResponse:
    """An appointment's panel; of a hold, which has none, its day."""
    _check(request, *SEE)
    appointment = get_object_or_404(Appointment, pk=pk)
    query = {"day": appointment.local_on.isoformat()}
    return _redirect(query | ({"appointment": appointment.reference, "do": do} if appointment.patient_id else {}))


def _check(request: HttpRequest, *permissions: str) -> None:
    user: Any = request.user
    if not any(user.has_perm(f"booking.{name}") for name in permissions):
        raise PermissionDenied


def _redirect(query: dict[str, str]) -> HttpResponse:
    words = urlencode({name: value for name, value in query.items() if value})
    return redirect(f"{reverse('desk:day')}?{words}" if words else "desk:day")
