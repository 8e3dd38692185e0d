"""Appointments outside hours: what no rule would offer any more, for staff to see to, one by one or by the day."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString

from booking.admin.words import colour_mark, day, moment, phone_link, span
from booking.availability import Reason
from booking.models import Appointment, Practitioner
from booking.scheduling import Stranded, Withheld, stranded

_WHY = {
    Reason.CLOSURE: "The location is closed",
    Reason.OVERRIDE: "Other hours on this date",
    Reason.CLOSED: "Outside working hours",
    Reason.TIME_OFF: "Time off",
    Reason.BREAK: "A break",
    Reason.ROOM: "No room that can be used",
    Withheld.SERVICE_INACTIVE: "Service withdrawn",
    Withheld.PRACTITIONER_INACTIVE: "No longer sees patients",
    Withheld.NOT_OFFERED: "Does not offer this service",
    Withheld.NOT_AUTHORISED: "Not authorised for needling",
}


@dataclass(frozen=True)
class Row:
    """One appointment as these lists show it; ``why`` is empty where nothing is against it."""

    appointment: Appointment
    why: str = ""

    @property
    def span(self) -> str:
        return span(self.appointment)

    @property
    def phone(self) -> SafeString | str:
        return phone_link(self.appointment.patient and self.appointment.patient.phone)

    @property
    def asked_at(self) -> str:
        with timezone.override(self.appointment.location.zone):
            return moment(self.appointment.asked_to_move_at)


@dataclass(frozen=True)
class Day:
    """A practitioner's rows of one local day."""

    on: date
    practitioner: Practitioner
    rows: list[Row]

    @property
    def heading(self) -> str:
        return day(self.on)

    @property
    def mark(self) -> SafeString:
        return colour_mark(self.practitioner.colour)

    @property
    def address(self) -> str:
        return day_address(self.practitioner, self.on)


def day_address(practitioner: Practitioner, on: date) -> str:
    """Where a practitioner's whole day is moved or cancelled."""
    return reverse("admin:booking_appointment_day", args=[practitioner.pk, on.isoformat()])


def may_see_visits(user: Any) -> bool:
    return user.has_perm("booking.view_appointment") or user.has_perm("booking.change_appointment")


def by_day(found: Iterable[Stranded]) -> list[Day]:
    return in_days(Row(one.appointment, _WHY[one.reason]) for one in found)


def in_days(rows: Iterable[Row]) -> list[Day]:
    """Rows grouped by local day and practitioner, days in order."""
    days: dict[tuple[date, int], Day] = {}
    for row in rows:
        visit = row.appointment
        key = (visit.local_on, visit.practitioner_id)
        days.setdefault(key, Day(visit.local_on, visit.practitioner, [])).rows.append(row)
    return sorted(days.values(), key=lambda one: (one.on, one.practitioner.position, one.practitioner.name))


def to_see_to() -> list[Row]:
    """Every upcoming appointment that falls outside, or whose patient has been asked to move and has not yet."""
    now = timezone.now()
    rows = {one.appointment.pk: Row(one.appointment, _WHY[one.reason]) for one in stranded(now=now)}
    asked = Appointment.objects.upcoming(now=now).filter(asked_to_move_at__isnull=False)
    for visit in asked.select_related("patient", "practitioner", "service", "location", "room"):
        rows.setdefault(visit.pk, Row(visit))
    return sorted(rows.values(), key=lambda row: (row.appointment.starts_at, row.appointment.pk))


def page(office: Any, request: HttpRequest) -> HttpResponse:
    """The list, by day and practitioner."""
    if not may_see_visits(request.user):
        raise PermissionDenied
    rows = to_see_to()
    context = {
        **admin_context(office, request),
        "title": "Appointments outside hours",
        "days": in_days(rows),
        "count": len(rows),
        "may_keep_diary": office.has_keep_diary_permission(request),
    }
    return TemplateResponse(request, "admin/booking/outside/list.html", context)


def admin_context(office: admin.ModelAdmin, request: HttpRequest) -> dict[str, Any]:
    """What every page of the office needs. Lists of visits take the whole width."""
    shared = office.admin_site.each_context(request)
    return {**shared, "opts": office.opts, "media": office.media, "subtitle": None, "is_nav_sidebar_enabled": False}
