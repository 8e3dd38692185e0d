"""Schedule conflicts for display: by day, in the confirmation before an edit, and in the message after it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from booking.availability import Reason
from booking.models import AccessLogEntry, Appointment, Practitioner
from booking.privacy.access_log import log_view
from booking.scheduling import Restriction, ScheduleConflict, find_conflicts
from booking.staff.formats import colour_mark, day, phone_link, span
from booking.text_cleaning import is_plain_digits

CONFIRMED_FIELD = "stranded_seen"  # Form field: ids of the appointments in the confirmation.


def was_confirmed(request: HttpRequest, conflicts: list[ScheduleConflict]) -> bool:
    """Whether the user has confirmed all of these conflicts."""
    confirmed_pks = request.POST.get(CONFIRMED_FIELD, "").split(",")
    return {str(conflict.appointment.pk) for conflict in conflicts} <= {
        pk for pk in confirmed_pks if is_plain_digits(pk)
    }


def confirmation_context(request: HttpRequest, conflicts: list[ScheduleConflict]) -> dict[str, Any]:
    """Context to list the conflicts and ask for confirmation."""
    may_see_visits = can_view_appointments(request.user)
    if may_see_visits:
        log_view(request, AccessLogEntry.Kind.LIST, [conflict.appointment for conflict in conflicts])
    return {
        "stranded_days": conflicts_by_day(conflicts),
        "stranded_count": len(conflicts),
        "stranded_seen": ",".join(str(conflict.appointment.pk) for conflict in conflicts),
        "seen_name": CONFIRMED_FIELD,
        "may_see_visits": may_see_visits,
    }


def report_conflicts(request: HttpRequest, conflicts: list[ScheduleConflict]) -> None:
    """After saving, add a message with the number of conflicts and a link to their list."""
    if not conflicts:
        return
    subject = "1 appointment is" if len(conflicts) == 1 else f"{len(conflicts)} appointments are"
    if can_view_appointments(request.user):
        link = reverse("desk:conflicts")
        messages.warning(
            request,
            format_html(
                '{} now outside hours. <a href="{}">Review {}</a>',
                subject,
                link,
                "it" if len(conflicts) == 1 else "them",
            ),
        )
    else:
        messages.warning(request, f"{subject} now outside hours. Tell the front desk.")


_REASONS = {
    Reason.CLOSURE: "The location is closed",
    Reason.OVERRIDE: "Other hours on this date",
    Reason.CLOSED: "Outside working hours",
    Reason.TIME_OFF: "Time off",
    Reason.OWN_CALENDAR: "Busy in their own calendar",
    Reason.BREAK: "A break",
    Reason.ROOM: "No room that can be used",
    Restriction.SERVICE_INACTIVE: "Service withdrawn",
    Restriction.PRACTITIONER_INACTIVE: "No longer sees patients",
    Restriction.NOT_OFFERED: "Does not offer this service",
    Restriction.NOT_AUTHORISED: "Not authorized for needling",
}


@dataclass(frozen=True)
class ConflictRow:
    """One appointment; ``why`` is empty if it is not in conflict, but its patient was asked to move."""

    appointment: Appointment
    why: str = ""

    @property
    def span(self) -> str:
        return span(self.appointment)

    @property
    def phone(self) -> SafeString | str:
        return phone_link(self.appointment.patient and self.appointment.patient.phone)


def _row(conflict: ScheduleConflict) -> ConflictRow:
    why, booked_so = _REASONS[conflict.reason], conflict.appointment.exception_reason
    return ConflictRow(conflict.appointment, f"{why}. Booked outside hours: {booked_so}" if booked_so else why)


@dataclass(frozen=True)
class ConflictDay:
    """The conflicts of one practitioner on one local day."""

    on: date
    practitioner: Practitioner
    rows: list[ConflictRow]

    @property
    def heading(self) -> str:
        return day(self.on)

    @property
    def mark(self) -> SafeString:
        return colour_mark(self.practitioner.colour)


def day_url(practitioner: Practitioner, on: date) -> str:
    """URL of the desk's calendar with the visits of a practitioner's whole day, to be moved or cancelled."""
    query = {"day": on.isoformat(), "with": practitioner.slug, "do": "visits"}
    return f"{reverse('desk:day')}?{urlencode(query)}"


def can_view_appointments(user: Any) -> bool:
    return user.has_perm("booking.view_appointment") or user.has_perm("booking.change_appointment")


def conflicts_by_day(conflicts: Iterable[ScheduleConflict]) -> list[ConflictDay]:
    return group_by_day(_row(conflict) for conflict in conflicts)


def group_by_day(rows: Iterable[ConflictRow]) -> list[ConflictDay]:
    """Group rows by local day and practitioner, in order."""
    days: dict[tuple[date, int], ConflictDay] = {}
    for row in rows:
        appointment = row.appointment
        key = (appointment.local_on, appointment.practitioner_id)
        days.setdefault(key, ConflictDay(appointment.local_on, appointment.practitioner, [])).rows.append(row)
    return sorted(days.values(), key=lambda group: (group.on, group.practitioner.position, group.practitioner.name))


def open_conflicts() -> list[ConflictRow]:
    """Upcoming appointments that conflict with the schedule, or whose patient was asked to move and has not."""
    now = timezone.now()
    rows = {conflict.appointment.pk: _row(conflict) for conflict in find_conflicts(now=now)}
    requested = Appointment.objects.upcoming(now=now).filter(asked_to_move_at__isnull=False)
    for appointment in requested.select_related("patient", "practitioner", "service", "location", "room"):
        rows.setdefault(appointment.pk, ConflictRow(appointment))
    return sorted(rows.values(), key=lambda row: (row.appointment.starts_at, row.appointment.pk))
