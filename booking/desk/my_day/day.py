"""/desk/my-day/: a practitioner's own day, made for a phone; and its quiet mode."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_POST, require_safe

from booking import messages
from booking.desk.calendar.load import load_board, local_today
from booking.desk.calendar.params import CalendarParams
from booking.desk.my_day.rows import OwnDay, divide
from booking.intake.asked import form_states
from booking.models import (
    AccessLogEntry,
    Appointment,
    Channel,
    Location,
    Message,
    PatientNote,
    Status,
    Tag,
)
from booking.privacy.access_log import log_view
from booking.staff.access import desk_page, own_practitioner, staff_page
from booking.staff.quiet_names import is_quiet, set_quiet

DELAYS = (5, 10, 20)  # Minutes.


@require_safe
@staff_page(own="booking.view_own_day")
def my_day(request: HttpRequest) -> HttpResponse:
    """Today: the visit that is on, the rest of the day, and what is over."""
    person = own_practitioner(request)
    assert person is not None
    now = timezone.now()
    locations = list(Location.objects.all())
    today = local_today(locations, now)
    board = load_board(days=[today], day=today, practitioners=[person], locations=locations, now=now)
    zone = locations[0].zone if locations else timezone.get_current_timezone()
    own_day = divide(board.columns[0], board.shown, now=now, zone=zone)
    visits = [block.appointment for block in board.columns[0].blocks if block.appointment]
    notes = _notes(request, visits)
    context = {
        "section": "my_day",
        "params": CalendarParams(day=today),
        "person": person,
        "own_day": own_day,
        "now": now.astimezone(zone),
        "greeting": _greeting(now.astimezone(zone)),
        "late_by": board.columns[0].late_by,
        "delays": DELAYS,
        "is_quiet": is_quiet(request),
        "noted_visits": _noted(notes, visits),
        "form_states": form_states(visits),
        "idle_minutes": settings.STAFF_IDLE_OWN_DAY.total_seconds() // 60,
        **_card(own_day, notes),
        **how_to_tell(own_day),
    }
    log_view(request, AccessLogEntry.Kind.DAY, visits)
    return desk_page(request, "desk/my_day/day.html", context)


@require_POST
@staff_page(own="booking.view_own_day")
def quiet(request: HttpRequest) -> HttpResponse:
    """Show names in full, or as first name and initial, until the next log-in."""
    set_quiet(request, request.POST.get("quiet") == "on")
    return redirect("desk:my_day")


def _greeting(local: datetime) -> str:
    if local.hour < 12:
        return gettext("Good morning")
    return gettext("Good afternoon") if local.hour < 17 else gettext("Good evening")


def _notes(request: HttpRequest, visits: Collection[Appointment]) -> list[PatientNote]:
    """The notes of the desk, and the user's own, on these visits and their patients."""
    patients = {visit.patient_id for visit in visits if visit.patient_id}
    about = Q(appointment__in=visits) | Q(appointment__isnull=True, patient__in=patients)
    visible = Q(audience=PatientNote.Audience.DESK) | Q(audience=PatientNote.Audience.OWN, author=request.user)  # type: ignore[misc]
    return list(PatientNote.objects.filter(about, visible).order_by("audience", "pk"))


def _noted(notes: Collection[PatientNote], visits: Collection[Appointment]) -> set[int]:
    """The visits that have a note, or whose patient has one."""
    return {visit.pk for visit in visits if any(_is_about(note, visit) for note in notes)}


def _is_about(note: PatientNote, visit: Appointment) -> bool:
    return note.patient_id == visit.patient_id and note.appointment_id in {None, visit.pk}


def _card(own_day: OwnDay, notes: Collection[PatientNote]) -> dict[str, Any]:
    """What the card shows besides its visit."""
    visit = own_day.card.appointment if own_day.card else None
    if visit is None:
        return {"card_notes": [], "card_tags": [], "visit_count": ""}
    return {
        "card_notes": [note for note in notes if _is_about(note, visit)],
        "card_tags": list(Tag.objects.filter(patients=visit.patient_id, is_alert=True)),
        "visit_count": visit_count(visit),
    }


def visit_count(visit: Appointment) -> str:
    """ "visit 4 of 6" in the patient's series; else the patient's visits at this clinic so far: "visit 4 with us"."""
    visits = Appointment.objects.agreed().exclude(status__in=[Status.CANCELLED, Status.NOSHOW])
    visits = visits.filter(patient=visit.patient_id)
    visits = visits.filter(series=visit.series) if visit.series else visits
    so_far = Count("pk", filter=Q(starts_at__lte=visit.starts_at))
    counts = visits.order_by().aggregate(number=so_far, total=Count("pk"))
    if visit.series and counts["total"] > 1:
        return gettext("visit %(number)d of %(total)d") % counts
    return gettext("visit %(number)d with us") % counts if counts["number"] > 1 else ""


def how_to_tell(own_day: OwnDay) -> dict[str, Any]:
    """Whether and how the next patient can be told of a delay, and of which one they were told."""
    block = own_day.next_block
    visit = block.appointment if block else None
    if visit is None or visit.status != Status.BOOKED:
        return {"tell": None}
    told = Message.objects.filter(appointment=visit, kind=Message.Kind.RUNNING_LATE)
    told = told.exclude(state=Message.State.DROPPED).filter(content__sequence=visit.sequence)
    minutes = max((message.content["late_minutes"] for message in told), default=0)
    channel = messages.channel_of_delay(visit)
    return {"tell": visit if channel else None, "tell_by_text": channel == Channel.TEXT, "told_minutes": minutes}
