"""Notes on the admin's start page: today's visits, schedule conflicts, waitlist, parked messages."""

from collections import Counter
from datetime import datetime
from typing import Any

from django.db.models import Count, Q
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from booking import messages, scheduling
from booking.formatting import all_of, weekday
from booking.models import (
    AGREED,
    AccessLogEntry,
    Appointment,
    ClockReading,
    ExternalCalendar,
    Message,
    Service,
    Status,
    WaitlistEntry,
    WaitlistOffer,
)
from booking.privacy.access_log import log_view
from booking.site_identity import site_problem
from booking.staff.conflict_list import open_conflicts
from booking.staff.formats import format_instant, span
from booking.staff.notes import Note, counted
from booking.staff.page_drafts import sent_drafts


def dashboard_notes(request: HttpRequest) -> list[Note]:
    """The notes that this user may see."""
    user: Any = request.user
    notes = []
    if user.has_perm("booking.change_service"):
        notes += _lost_capacity()
    if user.has_perm("booking.change_practitioner"):
        notes += _page_drafts()
    if user.has_perm("booking.view_appointment") or user.has_perm("booking.change_appointment"):
        notes.append(_today(request))
        notes += [*_conflicts(), *_unread_calendars(user)]
    if user.has_perm("booking.view_waitlistentry") or user.has_perm("booking.change_waitlistentry"):
        notes += _waitlist()
    if user.has_perm("booking.view_message") or user.has_perm("booking.change_message"):
        notes += [*_copied_site(), *_wrong_clocks(), *_parked(), *_delayed(timezone.now())]
    return notes


def _lost_capacity() -> list[Note]:
    """Each service whose settings cost somebody more than one visit a day (R5)."""
    services = list(Service.objects.filter(is_active=True))
    capacities = scheduling.day_capacities(services, today=timezone.localdate())
    notes = []
    for service in services:
        worst = max(capacities[service.pk], key=lambda capacity: capacity.lost, default=None)
        if worst is not None and worst.lost > 1:
            notes.append(
                Note(
                    "straw",
                    f"{counted(worst.lost, 'visit')} a day lost: {service}",
                    f"{worst.practitioner}'s {weekday(worst.day)} holds {worst.visits}, and {worst.most} could fit. "
                    "Offer its times closer together.",
                    reverse("admin:booking_service_change", args=[service.pk]),
                    "See its times",
                )
            )
    return notes


def _page_drafts() -> list[Note]:
    """Drafts that practitioners wrote of their part of the team page. The link opens the oldest."""
    drafts = sent_drafts()
    if not drafts:
        return []
    heading = counted(len(drafts), gettext("draft of a team page"), gettext("drafts of team pages"))
    names = all_of(draft.practitioner.name for draft in drafts)
    url = reverse("admin:booking_practitioner_draft", args=[drafts[0].practitioner_id])
    return [Note("sky", heading, gettext("By %(names)s.") % {"names": names}, url, gettext("Compare and publish"))]


def _today(request: HttpRequest) -> Note:
    """Today in the current time zone, which in the admin is the clinic's."""
    now = timezone.now()
    visits = list(
        Appointment.objects.filter(local_on=timezone.localdate(), status__in=AGREED)
        .exclude(status=Status.CANCELLED)
        .select_related("patient", "location", "practitioner")
        .order_by("starts_at", "pk")
    )
    states = Counter(visit.status for visit in visits)
    parts = [f"{states[status]} {str(status.label).lower()}" for status in AGREED if states[status]]
    next_visit = next((visit for visit in visits if visit.status == Status.BOOKED and visit.starts_at >= now), None)
    text = ", ".join(parts).capitalize() + "." if parts else gettext("No one is booked today.")
    if next_visit:
        log_view(request, AccessLogEntry.Kind.DAY, [next_visit])
        text += f" Next: {next_visit.patient}, {span(next_visit)}, with {next_visit.practitioner}."
    return Note(
        "sky",
        counted(len(visits), "visit") + " today",
        text,
        reverse("desk:day"),
        "Open the calendar",
    )


