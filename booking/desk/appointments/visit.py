"""The panel of one visit: who, when, the four marks, contact details, and the patient's other visits."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q, Subquery
from django.utils.translation import gettext

from booking import scheduling
from booking.desk.appointments.find import find_visit, may_keep
from booking.desk.appointments.health_form import may_read
from booking.desk.appointments.record import history_rows, load_events, message_rows
from booking.desk.appointments.sources import others_from_source
from booking.desk.calendar.page import CalendarPage, Panel
from booking.desk.notes.load import load_notes
from booking.intake.asked import form_states
from booking.models import Appointment, AppointmentEvent, Status
from booking.staff.formats import format_instant

LATE_CHOICES = (5, 10, 15, 20, 30)
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class StatusChoice:
    """One button of the switch; ``why_not`` says why it cannot be pressed."""

    status: Status
    label: str
    is_current: bool
    why_not: str


@dataclass(frozen=True)
class SeriesPlace:
    """Visit 4 of 6; ``later`` visits of the series are still booked after it."""

    number: int
    count: int
    later: int


def visit_panel(page: CalendarPage, visit: Appointment | None = None) -> Panel | None:
    """The panel of this visit, else of the one that the address names; None if there is none."""
    visit = visit or find_visit(page.request, page.params.appointment)
    if visit is None or visit.patient is None:
        return None
    previous, following = _before_and_after(visit)
    events = load_events(visit)
    may_change = page.may("change_appointment")
    is_coming = visit.status in {Status.BOOKED, Status.ARRIVED}
    born = visit.patient.date_of_birth
    form_state = form_states([visit], today=page.today).get(visit.pk)
    context: dict[str, Any] = {
        "visit": visit,
        "notes": load_notes(page.request, visit.patient, visit=visit) if visit.patient else None,
        "choices": status_choices(visit, page.now),
        "age": visit.patient.age_on(page.today) if born and born <= page.today else None,
        "here_since": _here_since(visit, events),
        "asked_to_move": format_instant(visit.asked_to_move_at, visit) if visit.asked_to_move_at else "",
        "same_time": list(Appointment.objects.at_same_time(visit).select_related("practitioner", "location")),
        "series_place": series_place(visit),
        "late_minutes": visit.late_by // _MINUTE if visit.late_by else None,
        "late_choices": LATE_CHOICES,
        "may_mark": may_keep(page, visit),
        "can_be_late": visit.status == Status.BOOKED and visit.local_on == page.today and visit.ends_at > page.now,
        "may_move": may_change and is_coming,
        "may_rebook": may_keep(page, visit, "add_appointment") and visit.status != Status.UNCONFIRMED,
        "may_restore": may_change and visit.status == Status.CANCELLED and visit.local_on >= page.today,
        "may_resend": page.may("change_message"),
        "message_rows": message_rows(visit, now=page.now),
        "history_rows": history_rows(visit, events),
        "form_state": form_state,
        "may_read_form": form_state is not None and form_state.is_begun and may_read(page.request, visit),
        "booked_online": visit.submission_key is not None,
        "same_source_count": others_from_source(visit, now=page.now).count() if _may_see_source(page, visit) else 0,
        "previous_visit": previous,
        "next_visit": following,
    }
    return Panel("desk/appointments/_visit.html", context, [visit])


def _before_and_after(visit: Appointment) -> tuple[Appointment | None, Appointment | None]:
    """The patient's last visit before this one and the first after it. One query."""
    others = Appointment.objects.agreed().exclude(pk=visit.pk).exclude(status=Status.CANCELLED)
    others = others.filter(patient=visit.patient_id)
    before = others.filter(starts_at__lt=visit.starts_at).order_by("-starts_at", "pk").values("pk")[:1]
    after = others.filter(starts_at__gt=visit.starts_at).order_by("starts_at", "pk").values("pk")[:1]
    rows = Appointment.objects.filter(Q(pk=Subquery(before)) | Q(pk=Subquery(after)))
    found = rows.select_related("practitioner", "service", "location")
    return (
        next((row for row in found if row.starts_at < visit.starts_at), None),
        next((row for row in found if row.starts_at > visit.starts_at), None),
    )


def status_choices(visit: Appointment, now: datetime) -> list[StatusChoice]:
    """The four marks of the desk; empty for a visit that has none, such as a cancelled one."""
    labels = {
        Status.BOOKED: gettext("Booked"),
        Status.ARRIVED: gettext("Here"),
        Status.FULFILLED: gettext("Done"),
        Status.NOSHOW: gettext("No-show"),
    }
    if visit.status not in labels:
        return []
    return [
        StatusChoice(
            status,
            label,
            is_current=visit.status == status,
            why_not="" if visit.status == status else scheduling.why_not_mark(visit, status, now=now),
        )
        for status, label in labels.items()
    ]


def series_place(visit: Appointment) -> SeriesPlace | None:
    """Where the visit stands in its patient's series, without the cancelled ones; None if it belongs to none."""
    if visit.series is None:
        return None
    rows = Appointment.objects.filter(series=visit.series, patient=visit.patient_id).exclude(status=Status.CANCELLED)
    rows_in_order = list(rows.order_by("starts_at", "pk").values_list("pk", "starts_at", "status"))
    ids = [pk for pk, _start, _status in rows_in_order]
    if visit.pk not in ids:
        return None
    later = sum(start > visit.starts_at and status == Status.BOOKED for _pk, start, status in rows_in_order)
    return SeriesPlace(ids.index(visit.pk) + 1, len(ids), later)


def _may_see_source(page: CalendarPage, visit: Appointment) -> bool:
    return bool(visit.source) and page.may("view_appointment")


def _here_since(visit: Appointment, events: list[AppointmentEvent]) -> datetime | None:
    arrivals = [event.at for event in events if event.kind == AppointmentEvent.Kind.ARRIVED]
    return arrivals[-1].astimezone(visit.location.zone) if arrivals and visit.status == Status.ARRIVED else None