def _conflicts() -> list[Note]:
    count = len(open_conflicts())
    if not count:
        return []
    return [
        Note(
            "straw",
            counted(count, "appointment") + " outside hours",
            gettext(
                "The schedule changed, the patient was asked to move, or they were booked outside "
                "hours. They stay until someone deals with them."
            ),
            reverse("desk:conflicts"),
            gettext("Review them"),
        )
    ]


def _unread_calendars(user: Any) -> list[Note]:
    """Own calendars that have not been read for an hour."""
    unread = ExternalCalendar.objects.unread(now=timezone.now())
    names = list(dict.fromkeys(unread.values_list("practitioner__name", flat=True)))
    if not names:
        return []
    text = gettext("Of %(names)s. What was read last stays blocked, and nothing new.") % {"names": all_of(names)}
    address = "desk:own_calendars" if user.has_perm("booking.change_externalcalendar") else "desk:day"
    heading = counted(len(names), gettext("person's own calendar"), gettext("people's own calendars"))
    return [
        Note(
            "straw",
            gettext("%(calendars)s can't be read") % {"calendars": heading},
            text,
            reverse(address),
            gettext("See why"),
        )
    ]


def _waitlist() -> list[Note]:
    waiting = Count("pk", filter=Q(ended_at__isnull=True), distinct=True)
    offered = Count("offers", filter=Q(offers__state=WaitlistOffer.State.OPEN))
    counts = WaitlistEntry.objects.aggregate(waiting=waiting, offered=offered)
    if not counts["waiting"]:
        return []
    return [
        Note(
            "sky",
            f"{counted(counts['waiting'], 'person', 'people')} on the waitlist",
            f"{counts['offered'] or 'None'} offered a time right now."
            " Times that open up are offered automatically, in the order people joined.",
            reverse("desk:waitlist"),
            gettext("See who's waiting"),
        )
    ]


def _wrong_clocks() -> list[Note]:
    """The worker sends nothing while its machine's clock is wrong."""
    return [
        Note(
            "rose",
            gettext("A clock is wrong"),
            f"{reading.problem} Ask the person who runs the site to set the clock, and call patients with a visit "
            "soon.",
            reverse("admin:booking_message_changelist") + "?state__exact=waiting",
            "Open the outbox",
        )
        for reading in ClockReading.objects.filter(off_by__isnull=False).order_by("machine")
    ]


def _copied_site() -> list[Note]:
    """The worker sends nothing from a copy of the database."""
    problem = site_problem()
    if not problem:
        return []
    return [
        Note(
            "rose",
            gettext("Nothing is sent from here"),
            f"{problem} Bookings work, and their messages wait. Ask the person who runs the site to take this place "
            "over (manage.py take_over), or to stop it if the clinic's site is elsewhere.",
            reverse("admin:booking_message_changelist") + "?state__exact=waiting",
            "Open the outbox",
        )
    ]


def _parked() -> list[Note]:
    count = Message.objects.filter(state=Message.State.PARKED).count()
    if not count:
        return []
    return [
        Note(
            "rose",
            f"{counted(count, 'message')} could not be sent",
            gettext("Each one says why. Fix the cause, then choose Send again."),
            reverse("admin:booking_message_changelist") + "?state__exact=parked",
            "Open the outbox",
        )
    ]


def _delayed(now: datetime) -> list[Note]:
    """Messages that should have left and were not given up: the mail server or the worker may be down."""
    count, oldest = messages.delayed_messages(now=now)
    if oldest is None:
        return []
    return [
        Note(
            "rose",
            f"{counted(count, 'message')} waiting longer than usual",
            f"The oldest should have left on {format_instant(oldest)}. We keep trying. Ask the person "
            "who runs the site whether the worker and the mail server work. Call patients with a visit soon.",
            reverse("admin:booking_message_changelist") + "?state__exact=waiting",
            "Open the outbox",
        )
    ]
